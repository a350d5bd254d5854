"""What volume formats share: voxels out of a file, a grid out of a header, refused before they do harm."""

from __future__ import annotations

import gzip
import io
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cephalign.errors import GeometryError, InputError
from cephalign.geometry.grid import Float, Grid
from cephalign.io.exchange import LARGEST

# Deflate cannot store more than this many bytes in one: a longer run of one value needs another code.
DEFLATE_BOUND = 1032
# What cannot be packed grows by less than a thousandth, and by the packer's own header.
PACKED_EXCESS = 1 << 16
# 1024 slices of 1024 x 1024 voxels of 32 bits: no scan of a head has more.
MOST_VOXEL_BYTES = 1 << 32
# No scanner of heads makes voxels below a tenth of a micron; smaller numbers are damage.
SMALLEST_SPACING_MM = 1e-4


def file_size(path: Path) -> int:
    """Return the size of a file in bytes, or raise `InputError` if it is missing or is no file."""
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder", expected="a file")
        return path.stat().st_size
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error


def read_part(path: Path, offset: int = 0, most: int = -1) -> bytes:
    """Read at most `most` bytes (all if negative) from `offset` on, or raise `InputError`."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(most)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error


def read_voxels(path: Path, wanted: int, slices: int, *, offset: int = 0, deflated: bool = False) -> bytes:
    """Read, and unpack, `wanted` bytes and one slice more, so that an end that comes late is seen.

    However large the file is, and whatever it unpacks to, no more is taken from it.
    """
    most = wanted + wanted // slices + 1
    stored = read_part(path, offset, most + most // 1000 + PACKED_EXCESS)
    return inflate(stored, most, path) if deflated else stored


def inflate(stored: bytes, most: int, path: Path) -> bytes:
    """Unpack gzip or zlib bytes, at most `most` of them; a stream that ends early gives fewer.

    Raises
    ------
    InputError
        The packed data are damaged.
    """
    try:
        engine = zlib.decompressobj(wbits=zlib.MAX_WBITS + 32)
        unpacked = engine.decompress(stored, most)
        if engine.eof and engine.unused_data.startswith(b"\x1f\x8b"):  # several members, as bgzip makes them
            with gzip.GzipFile(fileobj=io.BytesIO(stored)) as file:
                unpacked = file.read(most)
    except (zlib.error, EOFError, OSError) as error:
        raise InputError(
            f"{path}: its compressed data are damaged ({error})", do="copy the file again"
        ) from error
    return unpacked


def voxels_of(
    stored: bytes, shape: tuple[int, int, int], dtype: np.dtype[Any], path: Path, *, offset: int = 0
) -> NDArray[Any]:
    """View bytes as a Fortran-ordered array, its first index fastest; the byte order becomes the machine's.

    float64 becomes float32, since no scanner measures seven digits.

    Raises
    ------
    InputError
        Too few bytes, or at least a slice too many: the shape in the header is not that of the data. (Less
        than a slice may be padding.)
    """
    wanted = math.prod(shape) * dtype.itemsize
    slice_bytes = wanted // shape[2]
    if not wanted <= len(stored) - offset < wanted + slice_bytes:
        raise InputError(
            f"{path} does not hold the voxels of its header",
            expected=f"{wanted} bytes for {' x '.join(map(str, shape))} of {dtype.name}",
            got=f"{max(len(stored) - offset, 0)} or more bytes",
            do="copy the file again: it is cut short or its header is wrong",
        )
    flat = np.frombuffer(stored, dtype=dtype, count=math.prod(shape), offset=offset)
    kept = np.dtype(np.float32) if dtype.kind == "f" else dtype.newbyteorder("=")
    with np.errstate(all="ignore"):  # an overflow becomes infinity, a signalling NaN a quiet one
        return flat.astype(kept, copy=False).reshape(shape, order="F")


def refuse_impossible(path: Path, wanted: int, available: int, *, deflated: bool = False) -> None:
    """Compare the bytes a header promises with those the file has, before memory is taken.

    Raises
    ------
    InputError
        No scan of a head has so much, or the file cannot hold it, even where it is compressed.
    """
    possible = available * DEFLATE_BOUND if deflated else available
    if wanted > possible:
        raise InputError(
            f"{path} is cut short or its header is wrong",
            expected=f"{wanted} bytes of voxels as its header says",
            got=f"{'at most ' if deflated else ''}{max(possible, 0)}",
            do="copy the file again",
        )
    refuse_huge(path, wanted)


def refuse_huge(path: Path, wanted: int) -> None:
    """Raise `InputError` where there would be more bytes of voxels than any scan of a head has."""
    if wanted > MOST_VOXEL_BYTES:
        raise InputError(
            f"{path} is larger than any scan of a head",
            expected=f"at most {MOST_VOXEL_BYTES >> 20} MiB of voxels",
            got=f"{wanted >> 20} MiB",
            do="cut the head out of it, or resample it",
        )


def grid_or_refuse(
    path: Path, shape: tuple[int, int, int], world_from_voxel: ArrayLike, do: str = ""
) -> Grid:
    """Make a `Grid` of what a header held; a refusal names the file.

    Raises
    ------
    GeometryError
        NaN, absurd numbers, spacing next to zero, shear.
    """
    matrix: Float = np.asarray(world_from_voxel, dtype=np.float64)
    spacing = np.abs(matrix[:3, :3]).max(axis=0)
    if not (np.abs(matrix) < LARGEST).all() or not (spacing > SMALLEST_SPACING_MM).all():
        raise GeometryError(
            f"{path}: its header does not place the voxels in space",
            expected="finite numbers in mm and a spacing above zero",
            got=str([[float(f"{x:.4g}") for x in row] for row in matrix[:3].tolist()]),
            do=do,
        )
    try:
        return Grid(shape, matrix)
    except GeometryError as error:
        raise GeometryError(
            f"{path}: {error.what}", expected=error.expected, got=error.got, do=do or error.do
        ) from error


def unoriented_grid(path: Path, shape: tuple[int, int, int], spacing_mm: ArrayLike) -> Grid:
    """Place a grid that nobody placed: its axes R, A, S and its centre at the world origin."""
    matrix = np.diag([*np.asarray(spacing_mm, dtype=np.float64), 1.0])
    matrix[:3, 3] = -np.diag(matrix)[:3] * (np.array(shape) - 1) / 2
    return grid_or_refuse(path, shape, matrix)


def writable(data: NDArray[Any], path: Path) -> NDArray[Any]:
    """Return data of a type every format knows, in native order: bool becomes uint8, half floats float32.

    Raises
    ------
    InputError
        Complex, extended or other types.
    """
    if data.dtype == np.bool_:
        return data.astype(np.uint8)
    if data.dtype == np.float16:
        return data.astype(np.float32)
    if data.dtype.kind not in "iuf" or data.dtype.itemsize > 8:
        raise InputError(
            f"cannot write {path}", expected="integers or floats of at most 64 bits", got=data.dtype.name
        )
    return data.astype(data.dtype.newbyteorder("="), copy=False)
