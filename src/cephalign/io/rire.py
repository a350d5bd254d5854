"""RIRE's own volumes: a folder with header.ascii (`Key := value`) and image.bin (big-endian int16) or its .Z.

The project's pages give every volume the patient orientation L : P : H and no position, so its frame starts
at the centre of the first voxel with x along columns, y along rows and z along slices. We read that frame as
LPS, as the project's MetaImage copies do with their identity matrix. Where the patient lay is not in it, and
the gantry tilt some headers mention is not applied: the standard transforms are given in this same frame.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cephalign.errors import GeometryError, InputError
from cephalign.geometry.grid import Grid
from cephalign.geometry.rigid import Rigid
from cephalign.geometry.volume import Volume
from cephalign.io.atomic import whole_file
from cephalign.io.frames import RAS_FROM_LPS
from cephalign.io.lzw import unpack
from cephalign.io.rire_header import ORIENTATION, count_of, header_text, keys_of, modality_of, numbers_of
from cephalign.io.voxels import (
    PACKED_EXCESS,
    file_size,
    grid_or_refuse,
    inflate,
    read_part,
    refuse_huge,
    voxels_of,
)

IMAGE = "image.bin"
# How it may be packed: the project's archives hold the first.
UNPACK = {".Z": unpack, ".gz": inflate}
BIG_ENDIAN = np.dtype(">i2")
# With the bytes in the wrong order neighbours differ by thousands instead of tens.
ROUGHNESS_RATIO = 4.0


def read(header: Path) -> Volume:
    """Read the RIRE volume whose `header.ascii` is given.

    Returns
    -------
    Volume
        int16; index i runs along columns, j along rows, k along slices.

    Raises
    ------
    InputError
        A key is missing or wrong, image.bin has another size or its bytes are swapped.
    GeometryError
        An orientation other than L : P : H, or no spacing.
    """
    keys = keys_of(header)
    shape = (
        count_of(keys, "columns", header),
        count_of(keys, "rows", header),
        count_of(keys, "slices", header),
    )
    for key, wanted in (("bitsallocated", "16"), ("pixelrepresentation", "1")):
        if key in keys and keys[key][-1].split()[:1] != [wanted]:
            raise InputError(
                f"{header}: not RIRE's 16-bit two's complement integers",
                expected=f"{key} {wanted}",
                got=keys[key][-1],
            )
    orientation = keys.get("patientorientation", [ORIENTATION])[-1]
    if "".join(orientation.split()).upper() != "L:P:H":
        raise GeometryError(
            f"{header}: not RIRE's patient orientation", expected=ORIENTATION, got=orientation
        )
    # As in DICOM the first number is the distance of rows, the second that of columns.
    row_mm, column_mm = numbers_of(keys, "pixelsize", 2, header)
    (slice_mm,) = numbers_of(keys, "slicethickness", 1, header)
    grid = grid_or_refuse(header, shape, RAS_FROM_LPS @ np.diag([column_mm, row_mm, slice_mm, 1.0]))
    return Volume(_voxels(header.with_name(IMAGE), shape), grid, modality_of(keys))


def in_rire_frame(volume: Volume) -> tuple[Volume, Rigid]:
    """Lay a scan where RIRE would have it: axes L, P, S, the first voxel's centre at the world origin.

    Parameters
    ----------
    volume : Volume
        Its axes i, j, k are taken for columns, rows and slices, whatever their directions.

    Returns
    -------
    Volume
        The same voxels, which `write` takes.
    Rigid
        `rire_from_world`: takes a point of the given scan to the same anatomy in the returned one.

    Raises
    ------
    GeometryError
        A left-handed grid: no motion lays it on a right-handed one.
    """
    grid = Grid(volume.grid.shape, RAS_FROM_LPS @ np.diag([*volume.grid.spacing, 1.0]))
    rire_from_world = Rigid(grid.world_from_voxel @ volume.grid.voxel_from_world)
    return Volume(volume.data, grid, volume.modality), rire_from_world


def write(volume: Volume, header: Path, description: str = "") -> None:
    """Write `header.ascii` and, beside it, `image.bin`.

    RIRE keeps neither an origin nor directions: only a grid whose axes are L, P, S and whose first voxel is
    the world origin can be written without losing where it lies (`in_rire_frame`).

    Parameters
    ----------
    volume : Volume
    header : Path
        A file named header.ascii.
    description : str
        A few words on what it is, kept as a comment.

    Raises
    ------
    GeometryError
        A grid with an origin or directions of its own.
    InputError
        Values that are not whole or beyond int16.
    OutputError
        The files cannot be written.
    """
    spacing = volume.grid.spacing
    expected = RAS_FROM_LPS @ np.diag([*spacing, 1.0])
    if np.abs(volume.grid.world_from_voxel - expected).max() > 1e-6:
        raise GeometryError(
            f"cannot write {header}: RIRE stores neither an origin nor directions",
            expected="axes L, P, S and the first voxel at the world origin",
            got=str(volume.grid.world_from_voxel[:3].round(3).tolist()),
            do="resample onto such a grid, or write .nii.gz or .mha",
        )
    data = volume.data
    with np.errstate(invalid="ignore"):  # NaN becomes some integer, which then differs
        whole = data.astype(BIG_ENDIAN)
    if not np.array_equal(whole, data):
        raise InputError(
            f"cannot write {header}",
            expected="whole numbers between -32768 and 32767",
            got=f"{data.dtype.name} from {data.min()} to {data.max()}",
            do="round and clip, or write .nii.gz or .mha",
        )
    # The header last: a folder without it is not taken for a volume.
    with whole_file(header) as header_file:
        header_file.write_text(header_text(volume, description), encoding="ascii", errors="replace")
        with whole_file(header.with_name(IMAGE)) as image_file:
            image_file.write_bytes(whole.tobytes(order="F"))


def _voxels(image: Path, shape: tuple[int, int, int]) -> NDArray[Any]:
    wanted = math.prod(shape) * BIG_ENDIAN.itemsize
    refuse_huge(image, wanted)
    packed = [image.with_name(IMAGE + suffix) for suffix in UNPACK]
    if not image.exists() and (there := [path for path in packed if path.exists()]):
        image = there[0]
        stored = UNPACK[image.suffix](read_part(image, 0, 2 * wanted + PACKED_EXCESS), wanted + 1, image)
        size = len(stored)
    else:
        size = file_size(image)
        stored = read_part(image) if size == wanted else b""
    if size != wanted:
        raise InputError(
            f"{image} has not the size its header says",
            expected=f"{wanted} bytes for {' x '.join(map(str, shape))} of int16",
            got=f"{size}",
            do="download it again",
        )
    data = voxels_of(stored, shape, BIG_ENDIAN, image)
    if _roughness(data) > ROUGHNESS_RATIO * _roughness(data.byteswap()):
        raise InputError(
            f"{image}: its bytes are swapped",
            expected="big-endian integers, as RIRE distributes them",
            got="little-endian ones (neighbouring voxels then differ far less)",
            do="swap them back, for example with dd conv=swab",
        )
    return data


def _roughness(data: NDArray[Any]) -> float:
    """Return the mean absolute difference of neighbours along columns, over every fourth row."""
    rows = data[:, ::4].astype(np.int32)
    return float(np.abs(np.diff(rows, axis=0)).mean()) if len(rows) > 1 else 0.0
