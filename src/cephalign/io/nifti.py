"""NIfTI (.nii, .nii.gz): already RAS+, but two affines and several ways to say nothing.

The grid is the sform if its code is above zero, else the qform if its code is above zero; a file with
neither says nothing about where it lies and is refused. How we write it is `nifti_write`.
"""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from nibabel.spatialimages import HeaderDataError
from numpy.typing import NDArray

from cephalign.errors import GeometryError, InputError, ScanWarning
from cephalign.geometry.grid import Float, Grid, apply_affine
from cephalign.geometry.volume import Volume
from cephalign.io.voxels import (
    file_size,
    grid_or_refuse,
    inflate,
    read_part,
    read_voxels,
    refuse_impossible,
    unoriented_grid,
    voxels_of,
)

HEADER_BYTES = {1: 348, 2: 540}
MM_PER_UNIT = {0: 1.0, 1: 1e3, 2: 1.0, 3: 1e-3}  # unknown, metre, mm, micron; unknown means mm everywhere
TYPES = {
    2: "u1",
    4: "i2",
    8: "i4",
    16: "f4",
    64: "f8",
    256: "i1",
    512: "u2",
    768: "u4",
    1024: "i8",
    1280: "u8",
}
APART_MM = 0.5
SHEARED = "resample it onto an orthogonal grid first, or set sform_code to 0 if its qform is the right one"


def read(path: Path, *, allow_unoriented: bool = False) -> Volume:
    """Read a 3D NIfTI-1 or NIfTI-2 file.

    Parameters
    ----------
    path : Path
        .nii or .nii.gz; compression is told by the content.
    allow_unoriented : bool
        Take a file without sform and qform: spacing from pixdim, axes R, A, S, centre at the world origin.

    Returns
    -------
    Volume
        Modality unknown: NIfTI has no field for it that can be trusted. Integers keep their type; scaled data
        and float64 become float32.

    Raises
    ------
    InputError
        Missing, damaged, cut short, not 3D, complex or colour.
    GeometryError
        No orientation, a sheared or impossible one.
    """
    available = file_size(path)
    start = read_part(path, 0, 2)
    deflated = start == b"\x1f\x8b"
    stored = read_part(path, 0, 4096)
    header = _header(inflate(stored, 600, path) if deflated else stored[:600], path)
    shape, dtype, offset = _shape(header, path), _dtype(header, path), _offset(header, path)
    wanted = offset + math.prod(shape) * dtype.itemsize
    refuse_impossible(path, wanted, available, deflated=deflated)
    grid = _grid(header, shape, path, allow_unoriented=allow_unoriented)
    content = read_voxels(path, wanted, shape[2], deflated=deflated)
    data = voxels_of(content, shape, dtype, path, offset=offset)
    return Volume(_scaled(data, header, path), grid)


def _header(start: bytes, path: Path) -> Any:
    """Parse the fixed header; a version is told by its size field and its magic, in either byte order."""
    for version, size in HEADER_BYTES.items():
        magic = start[344:348] if version == 1 else start[4:8]
        sizes = (int.from_bytes(start[:4], "little"), int.from_bytes(start[:4], "big"))
        if size in sizes and len(start) >= size and magic == f"n+{version}\0".encode():
            kind: Any = nib.Nifti1Header if version == 1 else nib.Nifti2Header
            return kind(start[:size], endianness="<" if sizes[0] == size else ">", check=False)
    raise InputError(
        f"{path} is not a NIfTI file, or it is cut short",
        expected="a NIfTI-1 or NIfTI-2 header in one file with the data",
    )


def _shape(header: Any, path: Path) -> tuple[int, int, int]:
    count = int(header["dim"][0])
    dims = [int(n) for n in header["dim"][1 : count + 1]] if 1 <= count <= 7 else []
    if len(dims) < 3 or min(dims) < 1 or max(dims[3:], default=1) > 1:
        raise InputError(
            f"{path} is not one 3D volume",
            expected="three axes",
            got=f"shape {' x '.join(map(str, dims)) or 'unreadable'}",
            do="extract one volume of a series first" if len(dims) > 3 else "",
        )
    return dims[0], dims[1], dims[2]


def _dtype(header: Any, path: Path) -> np.dtype[Any]:
    code = int(header["datatype"])
    if code not in TYPES:
        raise InputError(
            f"{path}: its voxels are no real numbers",
            expected="integers or floats",
            got=f"NIfTI datatype {code}",
        )
    dtype: np.dtype[Any] = np.dtype(header.endianness + TYPES[code])
    return dtype


def _offset(header: Any, path: Path) -> int:
    offset = float(header["vox_offset"])
    if not (HEADER_BYTES[2 if header.sizeof_hdr == 540 else 1] + 4 <= offset < 1e9 and offset.is_integer()):
        raise InputError(
            f"{path}: damaged header", expected="data after the header", got=f"vox_offset {offset:g}"
        )
    return int(offset)


def _grid(header: Any, shape: tuple[int, int, int], path: Path, *, allow_unoriented: bool) -> Grid:
    unit = int(header["xyzt_units"]) & 7
    if unit not in MM_PER_UNIT:
        raise InputError(
            f"{path}: unknown unit of length", expected="metre, mm or micron", got=f"code {unit}"
        )
    to_mm = np.diag([*[MM_PER_UNIT[unit]] * 3, 1.0])
    with np.errstate(all="ignore"):
        if int(header["sform_code"]) > 0:
            grid = grid_or_refuse(path, shape, to_mm @ header.get_sform(), do=SHEARED)
            if int(header["qform_code"]) > 0:
                _warn_of_other(grid, to_mm, header, path)
            return grid
        if int(header["qform_code"]) > 0:
            return grid_or_refuse(path, shape, to_mm @ _qform(header, path))
    if not allow_unoriented:
        raise GeometryError(
            f"{path} does not say where it lies in space",
            expected="an sform or qform code above 0",
            got="both 0",
            do="--allow-unoriented takes its axes as right, anterior, superior and its centre as the origin",
        )
    spacing = np.abs(np.asarray(header["pixdim"][1:4], dtype=np.float64)) * MM_PER_UNIT[unit]
    return unoriented_grid(path, shape, spacing)


def _warn_of_other(grid: Grid, to_mm: Float, header: Any, path: Path) -> None:
    """Say it if a program that goes by the qform sees the scan elsewhere."""
    try:
        other = to_mm @ _qform(header, path)
    except GeometryError:
        return
    apart_mm = np.linalg.norm(
        apply_affine(other @ grid.voxel_from_world, grid.corners) - grid.corners, axis=1
    )
    if apart_mm.max() > APART_MM:
        warnings.warn(
            f"{path}: its sform and its qform lie up to {apart_mm.max():.1f} mm apart; the sform is taken",
            ScanWarning,
            stacklevel=2,
        )


def _qform(header: Any, path: Path) -> Float:
    if float(header["pixdim"][0]) == 0:
        header["pixdim"][0] = 1  # the standard: zero counts as right-handed
    try:
        qform: Float = np.asarray(header.get_qform(), dtype=np.float64)
    except (HeaderDataError, ValueError, ArithmeticError) as error:
        raise GeometryError(f"{path}: its qform is damaged ({error})", do="repair its header") from error
    return qform


def _scaled(data: NDArray[Any], header: Any, path: Path) -> NDArray[Any]:
    """Apply slope and intercept; a slope of zero or NaN means none, as the standard says."""
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if slope == 0 or not math.isfinite(slope) or (slope, intercept) == (1.0, 0.0):
        return data
    if not math.isfinite(intercept):
        raise InputError(
            f"{path}: damaged header", expected="a finite intercept", got=f"scl_inter {intercept}"
        )
    exact = np.float32 if data.dtype.itemsize <= 2 or data.dtype.kind == "f" else np.float64
    with np.errstate(all="ignore"):
        return (data * exact(slope) + exact(intercept)).astype(np.float32, copy=False)
