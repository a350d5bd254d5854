"""RIRE's transform text (.standard): where the eight corner voxels of the From volume go in the To volume."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cephalign.errors import GeometryError, InputError
from cephalign.geometry.grid import Float, Grid, apply_affine
from cephalign.geometry.rigid import Rigid
from cephalign.io.atomic import whole_file
from cephalign.io.exchange import both_grids, finite, read_text, rigid_or_refuse

RULE = "-" * 73
POINT_NUMBERS = tuple("12345678")
# The site wants four decimals; spacings in its headers are rounded too, which adds up over 512 voxels.
CORNER_TOLERANCE_MM = 0.05
# Eight rounded points of one rigid motion fit to 1e-4 mm; more is an error or no rigid motion.
FIT_TOLERANCE_MM = 0.01


@dataclass(frozen=True)
class RireHeader:
    """The lines above the points; nothing here is read by the evaluation but the patient and the two names.

    Parameters
    ----------
    investigators, site, method : str
    date : str
        Given by the caller, never by the clock: the same result is the same file.
    patient, from_name, to_name : str
        As RIRE names them, such as '001', 'CT', 'mr_T1'.
    """

    investigators: str = "unknown"
    site: str = "unknown"
    method: str = "Cephalign"
    date: str = "unknown"
    patient: str = "unknown"
    from_name: str = "moving"
    to_name: str = "fixed"


def world_from_rire(grid: Grid) -> Float:
    """Return the (4, 4) map of RIRE's mm (along the axes from the first voxel's centre) to world."""
    matrix: Float = grid.world_from_voxel @ np.diag([*(1 / grid.spacing), 1.0])
    return matrix


def rire_from_world(grid: Grid) -> Float:
    """Return the (4, 4) inverse of `world_from_rire`."""
    matrix: Float = np.diag([*grid.spacing, 1.0]) @ grid.voxel_from_world
    return matrix


def read(path: Path, fixed: Grid | None, moving: Grid | None) -> Rigid:
    """Read a registration of From (our moving, as CT or PET) to To (our fixed, as MR).

    Parameters
    ----------
    path : Path
    fixed, moving : Grid
        Grids of the To and the From volume; both are needed.

    Returns
    -------
    Rigid
        `moving_from_fixed` in RAS+ mm: the closed-form least-squares fit of the eight points, inverted.

    Raises
    ------
    InputError
        A grid is missing, there are not eight points, or they are not the corners of the moving volume.
    GeometryError
        The eight points do not move rigidly.
    """
    fixed, moving = both_grids(fixed, moving, f"{path}: a RIRE transform")
    points = _parse(read_text(path), path)
    corners = apply_affine(rire_from_world(moving), moving.corners)
    off = float(np.abs(points[:, :3] - corners).max())
    if off > CORNER_TOLERANCE_MM:
        raise InputError(
            f"{path}: its From points are not the corners of the moving volume",
            expected=f"corner 8 at {corners[7].round(4).tolist()} mm",
            got=str(points[7, :3].tolist()),
            do="check that --moving is the From volume and --fixed the To volume",
        )
    before = apply_affine(world_from_rire(moving), points[:, :3])
    after = apply_affine(world_from_rire(fixed), points[:, 3:])
    fixed_from_moving = _fitted(before, after, path)
    residual = float(np.abs(fixed_from_moving.map(before) - after).max())
    if residual > FIT_TOLERANCE_MM:
        raise GeometryError(
            f"{path}: its points do not move rigidly",
            expected=f"a rigid fit within {FIT_TOLERANCE_MM} mm",
            got=f"{residual:.3g} mm",
        )
    return fixed_from_moving.inverse()


def write(
    moving_from_fixed: Rigid,
    path: Path,
    fixed: Grid | None,
    moving: Grid | None,
    header: RireHeader | None = None,
) -> None:
    """Write the corners of the moving volume and where they lie in the fixed one, in mm with four decimals.

    The grids must be those of RIRE's own files: a copy whose axes were reordered has other corners.

    Raises
    ------
    InputError
        A grid is missing.
    GeometryError
        One grid is left-handed and the other is not: between such frames the motion is a mirror image.
    OutputError
        The file cannot be written.
    """
    fixed, moving = both_grids(fixed, moving, f"{path}: a RIRE transform")
    if fixed.is_left_handed != moving.is_left_handed:
        raise GeometryError(
            f"{path}: one volume's axes are left-handed, the other's right-handed",
            expected="both volumes as RIRE distributes them",
            do="give the original RIRE volumes as --fixed and --moving",
        )
    before = apply_affine(rire_from_world(moving), moving.corners)
    after = apply_affine(rire_from_world(fixed), moving_from_fixed.inverse().map(moving.corners))
    with whole_file(path) as temporary:
        temporary.write_text(_text(before, after, header or RireHeader()), encoding="utf-8")


def _parse(text: str, path: Path) -> Float:
    """Return (8, 6) numbers: x, y, z and new x, y, z of the points in the order of their numbers."""
    found = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) == 7 and words[0] in POINT_NUMBERS:
            found[words[0]] = finite(words[1:], f"{path}: RIRE point {words[0]}", 6)
    if len(found) != 8:
        raise InputError(
            f"{path} is not a RIRE transform",
            expected="points 1 to 8 with six numbers each",
            got=f"{len(found)} points",
        )
    return np.array([found[number] for number in sorted(found)])


def _fitted(before: Float, after: Float, path: Path) -> Rigid:
    """Return the rigid transform that takes `before` to `after` with least squared error (Kabsch)."""
    centre_before, centre_after = before.mean(axis=0), after.mean(axis=0)
    U, spread, Vt = np.linalg.svd((after - centre_after).T @ (before - centre_before))
    if spread[1] < 1e-6:
        raise GeometryError(
            f"{path}: its points lie on one line", expected="a volume of at least two voxels along two axes"
        )
    R = U @ np.diag([1.0, 1.0, np.sign(np.linalg.det(U @ Vt))]) @ Vt
    matrix = np.eye(4)
    matrix[:3, :3] = R
    matrix[:3, 3] = centre_after - R @ centre_before
    return rigid_or_refuse(matrix, path)


def _text(before: Float, after: Float, header: RireHeader) -> str:
    rows = [
        f"{number:3d}  " + " ".join(f"{value + 0.0:10.4f}" for value in (*old, *new))
        for number, (old, new) in enumerate(zip(before.round(4), after.round(4), strict=True), start=1)
    ]
    lines = [
        RULE,
        "Transformation Parameters",
        "",
        f"Investigator(s): {header.investigators}",
        "",
        f"Site: {header.site}",
        "",
        f"Method: {header.method}",
        f"Date: {header.date}",
        f"Patient number: {header.patient}",
        f"From: {header.from_name}",
        f"To: {header.to_name}",
        "",
        "Point      x          y          z        new_x      new_y      new_z",
        "",
        *rows,
        "",
        "(All distances are in millimeters.)",
        RULE,
    ]
    return "\n".join(lines) + "\n"
