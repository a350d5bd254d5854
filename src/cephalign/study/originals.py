"""The pairs of scans that everything is made of, and how they are divided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cephalign.simulate.head import Anatomy
from cephalign.simulate.procedural import procedural_head
from cephalign.study.scale import Scale
from cephalign.train.tasks.pairs import FoundPair, found_pair

TRAIN, VALIDATION = 0.6, 0.3  # of all, and of these


@dataclass(frozen=True)
class Split:
    """Numbers of originals; copies of one are all in one subset.

    Parameters
    ----------
    train, validation, test : tuple of int
    """

    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]


def originals(
    scale: Scale,
    seed: int,
    anatomy: Anatomy = procedural_head,
    progress: Callable[[str], None] = lambda _: None,
) -> list[FoundPair]:
    """Simulate the pairs of a study: the same for the same seed, whatever is done with them."""
    spacing_mm = min(scale.images.spacing_mm)
    pairs = []
    for number in range(scale.originals):
        progress(f"simulating pair {number + 1} of {scale.originals}")
        rng = np.random.default_rng([seed, number])
        pairs.append(found_pair(rng, scale.preset, anatomy, spacing_mm))
    return pairs


def split_of(scale: Scale, seed: int, number: int) -> Split:
    """Draw a split: of 16 originals 7 to learn from, 3 to validate on, 6 to test."""
    drawn: Sequence[int] = (
        np.random.default_rng([seed, 1_000_000, number]).permutation(scale.originals).tolist()
    )
    learn = round(TRAIN * scale.originals)
    validation = max(1, round(VALIDATION * learn))
    parts = drawn[validation:learn], drawn[:validation], drawn[learn:]
    return Split(*(tuple(sorted(part)) for part in parts))
