"""Two cores for two scans: each side's work in a thread of its own, and no threads inside it.

An operation on some ten thousand points is too short to share: its threads would wait for each other
thousands of times, and for as long as another program holds one of the cores. With one thread an operation,
the order of every sum is also the same on any machine.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

Given = TypeVar("Given")
Result = TypeVar("Result")


def both(work: Callable[[Given], Result], first: Given, second: Given) -> tuple[Result, Result]:
    """Do the same work on two things at once."""
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(work, second)
        return work(first), job.result()


def each(work: Callable[[Given], Result], given: Iterable[Given]) -> Iterator[Result]:
    """Do the same work on many things, as many at once as there are cores; results come in their order."""
    # What is at work may say so too; whoever of it ended first would give the others threads again.
    with undivided_operations(), ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(work, given)


@contextmanager
def undivided_operations() -> Iterator[None]:
    """Let PyTorch use one thread an operation for a while."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
