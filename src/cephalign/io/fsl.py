"""FSL's FLIRT matrix (.mat, text): 4 x 4 numbers that mean nothing without both scans' grids."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cephalign.errors import InputError
from cephalign.geometry.grid import Float, Grid
from cephalign.geometry.rigid import Rigid
from cephalign.io.atomic import whole_file
from cephalign.io.exchange import both_grids, exact, finite, read_text, rigid_or_refuse


def fsl_from_voxel(grid: Grid) -> Float:
    """Return the (4, 4) map of voxel indices to FSL's millimetres.

    FSL measures from the corner voxel's centre along the array axes, and turns the first axis round where the
    axes form a right-handed system in world, so that its own system is always left-handed.
    """
    matrix = np.diag([*grid.spacing, 1.0])
    if not grid.is_left_handed:
        matrix[0, 0] = -grid.spacing[0]
        matrix[0, 3] = grid.spacing[0] * (grid.shape[0] - 1)
    return matrix


def _world_from_fsl(grid: Grid) -> Float:
    return grid.world_from_voxel @ np.linalg.inv(fsl_from_voxel(grid))


def read(path: Path, fixed: Grid | None, moving: Grid | None) -> Rigid:
    """Read what `flirt -in MOVING -ref FIXED -omat` writes.

    Parameters
    ----------
    path : Path
    fixed, moving : Grid
        Grids of `-ref` and of `-in`; both are needed.

    Returns
    -------
    Rigid
        `moving_from_fixed` in RAS+ mm; FLIRT's own matrix goes the other way, moving to fixed.

    Raises
    ------
    InputError
        A grid is missing, or the file is not sixteen numbers.
    GeometryError
        Not rigid, as from a run without `-dof 6`.
    """
    fixed, moving = both_grids(fixed, moving, f"{path}: a FLIRT matrix")
    lines = [line.split() for line in read_text(path).splitlines() if line.strip()]
    if [len(line) for line in lines] != [4, 4, 4, 4]:
        raise InputError(
            f"{path} is not a FLIRT matrix", expected="4 lines of 4 numbers", got=f"{len(lines)} lines"
        )
    fixed_from_moving_fsl = finite(
        [word for line in lines for word in line], f"{path}: FLIRT matrix", 16
    ).reshape(4, 4)
    if not np.array_equal(fixed_from_moving_fsl[3], [0, 0, 0, 1]):
        raise InputError(
            f"{path} is not a FLIRT matrix", expected="last line 0 0 0 1", got=exact(fixed_from_moving_fsl[3])
        )
    fixed_from_moving = (
        _world_from_fsl(fixed) @ fixed_from_moving_fsl @ np.linalg.inv(_world_from_fsl(moving))
    )
    fixed_from_moving[3] = [0, 0, 0, 1]
    return rigid_or_refuse(fixed_from_moving, path).inverse()


def write(moving_from_fixed: Rigid, path: Path, fixed: Grid | None, moving: Grid | None) -> None:
    """Write for `flirt -in MOVING -ref FIXED -applyxfm -init PATH`, every bit kept.

    Raises
    ------
    InputError
        A grid is missing.
    OutputError
        The file cannot be written.
    """
    fixed, moving = both_grids(fixed, moving, f"{path}: a FLIRT matrix")
    fixed_from_moving = moving_from_fixed.inverse().matrix
    matrix = np.linalg.inv(_world_from_fsl(fixed)) @ fixed_from_moving @ _world_from_fsl(moving)
    matrix[3] = [0, 0, 0, 1]
    with whole_file(path) as temporary:
        temporary.write_text("".join(exact(row) + "\n" for row in matrix), encoding="ascii")
