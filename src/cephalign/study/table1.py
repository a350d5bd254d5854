"""Table 1: every method end to end, on copies that none of them has seen, as whole scans."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from cephalign.geometry import Rigid
from cephalign.registration import register
from cephalign.study.held_out import Method, measured
from cephalign.study.networks import NETWORKS, method_of
from cephalign.study.study import Study

TABLE = "table1"
OURS = "cephalign (auto)"
STILL = ("headers as they are", "middles of the grids")


def names() -> tuple[str, ...]:
    """Return the rows of the table."""
    return (*NETWORKS, OURS, *STILL)


def make(study: Study, only: Callable[[str], bool] = lambda _: True) -> None:
    """Measure what is missing."""
    for split in range(study.scale.splits):
        for name in filter(only, names()):
            study.cells.made(partial(_cell, study, name, split), TABLE, name, split)


def _cell(study: Study, name: str, split: int) -> dict[str, Any]:
    method = _method(study, name, split)
    study.tell(f"Table 1: {name}, split {split + 1} of {study.scale.splits}")
    return {"rows": measured(study, split, method)}


def _method(study: Study, name: str, split: int) -> Method:
    if name == OURS:
        return lambda fixed, moving: register(fixed, moving).moving_from_fixed
    if name == STILL[0]:
        return lambda fixed, moving: Rigid.identity()
    if name == STILL[1]:
        return lambda fixed, moving: Rigid.from_euler(np.zeros(3), moving.grid.centre - fixed.grid.centre)
    learnt = method_of(study.trained(name, split), study.scale, study.device)
    return lambda fixed, moving: learnt(fixed, moving).moving_from_fixed
