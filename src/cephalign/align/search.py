"""From many starts, the one that leads to the best place, by mutual information from afar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from cephalign.align.ascent import climb
from cephalign.align.levels import FAR, FARTHEST, NEAR, Level, compare
from cephalign.align.scan import Scan
from cephalign.geometry import Rigid
from cephalign.geometry.grid import Float


class Round(NamedTuple):
    """A climb from each pose at a level, of so many evaluations at most; so many of the best go on."""

    level: Level
    steps: int
    kept: int


# Far off, a wrong place often looks better than the right one, and the more so the longer a climb goes on
# there; the near level tells them apart. (Chosen on pairs of `benchmarks.turned`, seeds 97 to 99.)
MANY = (Round(FARTHEST, 4, 24), Round(FAR, 4, 12), Round(NEAR, 3, 2), Round(NEAR, 30, 2))
# Now and then the middle level, too, takes the right place for a wrong one. Without it, and with more places
# that go on, a search takes three times as long. (Chosen on such pairs, seeds 95 to 97.)
THOROUGH = (Round(FARTHEST, 4, 48), Round(NEAR, 12, 4), Round(NEAR, 30, 2))
# A few starts are meant, and may be far from where they lead.
FEW, FEW_STARTS = (Round(FAR, 30, 3), Round(NEAR, 30, 3)), 12
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


def search(fixed: Scan, moving: Scan, starts: Sequence[Rigid], *, thorough: bool = False) -> Found:
    """Climb from every start, level by level; the weak, and those that meet another, are dropped on the way.

    Parameters
    ----------
    fixed, moving : Scan
    starts : sequence of Rigid
        Candidates of `moving_from_fixed`.
    thorough : bool
        Look more closely at more places, where the starts are many.
    """
    rounds = FEW if len(starts) <= FEW_STARTS else THOROUGH if thorough else MANY
    poses = np.array([start.matrix for start in starts])
    numbers = np.arange(len(starts))
    values = np.zeros(len(starts))
    before = None
    for level, steps, most in rounds:
        if level is not before:
            mi, before = compare(fixed, moving, level), level
        poses, values = climb(mi, poses, replace(level.climb, steps=steps))
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
