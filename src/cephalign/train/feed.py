"""Batches of samples, made ahead by other processes, the same whoever makes them and whenever.

Head number n is drawn with a generator that the seed and n alone decide. Its samples are spread over w
batches: k new heads enter with each, and batch t is made of a w-th of the samples of each of the heads t k to
(t + w) k - 1. So a batch shows many heads, and a training that goes on where it stopped sees what it would
have seen.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import torch

from cephalign.errors import CephalignError
from cephalign.parallel import undivided_operations
from cephalign.train.config import Config
from cephalign.train.heads import Purpose, anatomy_for
from cephalign.train.task import Batch, Samples, Task, task_kind

# The heads of validation are drawn from other streams than those of training.
STREAM: dict[Purpose, tuple[int, ...]] = {"training": (), "validation": (1,)}


@dataclass(frozen=True)
class Recipe:
    """All that a process needs to make samples.

    Parameters
    ----------
    kind : type of Task
    config : Config
    anatomy : Path, optional
        A folder of label maps.
    """

    kind: type[Task]
    config: Config
    anatomy: Path | None

    @classmethod
    def of(cls, config: Config, anatomy: Path | None) -> Recipe:
        """Look up the task."""
        return cls(task_kind(config.task), config, anatomy)

    def task(self, purpose: Purpose) -> Task:
        """Make the task."""
        return self.kind(self.config.options, anatomy_for(self.config.heads, self.anatomy, purpose))


# What label maps were prepared for is kept for the next head.
_task = lru_cache(maxsize=2)(Recipe.task)


def make_samples(recipe: Recipe, purpose: Purpose, number: int) -> Samples:
    """Make the samples of one head."""
    rng = np.random.default_rng([recipe.config.seed, number, *STREAM[purpose]])
    with undivided_operations():
        return _task(recipe, purpose).samples(rng, number)


class Feed:
    """Makes samples, in other processes if there are any; a context.

    Parameters
    ----------
    recipe : Recipe
    workers : int
        Processes; none means that samples are made when they are needed.
    """

    def __init__(self, recipe: Recipe, workers: int) -> None:
        self._recipe, self._workers = recipe, workers
        self._pool = ProcessPoolExecutor(workers, get_context("spawn"), _prepare) if workers else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def training(self, steps: range) -> Iterator[Batch]:
        """Yield the batches of these steps, on the CPU.

        Raises
        ------
        CephalignError
            A worker was killed, or the task raised it.
        """
        new, spread = self._recipe.config.heads_per_batch, self._recipe.config.spread
        numbers = range(steps.start * new, (steps.stop + spread - 1) * new)
        groups = _grouped(self._samples("training", numbers), new)
        shown = deque(islice(groups, spread - 1), maxlen=spread)
        for group in groups:
            shown.append(group)
            # A group gives its first part when it comes, and its last when it is the oldest.
            yield together(
                [
                    {name: values[part::spread] for name, values in one.items()}
                    for part, heads in enumerate(reversed(shown))
                    for one in heads
                ]
            )

    @cached_property
    def validation(self) -> list[Batch]:
        """The samples of the validation's heads, made when they are first wanted."""
        config = self._recipe.config
        samples = self._samples("validation", range(config.validation_heads))
        return [together(group) for group in _grouped(samples, config.heads_per_batch)]

    def _samples(self, purpose: Purpose, numbers: Iterable[int]) -> Iterator[Samples]:
        """Yield the samples of heads in order, with some made ahead."""
        if not self._pool:
            yield from (make_samples(self._recipe, purpose, number) for number in numbers)
            return
        ahead = self._recipe.config.heads_per_batch + 2 * self._workers
        waiting: deque[Future[Samples]] = deque()
        try:
            for number in numbers:
                waiting.append(self._pool.submit(make_samples, self._recipe, purpose, number))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise CephalignError(
                "a process that makes samples was killed", do="if memory ran out, take fewer --workers"
            ) from error


def _grouped(samples: Iterator[Samples], size: int) -> Iterator[list[Samples]]:
    while group := list(islice(samples, size)):
        yield group


def together(samples: Sequence[Samples]) -> Batch:
    """Put the samples of some heads into one batch."""
    return {name: torch.from_numpy(np.concatenate([one[name] for one in samples])) for name in samples[0]}


def _prepare() -> None:
    """Make a process ready to work for another: one thread, deaf to signals, and gone when the other is."""
    torch.set_num_threads(1)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    """End this process with the one that started it, which may be killed without a word."""
    parent = parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(1)
