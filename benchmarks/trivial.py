"""Answers that need no registration: what a method must beat."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cephalign.geometry import Grid, Rigid


def identity(fixed: Grid, moving: Grid) -> Rigid:
    """Believe the headers."""
    return Rigid.identity()


def centres(fixed: Grid, moving: Grid) -> Rigid:
    """Move the middle of one grid onto that of the other."""
    return Rigid.from_rotation(np.eye(3), moving.centre - fixed.centre)


def voxel_axes(fixed: Grid, moving: Grid) -> Rigid:
    """Lay the grids' axes onto each other, first voxel on first voxel, millimetre by millimetre.

    Where one grid is right-handed and the other is not, the moving one's slices are counted from the last.
    """
    moving_from_mm = moving.world_from_voxel @ np.diag([*1 / moving.spacing, 1])
    if np.linalg.det(moving.world_from_voxel) * np.linalg.det(fixed.world_from_voxel) < 0:
        depth_mm = (moving.shape[2] - 1) * moving.spacing[2]
        moving_from_mm @= [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, depth_mm], [0, 0, 0, 1]]
    fixed_from_mm = fixed.world_from_voxel @ np.diag([*1 / fixed.spacing, 1])
    return Rigid(moving_from_mm @ np.linalg.inv(fixed_from_mm))


TRIVIAL: dict[str, Callable[[Grid, Grid], Rigid]] = {
    "identity": identity,
    "grid centres": centres,
    "voxel axes": voxel_axes,
}
