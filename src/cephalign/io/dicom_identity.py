"""What in a DICOM series names a person or an examination: for those who ask for it, and for nobody else."""

from __future__ import annotations

from pathlib import Path

from cephalign.io.dicom_file import quiet_pydicom, read_dataset
from cephalign.io.dicom_header import read_images
from cephalign.io.dicom_series import chosen
from cephalign.io.dicom_source import element_of
from cephalign.io.volumes import ReadOptions, is_dicom

IDENTIFIERS = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "PatientAge",
    "InstitutionName",
    "ReferringPhysicianName",
    "AccessionNumber",
    "StudyID",
    "StudyDate",
    "StudyDescription",
    "StudyInstanceUID",
    "SeriesDate",
    "SeriesNumber",
    "SeriesDescription",
    "SeriesInstanceUID",
)
LONGEST = 80


def identifiers_of(path: Path, options: ReadOptions | None = None) -> dict[str, str]:
    """Return what the first image of a series says of the patient and the examination.

    Parameters
    ----------
    path : Path
    options : ReadOptions, optional
        `series`, where a folder holds several.

    Returns
    -------
    dict
        By DICOM's keywords, only what has a value: one line of printable text of at most 80 characters.
        Empty for other formats.

    Raises
    ------
    InputError
        No DICOM images, damaged ones, or several series.
    """
    path, options = Path(path), options or ReadOptions()
    if not is_dicom(path):
        return {}
    image = chosen(read_images(path), path, options.series)[0]
    with quiet_pydicom():
        header = read_dataset(image.file, tags=["SpecificCharacterSet", *IDENTIFIERS], pixels=False)
        elements = [element_of([header], keyword) for keyword in IDENTIFIERS]
        found = {element.keyword: _plain(str(element.value)) for element in elements if element is not None}
    return {keyword: text for keyword, text in found.items() if text}


def _plain(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:LONGEST]
