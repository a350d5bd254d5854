"""Samples are the same whoever makes them."""

import os
import signal
import subprocess
import sys
import time
from itertools import islice

import numpy as np
import pytest
import torch

from cephalign.errors import CephalignError, InputError
from cephalign.train.feed import Feed, Recipe, make_samples


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_two_workers_make_what_would_be_made_here(tiny):
    recipe = Recipe.of(tiny(spread=2), None)
    made = []
    for workers in (0, 2):
        with Feed(recipe, workers) as feed:
            made.append([*feed.training(range(2, 7)), *feed.validation])
    assert len(made[0]) == 5 + 2
    assert all(same(one, other) for one, other in zip(*made, strict=True))


def test_one_worker_says_what_is_wrong_and_is_missed(tiny):
    recipe = Recipe.of(tiny({"fails_at": 6}), None)
    with Feed(recipe, 1) as feed:
        batches = feed.training(range(4))
        for one, other in zip(Feed(recipe, 0).training(range(3)), batches, strict=False):
            assert same(one, other)
        with pytest.raises(InputError, match="head 6 cannot be drawn; expected another"):
            list(batches)
        batches = feed.training(range(4, 10**6))
        next(batches)
        (worker,) = feed._pool._processes
        os.kill(worker, signal.SIGKILL)
        with pytest.raises(CephalignError, match="was killed; if memory ran out, take fewer --workers"):
            list(islice(batches, 100))


def test_a_batch_is_that_of_its_heads(tiny):
    recipe = Recipe.of(tiny(heads_per_batch=3), None)
    first, second = Feed(recipe, 0).training(range(1, 3))
    made = [make_samples(recipe, "training", number)["cube"] for number in range(3, 9)]
    assert {len(one) for one in made} == {2, 3}  # heads differ in how many samples they give
    assert np.array_equal(first["cube"], np.concatenate(made[:3]))
    assert np.array_equal(second["cube"], np.concatenate(made[3:]))


def test_samples_are_spread(tiny):
    """Each batch shows many heads, each sample comes once, and a later leg sees what a longer one would."""
    recipe = Recipe.of(tiny(heads_per_batch=2, spread=3), None)
    batches = [batch["slopes"].numpy() for batch in Feed(recipe, 0).training(range(5))]
    heads = [make_samples(recipe, "training", number)["slopes"] for number in range(14)]
    for step, batch in enumerate(batches):
        shown = [
            number for number, head in enumerate(heads) if (head[:, None] == batch[None]).all(axis=2).any()
        ]
        assert set(shown) <= set(range(2 * step, 2 * step + 6))
        assert {2 * step + 4, 2 * step + 5} <= set(shown)
    everything = np.concatenate(batches)
    for head in heads[4:10]:  # those that entered and left
        assert all((sample == everything).all(axis=1).sum() == 1 for sample in head)
    again = [batch["slopes"].numpy() for batch in Feed(recipe, 0).training(range(3, 5))]
    assert all(np.array_equal(one, other) for one, other in zip(again, batches[3:], strict=True))


def test_no_head_is_drawn_twice(tiny):
    recipe, other = Recipe.of(tiny(), None), Recipe.of(tiny(seed=4), None)
    made = [
        make_samples(one, purpose, number)["slopes"][0, 0]
        for one in (recipe, other)
        for purpose in ("training", "validation")
        for number in range(8)
    ]
    assert len(set(made)) == len(made)


def test_workers_go_with_the_one_that_started_them(tmp_path):
    code = """
from cephalign.train.config import config_of
from cephalign.train.feed import Feed, Recipe
import tests.train.tiny
config = config_of({"name": "tiny", "task": "tiny", "steps": 9}, "")
feed = Feed(Recipe.of(config, None), 1)
next(feed.training(range(9)))
print(*feed._pool._processes, flush=True)
input()
"""
    program = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    worker = int(program.stdout.readline())
    program.kill()
    program.communicate()
    for _ in range(100):
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    os.kill(worker, signal.SIGKILL)
    pytest.fail("the worker lives on")
