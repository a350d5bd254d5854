"""Points spread evenly over a head, the same ones every time."""

from __future__ import annotations

import numpy as np

from cephalign.errors import InputError
from cephalign.geometry import Grid, Volume
from cephalign.geometry.grid import Float, apply_affine

# The additive recurrence with the plastic number's cousin for three dimensions: the real root of x^4 = x + 1.
# It fills a box evenly for any number of points (Roberts 2018, 'R3').
ROOT = 1.2207440846057596


def head_points(mask: Volume, grid: Grid, count: int, border_vox: float = 0.0) -> Float:
    """Return (count, 3) world points inside a mask.

    Parameters
    ----------
    mask : Volume
        Bool, on its own (coarse) grid.
    grid : Grid
        The scan's grid.
    count : int
    border_vox : float
        Points keep this many voxels of `grid` away from its outermost voxel centres.

    Raises
    ------
    InputError
        The mask lies wholly in that border.
    """
    inside = np.argwhere(mask.data)
    low, high = inside.min(axis=0) - 0.5, inside.max(axis=0) + 0.5
    share = len(inside) / np.prod(high - low)
    found: list[Float] = []
    start = 0
    while (missing := count - sum(map(len, found))) > 0:
        fresh = int(1.1 * missing / share) + 64
        index = low + _sequence(start, fresh) * (high - low)
        nearest = np.clip(np.rint(index).astype(int), 0, np.array(mask.grid.shape) - 1)
        world = apply_affine(mask.grid.world_from_voxel, index[mask.data[tuple(nearest.T)]])
        voxel = apply_affine(grid.voxel_from_world, world)
        kept = (voxel >= border_vox) & (voxel <= np.array(grid.shape) - 1 - border_vox)
        found.append(world[kept.all(axis=1)])
        start += fresh
        if not len(found[-1]):
            raise InputError(
                "the head lies wholly in the scan's border", do="give a scan that shows more of it"
            )
    return np.concatenate(found)[:count]


def _sequence(start: int, count: int) -> Float:
    steps = 1 / ROOT ** np.arange(1, 4)
    return np.asarray((0.5 + steps * np.arange(start + 1, start + count + 1)[:, None]) % 1.0)
