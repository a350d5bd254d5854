"""RIRE's own volumes: a folder with header.ascii (`Key := value`) and image.bin (big-endian int16) or its .Z.

The project's pages give every volume the patient orientation L : P : H and no position, so its frame starts
at the centre of the first voxel with x along columns, y along rows and z along slices. We read that frame as
LPS, as the project's MetaImage copies do with their identity matrix. Where the patient lay is not in it, and
the gantry tilt some headers mention is not applied: the standard transforms are given in this same frame.
"""

from __future__ import annotations

import contextlib
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cephalign.errors import GeometryError, InputError
from cephalign.geometry.grid import Grid
from cephalign.geometry.rigid import Rigid
from cephalign.geometry.volume import Modality, Volume
from cephalign.io.atomic import whole_file
from cephalign.io.exchange import finite
from cephalign.io.frames import RAS_FROM_LPS
from cephalign.io.lzw import unpack
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
MOST_HEADER = 1_000_000
BIG_ENDIAN = np.dtype(">i2")
ORIENTATION = "L : P : H"
MODALITIES = {"CT": Modality.CT, "MR": Modality.MR, "PET": Modality.PET}
WEIGHTINGS = {"T1": Modality.T1, "T2": Modality.T2, "PD": Modality.PD}
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
    keys = _keys(header)
    shape = (_count(keys, "columns", header), _count(keys, "rows", header), _count(keys, "slices", header))
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
    row_mm, column_mm = _numbers(keys, "pixelsize", 2, header)
    (slice_mm,) = _numbers(keys, "slicethickness", 1, header)
    grid = grid_or_refuse(header, shape, RAS_FROM_LPS @ np.diag([column_mm, row_mm, slice_mm, 1.0]))
    return Volume(_voxels(header.with_name(IMAGE), shape), grid, _modality(keys))


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
        header_file.write_text(_header_text(volume, description), encoding="ascii", errors="replace")
        with whole_file(header.with_name(IMAGE)) as image_file:
            image_file.write_bytes(whole.tobytes(order="F"))


def _header_text(volume: Volume, description: str) -> str:
    weighting = next((name for name, modality in WEIGHTINGS.items() if modality == volume.modality), "")
    modality = (
        "MR" if weighting else next((n for n, m in MODALITIES.items() if m == volume.modality), "unknown")
    )
    i_mm, j_mm, k_mm = (float(mm) for mm in volume.grid.spacing)
    columns, rows, slices = volume.grid.shape
    lines = [f"Modality := {modality}"]
    lines += [f"Comments := {' '.join(description.split())}"] if description else []
    lines += ["", f"Slice thickness := {k_mm!r}"]
    lines += [f"Comments := {weighting}"] if weighting else []
    lines += ["", f"Patient Orientation := {ORIENTATION}", "", "Image dimensions := 3"]
    lines += [f"Rows := {rows}", f"Columns := {columns}", f"Slices := {slices}"]
    lines += [f"Pixel size := {j_mm!r} : {i_mm!r}", "Bits allocated := 16", "Bits stored := 16"]
    return "\n".join([*lines, "High bit := 15", "Pixel representation := 1"]) + "\n"


def _keys(header: Path) -> dict[str, list[str]]:
    """Return each key (without spaces, case and a unit in brackets) with its values: some keys repeat."""
    keys: dict[str, list[str]] = {}
    for line in read_part(header, 0, MOST_HEADER).decode(errors="replace").splitlines():
        key, separator, value = line.partition(":=")
        if separator:
            keys.setdefault("".join(key.partition("(")[0].lower().split()), []).append(value.strip())
    if not keys:
        raise InputError(f"{header} is not a RIRE header", expected="lines of the form Key := value")
    return keys


def _numbers(keys: dict[str, list[str]], key: str, count: int, header: Path) -> list[float]:
    if key not in keys:
        raise InputError(f"{header} is not a RIRE header", expected=f"a line '{key} := ...'")
    words = [word for part in keys[key][-1].split(":") for word in part.split()[:1]]  # a unit may follow
    return [float(number) for number in finite(words, f"{header}: {key}", count)]


def _count(keys: dict[str, list[str]], key: str, header: Path) -> int:
    (number,) = _numbers(keys, key, 1, header)
    if not number.is_integer() or number < 1:
        raise InputError(f"{header}: {key} is no count", expected="a whole number above 0", got=str(number))
    return int(number)


def _modality(keys: dict[str, list[str]]) -> Modality:
    with contextlib.suppress(KeyError):
        modality = MODALITIES[keys["modality"][-1].upper()]
        named = [WEIGHTINGS[text.upper()] for text in keys.get("comments", []) if text.upper() in WEIGHTINGS]
        return named[-1] if modality is Modality.MR and named else modality
    return Modality.UNKNOWN


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
