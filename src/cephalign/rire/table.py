"""Errors of all pairs of a kind, pooled over patients and points as West et al. (1997) pool them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from cephalign.geometry.grid import Float
from cephalign.rire.layout import FROM_NAMES, TO_NAMES
from cephalign.rire.run import NO_TRANSFORM, Outcome
from cephalign.rire.score import Score

MEASURES: dict[str, Callable[[Score], Float]] = {
    "tre": lambda score: score.found,
    "corners": lambda score: score.corners,
    "identity": lambda score: score.identity,
    "centres": lambda score: score.centres,
}


class Row(NamedTuple):
    """All pairs of the same two kinds of scan that were measured at the same kind of points.

    Parameters
    ----------
    pair : str
        As the literature names it, such as 'CT-T1 rectified'.
    pairs, without, scored : int
        How many there are, how many of them have no transform, and how many were measured at these points.
    points : str
        'landmarks' or 'head'; empty where none was measured.
    measures : tuple of (median, maximum)
        In mm, in the order of `MEASURES`.
    """

    pair: str
    pairs: int
    without: int
    scored: int
    points: str
    measures: tuple[tuple[float, float], ...]


def table(outcomes: Sequence[Outcome]) -> list[Row]:
    """Return one row for each kind of pair, in RIRE's order; two where some were measured at other points."""
    rows = []
    for from_name in FROM_NAMES:
        for to_name in TO_NAMES:
            kind = (from_name, to_name)
            alike = [o for o in outcomes if (o.pair.from_name, o.pair.to_name) == kind]
            without = sum(outcome.status in NO_TRANSFORM for outcome in alike)
            scores = [outcome.score for outcome in alike if outcome.score]
            for points in sorted({str(score.points) for score in scores}) or [""] * bool(alike):
                pooled = [score for score in scores if score.points == points]
                measures = tuple(median_and_most(map(measure, pooled)) for measure in MEASURES.values())
                rows.append(Row(_title(*kind), len(alike), without, len(pooled), points, measures))
    return rows


def median_and_most(errors: Iterable[Float]) -> tuple[float, float]:
    """Return median and maximum of all errors together; NaN of none."""
    pooled = np.concatenate([*errors, np.empty(0)])
    return (float(np.median(pooled)), float(pooled.max())) if pooled.size else (np.nan, np.nan)


def _title(from_name: str, to_name: str) -> str:
    return f"{from_name.upper()}-{to_name.removeprefix('mr_').replace('_', ' ')}"
