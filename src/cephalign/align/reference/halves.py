"""How far the answer depends on which parts of the head are compared.

The head is cut into blocks; a random half of them gives one answer, the other half another. Were the blocks'
errors independent, half the distance between the two would be of the size of the whole's error (balanced
half-samples; McCarthy, Rev. Int. Stat. Inst. 37:239, 1969). Noise, bias, distortion and anatomy that differ
from place to place show in it; what shifts every block alike does not.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cephalign.align.levels import Level
from cephalign.align.reference.runs import follow
from cephalign.align.scan import Scan
from cephalign.geometry import Rigid, Volume
from cephalign.geometry.grid import Float, apply_affine

SPLITS = 5
# The edge of a block is the head's radius (root mean square, some 75 mm) over this; a head has some 150.
BLOCKS_A_RADIUS = 3.0
# The pattern of blocks repeats after so many along each axis, further than a head reaches.
PERIOD = 12


def half_spread(
    fixed: Scan, moving: Scan, moving_from_fixed: Rigid, level: Level, rng: np.random.Generator
) -> float:
    """Return half the distance between the answers of two halves: mm, root mean square over head and splits.

    Parameters
    ----------
    fixed, moving : Scan
    moving_from_fixed : Rigid
        Where to start; it also tells which parts of the moving head belong to a block.
    level : Level
        Its number of points is that of the whole.
    rng : numpy Generator
    """
    half_level = replace(level, points=level.points // 2)
    edge_mm = fixed.radius_mm / BLOCKS_A_RADIUS
    points, squares = fixed.body[::11], []
    for _ in range(SPLITS):
        origin = fixed.centre + rng.uniform(0, edge_mm, 3)
        pattern = rng.permutation(np.arange(PERIOD**3) % 2 == 0).reshape((PERIOD,) * 3)
        ends = []
        for blocks in (pattern, ~pattern):
            own = _part(fixed, Rigid.identity(), origin, edge_mm, blocks)
            other = _part(moving, ~moving_from_fixed, origin, edge_mm, blocks)
            pose, value = follow(own, other, moving_from_fixed.matrix[None], half_level)
            if not np.isfinite(value[0]):
                return np.inf
            ends.append(Rigid(pose[0]))
        squares.append(np.mean(ends[0].distance(ends[1], points) ** 2) / 4)
    return float(np.sqrt(np.mean(squares)))


def _part(
    scan: Scan, fixed_from_scan: Rigid, origin: Float, edge_mm: float, blocks: NDArray[np.bool_]
) -> Scan:
    """Return the scan with points in these blocks only, which lie in the fixed world."""
    mask = scan.around
    voxels = np.argwhere(mask.data)
    world = fixed_from_scan.map(apply_affine(mask.grid.world_from_voxel, voxels))
    kept = blocks[tuple(np.floor((world - origin) / edge_mm).astype(int).T % PERIOD)]
    part = np.zeros_like(mask.data)
    part[tuple(voxels[kept].T)] = True
    return replace(scan, around=Volume(part, mask.grid, mask.modality))
