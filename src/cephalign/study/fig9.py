"""Fig. 9: what every method makes of one pair that none has seen."""

from __future__ import annotations

from functools import partial
from typing import Any

from cephalign.geometry import Rigid
from cephalign.study import table1
from cephalign.study.held_out import HeldOutPair, answer, held_out_pairs
from cephalign.study.study import Study

TABLE = "fig9"


def all_names(study: Study) -> tuple[str, ...]:
    """Return the methods, and the programs that `benchmarks.study_peers` has added."""
    added = sorted({cell["method"] for cell in study.cells.of(TABLE)} - set(table1.names()))
    return (*table1.names(), *added)


def make(study: Study) -> None:
    """Register the first held-out pair of the first split by each method."""
    for name in table1.names():
        study.cells.made(partial(_cell, study, name), TABLE, name)


def _cell(study: Study, name: str) -> dict[str, Any]:
    method = table1.method(study, name, 0)
    study.tell(f"Fig. 9: {name}")
    pair = next(held_out_pairs(study, 0))
    return cell_of(name, pair, answer(method, pair))


def cell_of(name: str, pair: HeldOutPair, said: Rigid | None) -> dict[str, Any]:
    """Say what a method makes of the pair; no answer leaves the headers as they are."""
    pose = said or Rigid.identity()
    off = float(pose.distance(pair.truth, pair.points).mean())
    return {"method": name, "moving_from_fixed": pose.matrix.tolist(), "TRE": off}
