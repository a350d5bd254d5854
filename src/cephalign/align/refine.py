"""Refinement by mutual information: from several starts to the best place, to a hundredth of a millimetre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from cephalign.align.ascent import climb
from cephalign.align.levels import FAR, FINE, FINEST, NEAR, Level, compare
from cephalign.align.scan import Scan
from cephalign.align.stage import Stage
from cephalign.geometry import Rigid
from cephalign.geometry.grid import Float

# Of the starts, so many are looked at again after a first few steps, and so many at the next level.
KEPT_FAR, KEPT_NEAR = 8, 3
FIRST_STEPS = 3
# Two poses that put the head this near to each other are on the way to the same place.
SAME_MM = 4.0


@dataclass(frozen=True)
class Found:
    """The best of several starts after a look from afar.

    Parameters
    ----------
    best : int
        Which start led there.
    poses : tuple of Rigid
        Where the most promising starts led, best first; all clearly different.
    similarities : tuple of float
        Mutual information in nats, at the coarsest level.
    """

    best: int
    poses: tuple[Rigid, ...]
    similarities: tuple[float, ...]


def search(fixed: Scan, moving: Scan, starts: Sequence[Rigid]) -> Found:
    """Climb from every start at the coarsest level; weak ones are dropped on the way.

    Parameters
    ----------
    fixed, moving : Scan
    starts : sequence of Rigid
        Candidates of `moving_from_fixed`.

    Returns
    -------
    Found
        Similarity minus infinity where no start lets the heads overlap.
    """
    mi = compare(fixed, moving, FAR)
    poses = np.array([start.matrix for start in starts])
    numbers = np.arange(len(starts))
    if len(starts) > KEPT_FAR:
        poses, values = climb(mi, poses, FAR.climb.shortened(FIRST_STEPS))
        kept = np.argsort(-values, kind="stable")[:KEPT_FAR]
        poses, numbers = poses[kept], numbers[kept]
    poses, values = climb(mi, poses, FAR.climb)
    order = np.argsort(-values, kind="stable")
    distinct: list[int] = []
    for n in order:
        if all(_apart_mm(poses[n], poses[m], fixed) > SAME_MM for m in distinct):
            distinct.append(int(n))
    distinct = distinct[:KEPT_NEAR]
    return Found(
        int(numbers[order[0]]),
        tuple(Rigid(poses[n]) for n in distinct),
        tuple(float(values[n]) for n in distinct),
    )


def refine(fixed: Scan, moving: Scan, starts: Sequence[Rigid]) -> list[Stage]:
    """Climb level by level; the starts compete on the first, and the winner goes on to the end.

    Parameters
    ----------
    fixed, moving : Scan
    starts : sequence of Rigid
        Candidates of `moving_from_fixed` that are right to about 20 degrees and 20 mm.

    Returns
    -------
    list of Stage
        One a level.
    """
    stages = []
    poses = np.array([start.matrix for start in starts])
    for name, level in (("near", NEAR), ("fine", FINE), ("finest", FINEST)):
        began = perf_counter()
        poses, value = _best(fixed, moving, level, poses)
        stages.append(Stage(f"mi-{name}", Rigid(poses[0]), value, perf_counter() - began))
    return stages


def _best(fixed: Scan, moving: Scan, level: Level, poses: Float) -> tuple[Float, float]:
    climbed, values = climb(compare(fixed, moving, level), poses, level.climb)
    best = int(np.argmax(values))
    return climbed[best : best + 1], float(values[best])


def _apart_mm(a: Float, b: Float, scan: Scan) -> float:
    """Return how far apart two poses put the head, over points one radius from its centre."""
    points = scan.centre + scan.radius_mm * np.concatenate([np.eye(3), -np.eye(3)])
    return float(Rigid(a).distance(Rigid(b), points).mean())
