"""MetaImage (.mha, .mhd) and NRRD (.nrrd, .nhdr): geometry through SimpleITK, which speaks LPS."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK

from cephalign.errors import GeometryError, InputError, OutputError
from cephalign.geometry.grid import Float
from cephalign.geometry.volume import Volume
from cephalign.io import metaimage_header, nrrd_header
from cephalign.io.atomic import whole_file
from cephalign.io.frames import RAS_FROM_LPS
from cephalign.io.voxels import grid_or_refuse, read_voxels, unoriented_grid, voxels_of, writable

sitk: Any = SimpleITK  # it has no types
NRRD_SUFFIXES = {".nrrd", ".nhdr"}
FAST_ZLIB = 1


def read(path: Path, *, allow_unoriented: bool = False) -> Volume:
    """Read a 3D MetaImage or NRRD file.

    A MetaImage without TransformMatrix counts as LPS axes, as in ITK. A NRRD file without space or space
    directions is refused, although ITK would take it for LPS.

    Parameters
    ----------
    path : Path
    allow_unoriented : bool
        Take such a NRRD file: its spacing, axes R, A, S, centre at the world origin.

    Returns
    -------
    Volume
        Integers keep their type, float64 becomes float32; modality unknown.

    Raises
    ------
    InputError
        Missing, damaged, cut short, not 3D, several channels, an encoding other than raw, zlib or gzip.
    GeometryError
        No orientation or spacing, or an impossible one.
    """
    is_nrrd = path.suffix.lower() in NRRD_SUFFIXES
    stored = (nrrd_header if is_nrrd else metaimage_header).stored_voxels(path)
    spacing, world_from_voxel = _geometry(path, "NrrdImageIO" if is_nrrd else "MetaImageIO", stored.shape)
    if stored.is_oriented:
        grid = grid_or_refuse(path, stored.shape, world_from_voxel)
    elif allow_unoriented:
        grid = unoriented_grid(path, stored.shape, spacing)
    else:
        raise GeometryError(
            f"{path} does not say where it lies in space",
            expected="space and space directions",
            do="--allow-unoriented takes its axes as right, anterior, superior and its centre as the origin",
        )
    wanted = math.prod(stored.shape) * stored.dtype.itemsize
    # ITK would hand out damaged data without a word.
    content = read_voxels(
        stored.file, wanted, stored.shape[2], offset=stored.offset, deflated=stored.deflated
    )
    return Volume(voxels_of(content, stored.shape, stored.dtype, stored.file), grid)


def write(volume: Volume, path: Path, description: str = "") -> None:
    """Write .mha or .nrrd, compressed, in the data's own type.

    Raises
    ------
    InputError
        A data type that ITK does not have.
    OutputError
        The file cannot be written.
    """
    data = writable(volume.data, path)
    image = sitk.GetImageFromArray(data.T)  # SimpleITK's arrays are [k, j, i]
    lps_from_voxel = RAS_FROM_LPS @ volume.grid.world_from_voxel
    image.SetSpacing(volume.grid.spacing.tolist())
    image.SetOrigin(lps_from_voxel[:3, 3].tolist())
    image.SetDirection((lps_from_voxel[:3, :3] / volume.grid.spacing).ravel().tolist())
    if description:
        image.SetMetaData("Comment", description)
    with whole_file(path) as temporary, _quiet_itk():
        try:
            sitk.WriteImage(image, str(temporary), useCompression=True, compressionLevel=FAST_ZLIB)
        except RuntimeError as error:
            raise OutputError(
                f"cannot write {path}: {_last_line(error)}", do="free space or choose another folder"
            ) from error


def _geometry(path: Path, image_io: str, shape: tuple[int, int, int]) -> tuple[Float, Float]:
    """Return (3,) spacing in mm and (4, 4) world_from_voxel in RAS as ITK understands the header."""
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    reader.SetImageIO(image_io)
    with _quiet_itk():
        try:
            reader.ReadImageInformation()
        except RuntimeError as error:
            raise InputError(f"{path}: ITK cannot read its header: {_last_line(error)}") from error
    if reader.GetSize() != shape:
        raise InputError(
            f"{path}: its header is damaged", expected=f"size {shape}", got=str(reader.GetSize())
        )
    spacing = np.array(reader.GetSpacing())
    lps_from_voxel = np.eye(4)
    lps_from_voxel[:3, :3] = np.array(reader.GetDirection()).reshape(3, 3) * spacing
    lps_from_voxel[:3, 3] = reader.GetOrigin()
    return spacing, RAS_FROM_LPS @ lps_from_voxel


@contextmanager
def _quiet_itk() -> Iterator[None]:
    """Keep ITK's warnings off the user's screen: what matters in them is checked by us."""
    before = sitk.ProcessObject.GetGlobalWarningDisplay()
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        yield
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(before)


def _last_line(error: Exception) -> str:
    return next((line for line in reversed(str(error).splitlines()) if line.strip()), "unknown reason")[:200]
