"""Writing NIfTI-1: both forms, code 1 (scanner) and mm.

The sform is float32, which costs less than 1e-4 mm in a scan within half a metre of the origin. The
quaternion of the qform costs more where the axes are nearly, but not quite, LPS (readers then recover a small
number as the root of a difference): up to 0.3 mm in a head. There the qform is left out, code 0.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from cephalign.errors import InputError, OutputError
from cephalign.geometry.grid import apply_affine
from cephalign.geometry.volume import Volume
from cephalign.io.atomic import whole_file
from cephalign.io.voxels import writable

FAST_GZIP = 1
DESCRIPTION_LENGTH = 79
QFORM_TOLERANCE_MM = 0.01


def write(volume: Volume, path: Path, description: str = "") -> None:
    """Write NIfTI-1 in the data's own type; .gz is packed fast, and the same volume gives the same bytes.

    Raises
    ------
    InputError
        A data type that NIfTI does not have, or a description beyond 79 ASCII characters.
    OutputError
        An axis beyond 32767 voxels, or the file cannot be written.
    """
    data = writable(volume.data, path)
    if max(data.shape) > np.iinfo(np.int16).max:
        raise OutputError(
            f"cannot write {path}", expected="at most 32767 voxels an axis", do="write .mha or .nrrd"
        )
    make: Any = nib.Nifti1Header
    header = make(endianness="<")
    header.set_data_shape(data.shape)
    header.set_data_dtype(data.dtype.newbyteorder("<"))
    header.set_sform(volume.grid.world_from_voxel, code=1)
    header.set_qform(volume.grid.world_from_voxel, code=1)
    as_qform = apply_affine(header.get_qform() @ volume.grid.voxel_from_world, volume.grid.corners)
    header["qform_code"] = int(np.abs(as_qform - volume.grid.corners).max() < QFORM_TOLERANCE_MM)
    header.set_xyzt_units("mm", "unknown")
    header["descrip"] = _descrip(description)
    header["magic"], header["vox_offset"] = b"n+1", 352
    voxels = np.ascontiguousarray(data.T).astype(data.dtype.newbyteorder("<"), copy=False)
    with whole_file(path) as temporary, temporary.open("wb") as file:
        if path.suffix.lower() == ".gz":
            # Neither the time nor the (temporary) name belongs in the bytes.
            with gzip.GzipFile("", "wb", FAST_GZIP, file, mtime=0) as packed:
                packed.write(header.binaryblock + bytes(4))
                packed.write(voxels)  # type: ignore[arg-type]
        else:
            file.write(header.binaryblock + bytes(4))
            file.write(voxels)  # type: ignore[arg-type]


def _descrip(description: str) -> bytes:
    if not description.isascii() or len(description) > DESCRIPTION_LENGTH:
        raise InputError(
            "NIfTI cannot hold the description",
            expected=f"at most {DESCRIPTION_LENGTH} ASCII characters",
            got=repr(description),
        )
    return description.encode("ascii")
