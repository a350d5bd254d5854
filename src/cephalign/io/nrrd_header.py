"""The header of a NRRD file (.nrrd, .nhdr): what its voxels are and where they are kept."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from cephalign.errors import GeometryError, InputError
from cephalign.io.exchange import finite
from cephalign.io.itk_headers import MOST_HEADER, StoredVoxels, counts, data_file, fields, refuse_not_3d
from cephalign.io.voxels import read_part

TYPES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
# ITK knows these three and takes every other space for LPS.
SPACES = {"ras", "las", "lps"} | {
    f"{x}-superior" for x in ("right-anterior", "left-anterior", "left-posterior")
}


def stored_voxels(path: Path) -> StoredVoxels:
    """Check the header of a .nrrd or .nhdr file; no space origin counts as 0, as in ITK.

    Raises
    ------
    InputError
        Not one 3D image of real numbers in one piece of raw or gzip data, or larger than its file.
    GeometryError
        A space that ITK would take for LPS, or neither directions nor spacings.
    """
    start = read_part(path, 0, MOST_HEADER)
    found = re.search(rb"\r?\n\r?\n", start)
    if not start.startswith(b"NRRD000"):
        raise InputError(f"{path} is not a NRRD file", expected="a first line NRRD000...")
    keys = fields(start[: found.start() if found else len(start)], ":", path)
    refuse_not_3d(path, keys.get("dimension", "?"), "1")
    dtype = next((code for code, names in TYPES.items() if keys.get("type", "").lower() in names), None)
    encoding = keys.get("encoding", "?").lower()
    if dtype is None or encoding not in {"raw", "gzip", "gz"}:
        raise InputError(
            f"{path}: unknown type or encoding",
            expected="integers or floats, raw or gzip",
            got=f"{keys.get('type', 'no type')}, {encoding}",
            do="rewrite it, for example with unu save -e gzip",
        )
    for key in ("line skip", "lineskip", "byte skip", "byteskip"):
        if keys.get(key, "0") != "0":
            raise InputError(
                f"{path}: it skips the beginning of its data", expected=f"{key}: 0", got=keys[key]
            )
    space = keys.get("space", "").lower()
    if space and space not in SPACES:
        raise GeometryError(f"{path}: unknown space", expected="RAS, LAS or LPS", got=space)
    units = set(re.findall(r'"([^"]*)"', keys.get("space units", "")))
    if units - {"", "mm", "millimeter", "millimetre"}:
        raise GeometryError(
            f"{path}: its lengths are not in mm",
            expected='space units: "mm" "mm" "mm"',
            got=str(sorted(units)),
        )
    _check_numbers(path, keys)
    name = keys.get("data file", keys.get("datafile", ""))
    if not name and not found:
        raise InputError(f"{path}: its header has no end", expected="an empty line before the data")
    return StoredVoxels(
        file=data_file(path, name) if name else path,
        offset=0 if name or not found else found.end(),
        shape=counts(path, keys.get("sizes", "")),
        dtype=np.dtype((">" if keys.get("endian", "").lower() == "big" else "<") + dtype),
        deflated=encoding != "raw",
        is_oriented=bool(space) and "space directions" in keys,
    )


def _check_numbers(path: Path, keys: dict[str, str]) -> None:
    if "space directions" in keys:
        finite(re.split(r"[(),\s]+", keys["space directions"].strip("() ")), f"{path}: space directions", 9)
    elif "spacings" in keys:
        finite(keys["spacings"].split(), f"{path}: spacings", 3)
    else:
        raise GeometryError(f"{path} does not say its voxel size", expected="space directions or spacings")
    if "space origin" in keys:
        finite(re.split(r"[(),\s]+", keys["space origin"].strip("() ")), f"{path}: space origin", 3)
