"""Parts of a comparison: two halves of a head that are registered apart must come to one answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cephalign.align.ascent import Climb, climb
from cephalign.align.information import MutualInformation
from cephalign.align.reference.halves import BLOCKS_A_RADIUS
from cephalign.align.view import ROW, Side
from cephalign.geometry import Rigid


def halves_end(whole: MutualInformation, end: Rigid, limits: Climb) -> tuple[Rigid, ...]:
    """Climb from an end with every other block of the head alone, and with the others alone.

    Parameters
    ----------
    whole : MutualInformation
    end : Rigid
        `moving_from_fixed`; it says which points of the moving head lie in which block.
    limits : Climb

    Returns
    -------
    tuple of Rigid
        Two, or none where a half has too few points or too little overlap.
    """
    ends = []
    for parity in (0, 1):
        fixed = _part(whole.fixed, Rigid.identity(), whole, parity)
        moving = _part(whole.moving, ~end, whole, parity)
        if fixed is None or moving is None:
            return ()
        half = MutualInformation(fixed, moving, centre=whole.centre, radius_mm=whole.radius_mm)
        poses, values = climb(half, end.matrix[None], limits)
        if not np.isfinite(values[0]):
            return ()
        ends.append(Rigid(poses[0]))
    return tuple(ends)


def _part(side: Side, fixed_from_side: Rigid, whole: MutualInformation, parity: int) -> Side | None:
    """Return the side with the points in every other block, as in a checkerboard in space."""
    edge_mm = whole.radius_mm / BLOCKS_A_RADIUS
    blocks = np.floor((fixed_from_side.map(side.points) - whole.centre) / edge_mm).astype(int)
    (chosen,) = np.nonzero(blocks.sum(axis=1) % 2 == parity)
    chosen = chosen[: len(chosen) // ROW * ROW]
    if not len(chosen):
        return None
    return replace(side, points=side.points[chosen], positions=side.positions[chosen])
