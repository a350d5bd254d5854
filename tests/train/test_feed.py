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
    recipe = Recipe.of(tiny(), None)
    made = []
    for workers in (0, 2):
        with Feed(recipe, workers) as feed:
            made.append([*feed.batches("training", range(3, 14)), *feed.validation])
    assert len(made[0]) == 6 + 2
    assert all(same(one, other) for one, other in zip(*made, strict=True))


def test_one_worker_says_what_is_wrong_and_is_missed(tiny):
    recipe = Recipe.of(tiny({"fails_at": 6}), None)
    with Feed(recipe, 1) as feed:
        batches = feed.batches("training", range(8))
        for one, other in zip(Feed(recipe, 0).batches("training", range(6)), batches, strict=False):
            assert same(one, other)
        with pytest.raises(InputError, match="head 6 cannot be drawn; expected another"):
            list(batches)
        batches = feed.batches("training", range(7, 10**6))
        next(batches)
        (worker,) = feed._pool._processes
        os.kill(worker, signal.SIGKILL)
        with pytest.raises(CephalignError, match="was killed; if memory ran out, take fewer --workers"):
            list(islice(batches, 100))


def test_a_batch_is_that_of_its_heads(tiny):
    recipe = Recipe.of(tiny(heads_per_batch=3), None)
    batches = list(Feed(recipe, 0).batches("training", range(4)))
    assert len(batches) == 2
    made = [make_samples(recipe, "training", number)["cube"] for number in range(4)]
    assert {len(one) for one in made} == {2, 3}  # heads differ in how many samples they give
    assert np.array_equal(batches[0]["cube"], np.concatenate(made[:3]))
    assert np.array_equal(batches[1]["cube"], made[3])


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
next(feed.batches("training", range(9)))
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
