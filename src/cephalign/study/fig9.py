"""Fig. 9: what every method makes of one pair that none has seen."""

from __future__ import annotations

from functools import partial
from typing import Any

from cephalign.study import table1
from cephalign.study.held_out import held_out_pairs
from cephalign.study.study import Study

TABLE = "fig9"


def make(study: Study) -> None:
    """Register the first held-out pair of the first split by each method."""
    for name in table1.names():
        study.cells.made(partial(_cell, study, name), TABLE, name)


def _cell(study: Study, name: str) -> dict[str, Any]:
    method = table1.method(study, name, 0)
    study.tell(f"Fig. 9: {name}")
    pair = next(held_out_pairs(study, 0))
    said = method(pair.fixed, pair.moving)
    return {
        "moving_from_fixed": said.matrix.tolist(),
        "TRE": float(said.distance(pair.truth, pair.points).mean()),
    }
