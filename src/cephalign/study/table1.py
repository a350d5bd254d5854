"""Table 1: every method end to end, on copies that none of them has seen, as whole scans."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from cephalign.augmentation.motion import moved_copy, truth_of_copies
from cephalign.geometry import Rigid, Volume
from cephalign.geometry.grid import Float
from cephalign.registration import Registration, register
from cephalign.study.copies import Place
from cephalign.study.networks import NETWORKS, method_of
from cephalign.study.scores import scores
from cephalign.study.study import Study
from cephalign.train.tasks.pairs import FIXED, MOVING

TABLE = "table1"
Register = Callable[[Volume, Volume], Registration]
OURS = "cephalign (auto)"
STILL = ("headers as they are", "middles of the grids")


@dataclass(frozen=True, eq=False)
class TestPair:
    """Two whole scans, moved.

    Parameters
    ----------
    fixed, moving : Volume
    truth : Rigid
    points : (10, 3) array
        Landmarks in the fixed scan, RAS+ mm.
    """

    __test__ = False  # pytest need not look

    fixed: Volume
    moving: Volume
    truth: Rigid
    points: Float


def names() -> tuple[str, ...]:
    """Return the rows of the table."""
    return (*NETWORKS, OURS, *STILL)


def make(study: Study, only: Callable[[str], bool] = lambda _: True) -> None:
    """Measure what is missing."""
    for split in range(study.scale.splits):
        for name in filter(only, names()):
            study.cells.made(partial(_cell, study, name, split), TABLE, name, split)


def test_pairs(study: Study, split: int) -> Iterator[TestPair]:
    """Move the scans of a split's test originals: copies that no network has seen."""
    for place in study.copies.places(study.split(split).test, study.scale.test_copies):
        yield _pair(study, place)


def _pair(study: Study, place: Place) -> TestPair:
    found, motions = study.copies.pairs[place.original], study.copies.motions(place)
    fixed, moving = (
        moved_copy(found.session.scans[kind], motion)
        for kind, motion in zip((FIXED, MOVING), motions, strict=True)
    )
    points = motions[0].copy_from_original.map(found.landmarks)
    return TestPair(fixed, moving, truth_of_copies(found.moving_from_fixed, *motions), points)


def _cell(study: Study, name: str, split: int) -> dict[str, Any]:
    method = _method(study, name, split)
    study.tell(f"Table 1: {name}, split {split + 1} of {study.scale.splits}")
    rows = []
    for pair in test_pairs(study, split):
        began = perf_counter()
        said = method(pair.fixed, pair.moving)
        seconds = perf_counter() - began
        row = scores(pair.fixed, pair.moving, said, pair.truth, pair.points)
        rows.append(row | {"seconds": seconds})
    return {"rows": rows}


def _method(study: Study, name: str, split: int) -> Callable[[Volume, Volume], Rigid]:
    if name == OURS:
        return lambda fixed, moving: register(fixed, moving).moving_from_fixed
    if name == STILL[0]:
        return lambda fixed, moving: Rigid.identity()
    if name == STILL[1]:
        return lambda fixed, moving: Rigid.from_euler(np.zeros(3), moving.grid.centre - fixed.grid.centre)
    learnt = method_of(study.trained(name, split), study.scale, study.device)
    return lambda fixed, moving: learnt(fixed, moving).moving_from_fixed
