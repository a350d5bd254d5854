"""The header of a MetaImage file (.mha, .mhd): what its voxels are and where they are kept."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np

from cephalign.errors import GeometryError, InputError
from cephalign.io.exchange import finite
from cephalign.io.itk_headers import (
    MOST_HEADER,
    StoredVoxels,
    counts,
    data_file,
    fields,
    refuse_not_3d,
    truth,
)
from cephalign.io.voxels import file_size, read_part

TYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG": "i4",  # four bytes in the file on every machine
    "MET_ULONG": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}


def stored_voxels(path: Path) -> StoredVoxels:
    """Check the header of a .mha or .mhd file.

    No TransformMatrix counts as LPS axes and no Offset as 0, as in ITK; AnatomicalOrientation is not used.

    Raises
    ------
    InputError
        Not one 3D image of real numbers in one piece of binary data, or larger than its file.
    GeometryError
        No spacing.
    """
    start = read_part(path, 0, MOST_HEADER)
    found = re.search(rb"^ElementDataFile[ \t]*=[^\n]*\n", start + b"\n", re.MULTILINE)
    text = start[: found.start() if found else 0]
    keys = fields(text, "=", path)
    if not found or "ndims" not in keys:
        raise InputError(
            f"{path} is not a MetaImage file", expected="lines NDims = 3 ... ElementDataFile = ..."
        )
    refuse_not_3d(path, keys["ndims"], keys.get("elementnumberofchannels", "1"))
    if keys.get("elementtype") not in TYPES:
        raise InputError(
            f"{path}: unknown voxel type", expected="MET_SHORT or alike", got=keys.get("elementtype", "none")
        )
    if truth(keys.get("binarydata", "true")) is False:
        raise InputError(f"{path}: its voxels are text", expected="binary data", do="rewrite it with ITK")
    if "elementspacing" not in keys and "elementsize" not in keys:
        raise GeometryError(f"{path} does not say its voxel size", expected="a line ElementSpacing = ...")
    for key, count in (
        ("transformmatrix", 9),
        ("rotation", 9),
        ("orientation", 9),
        ("offset", 3),
        ("position", 3),
    ):
        if key in keys:
            finite(keys[key].split(), f"{path}: {key}", count)
    big = truth(keys.get("binarydatabyteordermsb", keys.get("elementbyteordermsb", "false")))
    shape, dtype = (
        counts(path, keys.get("dimsize", "")),
        np.dtype((">" if big else "<") + TYPES[keys["elementtype"]]),
    )
    name = found.group().partition(b"=")[2].decode(errors="replace").strip()
    offset = found.end() if name.upper() == "LOCAL" else 0
    file = path if name.upper() == "LOCAL" else data_file(path, name)
    skipped = int(finite([keys.get("headersize", "0")], f"{path}: HeaderSize", 1)[0])
    if skipped == -1:  # the data are the end of the file
        offset = max(file_size(file) - math.prod(shape) * dtype.itemsize, 0)
    return StoredVoxels(
        file, offset + max(skipped, 0), shape, dtype, truth(keys.get("compresseddata", "false"))
    )
