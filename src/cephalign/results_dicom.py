"""What a registration leaves for clinical programs: the moving scan as a DICOM series, and the motion."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cephalign.geometry import Volume
from cephalign.io import dicom_registration
from cephalign.io.dicom_images import refuse_unwritable, write_images
from cephalign.io.dicom_objects import Move
from cephalign.io.dicom_source import Series, read_series
from cephalign.io.volumes import ReadOptions
from cephalign.results import IMAGES, OBJECT

if TYPE_CHECKING:
    from cephalign.registration import Registration  # it loads torch, which need not be there to write


def source_series(
    paths: tuple[Path, Path], options: tuple[ReadOptions, ReadOptions], warn: Callable[[str], None]
) -> tuple[Series, Series]:
    """Read what the DICOM headers of both scans say, and refuse what could not be written later.

    Parameters
    ----------
    paths : pair of Path
        Fixed and moving.
    options : pair of ReadOptions
        As the scans are read with.
    warn : callable
        Told if the two series name different patients.

    Raises
    ------
    InputError
        One is no DICOM series, the fixed one names no frame of reference, or the moving one is neither CT,
        MR nor PET.
    """
    fixed, moving = map(read_series, paths, options)
    refuse_unwritable(fixed, moving)
    named = {series.text("PatientID") for series in (fixed, moving)} - {""}
    if len(named) > 1:
        warn("the two series have different PatientIDs; the DICOM results keep that of MOVING")
    return fixed, moving


def write_dicom(
    found: Registration,
    folder: Path,
    *,
    shown: Volume,
    padding: float,
    series: tuple[Series, Series],
) -> None:
    """Write the moving scan on the fixed grid as a series, and the motion as a registration object.

    Parameters
    ----------
    found : Registration
    folder : Path
        An existing folder.
    shown : Volume
        The moving scan, already on the fixed grid.
    padding : float
        Its value where the moving scan has none.
    series : pair of Series
        Fixed and moving.

    Raises
    ------
    OutputError
        A file cannot be written.
    """
    move = Move(*series, found.moving_from_fixed, f"{found.status.value}: {found.reason}")
    write_images(shown, folder / IMAGES, move, padding=padding)
    dicom_registration.write(move, folder / OBJECT, by_images=True)
