"""The Spatial Registration object of DICOM: which matrix takes the moving series to the fixed one's frame.

Its matrices are in LPS mm and take a point of a series to the frame that is registered to, here the fixed
one's: the inverse of our `moving_from_fixed`.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import SpatialRegistrationStorage

from cephalign.geometry.grid import Float
from cephalign.io.dicom_file import quiet_pydicom
from cephalign.io.dicom_objects import LONGEST_NAME, Move, coded, decimals, new_object, save
from cephalign.io.dicom_source import Series

SERIES_STEP = 2000
# The object must say when it was made, and the clock would make other bytes each time: it has the date of
# the later of its two scans, and where they have none one that nobody takes for a true one.
DATED = (("ContentDate", "ContentTime"), ("SeriesDate", "SeriesTime"), ("StudyDate", "StudyTime"))
NO_DATE, NO_TIME = "19000101", "000000"


def write(move: Move, path: Path, *, by_images: bool) -> None:
    """Write a registration object.

    Parameters
    ----------
    move : Move
    path : Path
    by_images : bool
        Whether the motion was found in the images; else nothing is said of where it comes from.

    Raises
    ------
    InputError
        The fixed series names no frame of reference.
    OutputError
        The file cannot be written.
    """
    fixed, moving = move.fixed, move.moving
    with quiet_pydicom():
        made = new_object(
            move,
            SpatialRegistrationStorage,
            "REG",
            series_uid=move.uid("registration series"),
            number=SERIES_STEP,
            description=f"{moving.text('SeriesDescription') or moving.images[0].modality}, registration",
        )
        made.ContentDate, made.ContentTime = max(_dated(fixed), _dated(moving))
        made.InstanceNumber, made.ContentLabel, made.ContentCreatorName = 1, "REGISTRATION", None
        made.ContentDescription = move.remark[:LONGEST_NAME]
        # Within one frame of reference only the images tell the two series apart.
        in_one_frame = moving.frame_uid == fixed.frame_uid
        how = codes.cid7100.ImageContentBasedAlignment if by_images else None
        made.RegistrationSequence = [
            _item(fixed, np.eye(4), codes.cid7100.FrameOfReferenceIdentity, by_frame=not in_one_frame),
            _item(moving, move.fixed_from_moving_lps, how, by_frame=not in_one_frame),
        ]
        if move.remark:
            (registration,) = made.RegistrationSequence[1].MatrixRegistrationSequence
            registration.FrameOfReferenceTransformationComment = move.remark[:LONGEST_NAME]
        _add_hierarchy(made, fixed, moving)
        save(made, path, move.uid("registration"))


def _item(series: Series, registered_from_series: Float, how: Code | None, *, by_frame: bool) -> Dataset:
    item, registration, matrix = Dataset(), Dataset(), Dataset()
    if by_frame and series.frame_uid:
        item.FrameOfReferenceUID = series.frame_uid
    item.ReferencedImageSequence = series.references()
    matrix.FrameOfReferenceTransformationMatrixType = "RIGID"
    matrix.FrameOfReferenceTransformationMatrix = decimals(registered_from_series.ravel())
    registration.MatrixSequence = [matrix]
    registration.RegistrationTypeCodeSequence = coded(how) if how else []
    item.MatrixRegistrationSequence = [registration]
    return item


def _add_hierarchy(made: Dataset, fixed: Series, moving: Series) -> None:
    """Say to which series and studies the images belong that the object refers to."""
    in_study, elsewhere = [], []
    for series in (fixed, moving):
        listed = Dataset()
        listed.SeriesInstanceUID = series.uid
        listed.ReferencedInstanceSequence = series.references()
        if series.study_uid == made.StudyInstanceUID:
            in_study.append(listed)
        else:
            study = Dataset()
            study.StudyInstanceUID, study.ReferencedSeriesSequence = series.study_uid, [listed]
            elsewhere.append(study)
    made.ReferencedSeriesSequence = in_study
    if elsewhere:
        made.StudiesContainingOtherReferencedInstancesSequence = elsewhere


def _dated(series: Series) -> tuple[str, str]:
    """Return the first date of a series that is one, with its time."""
    for date, time in DATED:
        elements = series.first(date), series.first(time)
        day, hour = ("" if element is None else str(element.value) for element in elements)
        if re.fullmatch(r"\d{8}", day):
            return day, hour if re.fullmatch(r"\d{6}(\.\d{1,6})?", hour) else NO_TIME
    return NO_DATE, NO_TIME
