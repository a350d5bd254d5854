"""FreeSurfer's LTA: a matrix from a source (moving) to a destination (fixed) volume, with both geometries."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cephalign.errors import InputError
from cephalign.geometry.grid import Float, Grid
from cephalign.geometry.rigid import Rigid
from cephalign.io.atomic import whole_file
from cephalign.io.exchange import both_grids, exact, finite, read_text, rigid_or_refuse

VOX_TO_VOX, RAS_TO_RAS = 0, 1
# FreeSurfer prints geometries with about six decimals; closer than this two grids are one.
SAME_GRID_MM = 0.01
SMALLEST_SPACING_MM = 1e-3


@dataclass
class _Parsed:
    """The file's fields as text: its head, its matrix, and the two blocks of volume geometry."""

    head: dict[str, str] = field(default_factory=dict)
    rows: list[list[str]] = field(default_factory=list)
    src: dict[str, str] = field(default_factory=dict)
    dst: dict[str, str] = field(default_factory=dict)


def _parse(text: str) -> _Parsed:
    parsed = _Parsed()
    fields = parsed.head
    for raw in text.splitlines():
        line = raw.partition("#")[0].strip()
        if line in ("src volume info", "dst volume info"):
            fields = parsed.src if line.startswith("src") else parsed.dst
        elif "=" in line:
            key, _, value = line.partition("=")
            fields[key.strip()] = value.strip()
        elif line and fields is parsed.head:
            parsed.rows.append(line.split())
    return parsed


def _centre_index(grid: Grid) -> Float:
    """Return the index FreeSurfer calls the centre: half the size, half a voxel beyond the true middle."""
    return np.array(grid.shape) / 2


def _grid(fields: dict[str, str], what: str) -> Grid | None:
    """Return the grid of a geometry block, or None where the file says it is not valid."""
    if fields.get("valid", "0").split()[:1] != ["1"]:
        return None

    def three(key: str) -> Float:
        return finite(fields.get(key, "").split(), f"{what} ({key})", 3)

    shape = three("volume")
    matrix = np.eye(4)
    matrix[:3, :3] = np.column_stack([three("xras"), three("yras"), three("zras")]) * three("voxelsize")
    if np.linalg.norm(matrix[:3, :3], axis=0).min() < SMALLEST_SPACING_MM:
        raise InputError(
            f"{what} cannot be read", expected="positive voxel sizes", got=fields["voxelsize"][:60]
        )
    matrix[:3, 3] = three("cras") - matrix[:3, :3] @ (shape / 2)
    return Grid((int(shape[0]), int(shape[1]), int(shape[2])), matrix)


def _same(a: Grid | None, b: Grid | None) -> bool:
    return (
        a is not None
        and b is not None
        and a.shape == b.shape
        and float(np.abs(a.corners - b.corners).max()) < SAME_GRID_MM
    )


def _refuse_swapped(
    src: Grid | None, dst: Grid | None, fixed: Grid | None, moving: Grid | None, path: Path
) -> None:
    """Refuse grids given the other way round than in the file, which would silently invert the result."""
    if _same(src, fixed) and _same(dst, moving) and not _same(fixed, moving):
        raise InputError(
            f"{path} maps the given fixed volume to the moving one",
            expected="source = moving, destination = fixed",
            got="the reverse",
            do="exchange --fixed and --moving; what comes of it, `cephalign invert` turns round",
        )


def read(path: Path, fixed: Grid | None = None, moving: Grid | None = None) -> Rigid:
    """Read what `mri_robust_register --mov MOVING --dst FIXED --lta` writes, voxel or RAS based.

    Parameters
    ----------
    path : Path
    fixed, moving : Grid, optional
        Needed only where a voxel-based file lacks its geometries; where given they are held against them.

    Returns
    -------
    Rigid
        `moving_from_fixed` in RAS+ mm; the file's own matrix goes from source to destination.

    Raises
    ------
    InputError
        Not an LTA, an unsupported type, several transforms, or the file's direction is the reverse.
    GeometryError
        Not rigid, or a geometry block that is no grid.
    """
    parsed = _parse(read_text(path))
    if parsed.rows[:1] != [["1", "4", "4"]] or len(parsed.rows) < 5:
        raise InputError(
            f"{path} is not an LTA",
            expected="a line '1 4 4' and a 4 x 4 matrix",
            got=str(parsed.rows[:1])[:60],
        )
    kind = parsed.head.get("type", "").split()[:1]
    if kind not in (["0"], ["1"]) or parsed.head.get("nxforms", "1") != "1":
        raise InputError(
            f"{path} is an LTA of an unsupported sort",
            expected="one transform of type 0 (voxels) or 1 (RAS)",
            got=f"type {' '.join(kind) or 'missing'}, nxforms {parsed.head.get('nxforms', '1')[:20]}",
            do="convert with lta_convert --outlta",
        )
    words = [word for row in parsed.rows[1:5] for word in row]
    matrix = finite(words, f"{path}: LTA matrix", 16).reshape(4, 4)
    if not np.allclose(matrix[3], [0, 0, 0, 1], rtol=0, atol=1e-9):
        raise InputError(f"{path} is not an LTA", expected="last row 0 0 0 1", got=exact(matrix[3]))
    src, dst = (_grid(block, f"{path}: LTA geometry") for block in (parsed.src, parsed.dst))
    _refuse_swapped(src, dst, fixed, moving, path)
    if kind == [str(VOX_TO_VOX)]:
        to, source = both_grids(
            dst or fixed, src or moving, f"{path}: a voxel-to-voxel LTA without volume geometry"
        )
        matrix = to.world_from_voxel @ matrix @ source.voxel_from_world
    matrix[3] = [0, 0, 0, 1]
    return rigid_or_refuse(matrix, path).inverse()


def _geometry_lines(name: str, grid: Grid) -> list[str]:
    cosines = grid.directions
    centre = grid.world_from_voxel[:3, :3] @ _centre_index(grid) + grid.world_from_voxel[:3, 3]
    return [
        f"{name} volume info",
        "valid = 1  # volume info valid",
        "filename = unknown",
        "volume = " + " ".join(str(n) for n in grid.shape),
        f"voxelsize = {exact(grid.spacing)}",
        f"xras   = {exact(cosines[:, 0])}",
        f"yras   = {exact(cosines[:, 1])}",
        f"zras   = {exact(cosines[:, 2])}",
        f"cras   = {exact(centre)}",
    ]


def write(moving_from_fixed: Rigid, path: Path, fixed: Grid | None, moving: Grid | None) -> None:
    """Write a RAS-to-RAS LTA (type 1) from source (moving) to destination (fixed), every bit kept.

    Raises
    ------
    InputError
        A grid is missing.
    OutputError
        The file cannot be written.
    """
    fixed, moving = both_grids(fixed, moving, f"{path}: an LTA")
    lines = [
        "# LTA file written by cephalign",
        f"type      = {RAS_TO_RAS} # LINEAR_RAS_TO_RAS",
        "nxforms   = 1",
        "mean      = 0.0 0.0 0.0",
        "sigma     = 1.0",
        "1 4 4",
        *(exact(row) for row in moving_from_fixed.inverse().matrix),
        *_geometry_lines("src", moving),
        *_geometry_lines("dst", fixed),
    ]
    with whole_file(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="ascii")
