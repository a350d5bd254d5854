"""The moving scan on the fixed grid as a new DICOM series: one classic image for each slice."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from cephalign import __version__
from cephalign.geometry.grid import Float, Grid, apply_affine
from cephalign.geometry.volume import Volume
from cephalign.io.dicom_file import quiet_pydicom
from cephalign.io.dicom_kinds import add_acquisition, kind_of
from cephalign.io.dicom_objects import (
    MAKER,
    Move,
    add_copies,
    coded,
    decimals,
    fixed_frame,
    new_object,
    save,
)
from cephalign.io.dicom_pixels import Stored, stored
from cephalign.io.dicom_source import Series
from cephalign.io.folders import whole_folder
from cephalign.io.frames import RAS_FROM_LPS

SERIES_STEP = 1000
# What is shown where the scan does not say it: of CT soft tissue (HU), of others all but the rarest values.
CT_SHOWN = (-160.0, 240.0)
PART_SHOWN = (0.5, 99.5)
EQUIPMENT = (
    *("Manufacturer", "ManufacturerModelName", "InstitutionName", "StationName", "DeviceSerialNumber"),
    "SoftwareVersions",
)


def write_images(shown: Volume, folder: Path, move: Move, *, padding: float) -> None:
    """Write a series, whole or not at all.

    Parameters
    ----------
    shown : Volume
        The moving scan, already on the fixed grid.
    folder : Path
        Is made; one that is there is replaced.
    move : Move
    padding : float
        The value where the moving scan has none.

    Raises
    ------
    InputError
        Images of this modality cannot be written.
    OutputError
        A file cannot be written.
    """
    pixels = stored(shown)
    with quiet_pydicom():
        content = sha256(pixels.values.tobytes(order="F")).hexdigest()
        common = _common(shown, move, move.uid(content))
        _add_values(common, shown, pixels, padding)
        with whole_folder(folder) as temporary:
            for k in range(shown.grid.shape[2]):
                uid = move.uid(content, str(k))
                save(_slice(common, shown.grid, move, pixels, k), temporary / f"{k + 1:04d}.dcm", uid)


def refuse_unwritable(fixed: Series, moving: Series) -> None:
    """Raise `InputError` where the one could not be written as images on the other; see `write_images`."""
    fixed_frame(fixed)
    kind_of(moving)


def _common(shown: Volume, move: Move, series_uid: str) -> Dataset:
    """Return what all images of the new series say, but for their values."""
    moving, kind = move.moving, kind_of(move.moving)
    modality = moving.images[0].modality
    name = f"{moving.text('SeriesDescription') or modality}, registered"
    made = new_object(
        move, kind.sop_class, modality, series_uid=series_uid, number=SERIES_STEP, description=name
    )
    add_copies(made, move.fixed, or_empty=kind.lying)
    add_acquisition(made, moving, kind)
    made.ImageType = _image_type(moving, modality)
    made.DerivationDescription = (
        f"Resampled by {MAKER} {__version__} on the grid of series {move.fixed.uid}: "
        f"moved rigidly, interpolated linearly. {move.remark}"
    )
    made.DerivationCodeSequence = coded(codes.cid7203.SpatialResampling)
    if equipment := _equipment(moving):
        made.ContributingEquipmentSequence = equipment
    i_mm, j_mm, k_mm = shown.grid.spacing
    made.PixelSpacing = decimals((j_mm, i_mm))
    made.SliceThickness, made.SpacingBetweenSlices = decimals((k_mm, k_mm))
    lps = RAS_FROM_LPS[:3, :3] @ shown.grid.directions
    made.ImageOrientationPatient = decimals(lps[:, :2].T.ravel())
    if modality == "PT":
        made.NumberOfSlices = shown.grid.shape[2]
    return made


def _add_values(made: Dataset, shown: Volume, pixels: Stored, padding: float) -> None:
    """Say how stored values are to be read, rescaled and shown."""
    made.Columns, made.Rows = shown.grid.shape[:2]
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit = 16, 16, 15
    made.PixelRepresentation = int(pixels.values.dtype.kind == "i")
    if (shown.data == padding).any():
        made.PixelPaddingValue = pixels.of(padding)
    if made.Modality != "MR" or (pixels.slope, pixels.intercept) != (1.0, 0.0):
        made.RescaleSlope, made.RescaleIntercept = decimals((pixels.slope, pixels.intercept))
    if made.Modality == "CT":
        made.RescaleType = "HU"
    if not (made.get("WindowCenter") and made.get("WindowWidth")):
        low, high = CT_SHOWN if made.Modality == "CT" else np.percentile(shown.data, PART_SHOWN)
        made.WindowCenter, made.WindowWidth = decimals(
            (round((low + high) / 2, 3), max(round(high - low, 3), 1.0))
        )


def _slice(common: Dataset, grid: Grid, move: Move, pixels: Stored, k: int) -> Dataset:
    """Return one image, but for its UID."""
    made = Dataset()
    made.update(common)
    lps_from_voxel = RAS_FROM_LPS @ grid.world_from_voxel
    corner = lps_from_voxel @ (0, 0, k, 1)
    made.ImagePositionPatient = decimals(corner[:3])
    normal = np.cross(lps_from_voxel[:3, 0], lps_from_voxel[:3, 1])
    (made.SliceLocation,) = decimals([round(float(corner[:3] @ normal / np.linalg.norm(normal)), 4)])
    made.InstanceNumber = k + 1
    if made.Modality == "PT":
        made.ImageIndex = k + 1
    i, j = (n - 1 for n in grid.shape[:2])
    corners = apply_affine(grid.world_from_voxel, [(0, 0, k), (i, 0, k), (0, j, k), (i, j, k)])
    numbers = _contributing(move.moving, move.moving_from_fixed.map(corners))
    if numbers:
        made.SourceImageSequence = move.moving.references(numbers)
        for item in made.SourceImageSequence:
            item.PurposeOfReferenceCodeSequence = coded(codes.cid7202.SourceImageForImageProcessingOperation)
            item.SpatialLocationsPreserved = "NO"
    plane = pixels.values[..., k].T
    made.PixelData = plane.astype(plane.dtype.newbyteorder("<")).tobytes()
    return made


def _contributing(moving: Series, corners: Float) -> list[int]:
    """Return which images of the moving series a plane goes through, or between."""
    along = moving.stack.along
    corners_lps = apply_affine(RAS_FROM_LPS, corners)
    way = (corners_lps - moving.stack.origin) @ moving.stack.frame[:, 2]
    gap = np.diff(along).max()
    return [int(n) for n in np.flatnonzero((along > way.min() - gap) & (along < way.max() + gap))]


def _image_type(moving: Series, modality: str) -> list[str]:
    """Return the words of each modality; of a single MR image the third tells its contrast, and is kept."""
    if modality == "PT":
        return ["DERIVED", "PRIMARY"]
    element = moving.agreed("ImageType") if moving.images[0].frame is None else None
    contrast = element.value[2] if element is not None and element.VM > 2 else "OTHER"
    return ["DERIVED", "SECONDARY", "AXIAL" if modality == "CT" else contrast]


def _equipment(moving: Series) -> list[Dataset]:
    """Return what stands behind a series: the scanner, and what else its headers name."""
    scanner = Dataset()
    add_copies(scanner, moving, EQUIPMENT)
    scanner.PurposeOfReferenceCodeSequence = coded(codes.cid7005.AcquisitionEquipment)
    earlier = moving.agreed("ContributingEquipmentSequence")
    return [*([scanner] if "Manufacturer" in scanner else []), *(earlier.value if earlier else [])]
