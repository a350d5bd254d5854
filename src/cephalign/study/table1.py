"""Table 1: every method end to end, on copies that none of them has seen, as whole scans."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from cephalign.geometry import Rigid
from cephalign.geometry.grid import Float
from cephalign.prep.coarse import FoundHead
from cephalign.registration import register
from cephalign.registration_starts import Method as StartMethod
from cephalign.study import table2
from cephalign.study.held_out import Method, measured
from cephalign.study.methods import LearntMethod
from cephalign.study.networks import DCNN, NETWORKS, method_of
from cephalign.study.study import Study

TABLE = "table1"
# What the paper proposes: its network's features, and its regression network on them.
PROPOSED = "DCNN features, ANN"
OURS: dict[str, StartMethod] = {"cephalign (auto)": "auto", "cephalign (pose)": "pose"}
STILL = ("headers as they are", "middles of the grids", "middles of the heads")


def names() -> tuple[str, ...]:
    """Return the rows of the table."""
    return (PROPOSED, *NETWORKS, *OURS, *STILL)


def all_names(study: Study) -> tuple[str, ...]:
    """Return the rows of the table, and those that `benchmarks.study_peers` has added for every split."""
    splits = range(study.scale.splits)
    added = sorted({cell["method"] for cell in study.cells.of(TABLE)} - set(names()))
    return (*names(), *(name for name in added if all(study.cells.has(TABLE, name, n) for n in splits)))


def make(study: Study) -> None:
    """Measure what is missing."""
    for split in range(study.scale.splits):
        for name in names():
            study.cells.made(partial(_cell, study, name, split), TABLE, name, split)


def _cell(study: Study, name: str, split: int) -> dict[str, Any]:
    register_pair = method(study, name, split)
    study.tell(f"Table 1: {name}, split {split + 1} of {study.scale.splits}")
    return {"method": name, "rows": measured(study, split, register_pair)}


def method(study: Study, name: str, split: int) -> Method:
    """Return how a row of the table registers, after its training in a split."""
    if name in OURS:
        return lambda fixed, moving: register(fixed, moving, method=OURS[name]).moving_from_fixed
    if name in STILL:
        return _STILL[name]
    if name == PROPOSED:
        learnt: LearntMethod = table2.method(study, DCNN, split)
    else:
        learnt = method_of(study.trained(name, split), study.scale, study.device)
    return lambda fixed, moving: learnt(fixed, moving).moving_from_fixed


def _shift(fixed_middle: Float, moving_middle: Float) -> Rigid:
    return Rigid.from_euler(np.zeros(3), moving_middle - fixed_middle)


# What is found without looking at the images, or hardly; the last is what a network starts from.
_STILL: dict[str, Method] = {
    STILL[0]: lambda fixed, moving: Rigid.identity(),
    STILL[1]: lambda fixed, moving: _shift(fixed.grid.centre, moving.grid.centre),
    STILL[2]: lambda fixed, moving: _shift(*(FoundHead.of(scan, 8.0).centre for scan in (fixed, moving))),
}
