"""A DICOM series: the images of one folder stacked into a volume.

Slices are ordered by where they lie, never by name or number. Missing slices, a tilted gantry, several series
and several images at one place are refused with the option or the step that resolves them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cephalign.errors import InputError
from cephalign.geometry.volume import Modality, Volume
from cephalign.io.dicom_file import read_pixels
from cephalign.io.dicom_geometry import (
    Stack,
    evened,
    lps_from_voxel,
    refuse_crooked,
    stacked,
    upright,
)
from cephalign.io.dicom_header import Image, read_images
from cephalign.io.dicom_series import chosen, refuse_differing, refuse_repeated, refuse_unless_allowed
from cephalign.io.frames import RAS_FROM_LPS
from cephalign.io.voxels import grid_or_refuse, refuse_huge

if TYPE_CHECKING:
    from cephalign.io.volumes import ReadOptions

MODALITIES = {"CT": Modality.CT, "MR": Modality.MR, "PT": Modality.PET}
AIR_HU = -1000.0


def read(path: Path, options: ReadOptions) -> Volume:
    """Read one series of a folder, or of one multi-frame file.

    Parameters
    ----------
    path : Path
    options : ReadOptions
        `series`, `allow_gaps` (fills by linear interpolation at the distance of the closest slices) and
        `allow_tilt` (moves slices in their planes, linearly; what no slice covers is padding, or air in CT).

    Returns
    -------
    Volume
        Rescaled values (HU for CT): int16 (int32 where they do not fit) if slopes are 1, intercepts whole
        and nothing was interpolated, else float32. MONOCHROME1 is a matter of display and changes nothing.

    Raises
    ------
    InputError
        No images, several series, several images at one place, differing images, colour, damage, or a
        compression nobody here can undo.
    GeometryError
        Missing positions, gaps, tilt, images in different planes.
    """
    images, stack = stacked_images(path, options)
    spacing = images[0].spacing_mm
    refuse_huge(path, images[0].columns * images[0].rows * len(images) * np.dtype(np.int16).itemsize)
    data = _pixels(images)
    if not stack.is_even:
        data, stack = evened(data, stack, str(path))
    if stack.is_tilted:
        data, stack = upright(data, stack, spacing, _padding(images[0]))
    shape = (data.shape[0], data.shape[1], data.shape[2])
    grid = grid_or_refuse(path, shape, RAS_FROM_LPS @ lps_from_voxel(stack, spacing))
    return Volume(data, grid, MODALITIES.get(images[0].modality, Modality.UNKNOWN))


def stacked_images(path: Path, options: ReadOptions) -> tuple[list[Image], Stack]:
    """Return the images of the one series meant in the order of their places; errors as of `read`."""
    images = chosen(read_images(path), path, options.series)
    refuse_differing(images, path)
    stack = stacked(images[0].orientation, [image.position for image in images], str(path))
    images = [images[n] for n in stack.order]
    refuse_repeated(images, stack, path)
    refuse_crooked(stack, str(path))
    refuse_unless_allowed(stack, path, gaps=options.allow_gaps, tilt=options.allow_tilt)
    return images, stack


def _pixels(images: list[Image]) -> NDArray[Any]:
    """Return (columns, rows, slices) rescaled values, Fortran-ordered."""
    opened: dict[Path, NDArray[Any]] = {}
    planes = []
    for image in images:
        if image.file not in opened:
            opened[image.file] = read_pixels(image.file)
        stored = opened[image.file] if image.frame is None else opened[image.file][image.frame]
        if stored.shape != (image.rows, image.columns):
            raise InputError(
                f"{image.file}: damaged pixels",
                expected=f"{(image.rows, image.columns)}",
                got=f"{stored.shape}",
            )
        planes.append(stored.T)
    whole = all(image.slope == 1 and image.intercept.is_integer() for image in images)
    if not whole or planes[0].dtype.kind not in "iu":
        data = np.empty((*planes[0].shape, len(planes)), dtype=np.float32, order="F")
        for k, (image, plane) in enumerate(zip(images, planes, strict=True)):
            data[..., k] = plane * np.float64(image.slope) + image.intercept
        return data
    lowest = min(int(plane.min()) + int(image.intercept) for image, plane in zip(images, planes, strict=True))
    highest = max(
        int(plane.max()) + int(image.intercept) for image, plane in zip(images, planes, strict=True)
    )
    fits = np.iinfo(np.int16).min <= lowest and highest <= np.iinfo(np.int16).max
    values = np.empty((*planes[0].shape, len(planes)), dtype=np.int16 if fits else np.int32, order="F")
    for k, (image, plane) in enumerate(zip(images, planes, strict=True)):
        values[..., k] = plane.astype(np.int64) + int(image.intercept)
    return values


def _padding(image: Image) -> float:
    if image.padding is not None:
        return image.padding * image.slope + image.intercept
    return AIR_HU if image.modality == "CT" else 0.0
