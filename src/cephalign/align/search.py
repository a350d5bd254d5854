"""From many starts, the one that leads to the best place, by mutual information from afar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cephalign.align.ascent import climb
from cephalign.align.levels import FAR, FARTHEST, NEAR, compare
from cephalign.align.scan import Scan
from cephalign.geometry import Rigid
from cephalign.geometry.grid import Float

# So many go on from the farthest level to the next, and from there to the near one.
KEPT_FARTHEST, KEPT_FAR = 12, 3
# Two poses that put the head this near to each other are on the way to the same place.
SAME_MM = 4.0


@dataclass(frozen=True)
class Found:
    """The best places that several starts lead to.

    Parameters
    ----------
    start : Rigid
        The one that led to the first.
    start_similarity : float
        Mutual information there.
    overlap : float
        Part of both heads' points that the other scan holds at the best place.
    poses : tuple of Rigid
        `moving_from_fixed`, best first, right to a few mm; all clearly different.
    similarities : tuple of float
        Mutual information in nats, at the near level; minus infinity where the heads do not overlap.
    """

    start: Rigid
    start_similarity: float
    overlap: float
    poses: tuple[Rigid, ...]
    similarities: tuple[float, ...]


def search(fixed: Scan, moving: Scan, starts: Sequence[Rigid]) -> Found:
    """Climb from every start, level by level; the weak, and those that meet another, are dropped on the way.

    Parameters
    ----------
    fixed, moving : Scan
    starts : sequence of Rigid
        Candidates of `moving_from_fixed`.
    """
    poses = np.array([start.matrix for start in starts])
    numbers = np.arange(len(starts))
    values = np.zeros(len(starts))
    for level, most in ((FARTHEST, KEPT_FARTHEST), (FAR, KEPT_FAR), (NEAR, KEPT_FAR)):
        if level is FARTHEST and len(starts) <= most:
            continue
        mi = compare(fixed, moving, level)
        poses, values = climb(mi, poses, level.climb)
        kept = _distinct(poses, values, fixed)[:most]
        poses, values, numbers = poses[kept], values[kept], numbers[kept]
    start = starts[int(numbers[0])]
    at = mi(np.array([start.matrix, poses[0]]), slopes=False)
    return Found(
        start,
        float(at.value[0]),
        float(at.overlap[1]),
        tuple(Rigid(pose) for pose in poses),
        tuple(values.tolist()),
    )


def _distinct(poses: Float, values: Float, scan: Scan) -> list[int]:
    """Return which poses are best, in order, without those that put the head where a better one does."""
    points = scan.centre + scan.radius_mm * np.concatenate([np.eye(3), -np.eye(3)])
    placed = points @ poses[:, :3, :3].transpose(0, 2, 1) + poses[:, None, :3, 3]
    distinct: list[int] = []
    for n in np.argsort(-values, kind="stable").tolist():
        apart = np.linalg.norm(placed[distinct] - placed[n], axis=-1).mean(axis=-1)
        if (apart > SAME_MM).all():
            distinct.append(n)
    return distinct
