"""Which part of some slices can see a box: the rest need not be looked at."""

from __future__ import annotations

from itertools import product

import numpy as np

from cephalign.geometry.grid import Float, apply_affine

# The corners of a box, and which of them an edge joins.
CORNERS = tuple(product((0, 1), repeat=3))
EDGES = tuple(
    (a, b) for a in range(8) for b in range(a) if np.abs(np.subtract(CORNERS[a], CORNERS[b])).sum() == 1
)


def window(
    box: tuple[Float, Float], voxel_from_box: Float, span: tuple[float, float], shape: tuple[int, int, int]
) -> tuple[slice, slice] | None:
    """Return the rows and columns of slices that a box reaches into, or None.

    Parameters
    ----------
    box : pair of (3,) arrays
        Its lowest and highest corner.
    voxel_from_box : (4, 4) array
        Takes its coordinates to i, j, k of the slices.
    span : pair of float
        The lowest and highest k of the slices.
    shape : tuple of three ints
        Of the scan.
    """
    corners = np.array([[box[side][axis] for axis, side in enumerate(corner)] for corner in CORNERS])
    seen = _between(apply_affine(voxel_from_box, corners), *span)
    if not len(seen):
        return None
    start = np.maximum(np.floor(seen.min(axis=0)[:2]).astype(int), 0)
    stop = np.minimum(np.ceil(seen.max(axis=0)[:2]).astype(int) + 1, shape[:2])
    if (start >= stop).any():
        return None
    return slice(int(start[1]), int(stop[1])), slice(int(start[0]), int(stop[0]))


def _between(corners: Float, lowest: float, highest: float) -> Float:
    """Return (n, 3) vertices of what two planes of constant k leave of a box."""
    left = [corner for corner in corners if lowest <= corner[2] <= highest]
    for a, b in EDGES:
        rise = corners[b, 2] - corners[a, 2]
        for plane in (lowest, highest):
            share = (plane - corners[a, 2]) / rise if rise else -1.0
            if 0 <= share <= 1:
                left.append(corners[a] + share * (corners[b] - corners[a]))
    return np.array(left, dtype=np.float64).reshape(-1, 3)
