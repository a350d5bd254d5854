"""Refinement by mutual information, to a hundredth of a millimetre."""

from __future__ import annotations

from time import perf_counter

from cephalign.align.ascent import climb
from cephalign.align.levels import FINE, FINEST, compare
from cephalign.align.scan import Scan
from cephalign.align.stage import Stage
from cephalign.geometry import Rigid


def refine(fixed: Scan, moving: Scan, start: Rigid) -> list[Stage]:
    """Climb to the end.

    Parameters
    ----------
    fixed, moving : Scan
    start : Rigid
        A guess of `moving_from_fixed` that is right to a few mm, as `search` finds it.

    Returns
    -------
    list of Stage
        One a level.
    """
    stages = []
    poses = start.matrix[None]
    for name, level in (("mi-fine", FINE), ("mi-finest", FINEST)):
        began = perf_counter()
        poses, values = climb(compare(fixed, moving, level), poses, level.climb)
        stages.append(Stage(name, Rigid(poses[0]), float(values[0]), perf_counter() - began))
    return stages
