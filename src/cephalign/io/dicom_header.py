"""The headers of DICOM images: for each 2D image in a folder what is needed to stack it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cephalign.errors import GeometryError, InputError
from cephalign.io.dicom_file import quiet_pydicom, read_dataset
from cephalign.io.exchange import finite

# Where several images lie at one position, one of these tells them apart.
TELLING_APART = (
    "EchoTime",
    "EchoNumbers",
    "TemporalPositionIdentifier",
    "AcquisitionNumber",
    "DiffusionBValue",
    "ImageType",
    "FrameReferenceTime",
    "AcquisitionTime",
    "ContentTime",
    "InstanceNumber",
)
PLACING = (
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "RescaleSlope",
    "RescaleIntercept",
)
WANTED = [
    *(
        "SeriesInstanceUID",
        "SeriesNumber",
        "SeriesDescription",
        "Modality",
        "SOPInstanceUID",
        "Rows",
        "Columns",
    ),
    *("NumberOfFrames", "SamplesPerPixel", "PhotometricInterpretation", "PixelPaddingValue"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
    *PLACING,
    *TELLING_APART,
]
GROUPS = (
    "PlanePositionSequence",
    "PlaneOrientationSequence",
    "PixelMeasuresSequence",
    "PixelValueTransformationSequence",
)


@dataclass(frozen=True)
class Image:
    """One slice: a file, or one frame of a multi-frame file. Lengths are mm, vectors LPS.

    Parameters
    ----------
    file : Path
    frame : int, optional
        Which frame of the file; None where the file is one image.
    series_uid, series_number, description, modality : str
    columns, rows : int
    spacing_mm : (2,) list
        Distance of neighbours along a row (next column) and along a column (next row).
    position, orientation : list
        ImagePositionPatient, 3 numbers, and ImageOrientationPatient, 6 numbers; empty where missing.
    slope, intercept : float
    padding : float, optional
        The stored value of padding.
    facts : dict
        What may tell it from another image at the same position.
    """

    file: Path
    frame: int | None
    series_uid: str
    series_number: str
    description: str
    modality: str
    columns: int
    rows: int
    spacing_mm: list[float]
    position: list[float]
    orientation: list[float]
    slope: float
    intercept: float
    padding: float | None
    facts: dict[str, str] = field(default_factory=dict)


def read_images(path: Path) -> list[Image]:
    """Return every image in a folder (not below it), or in one file; what is not a DICOM image is skipped.

    Raises
    ------
    InputError
        A DICOM file whose header is damaged, colour images, multi-frame files without positions.
    """
    try:
        files = sorted(file for file in path.iterdir() if file.is_file()) if path.is_dir() else [path]
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    return [image for file in files for image in _images_of(file)]


def _images_of(file: Path) -> Iterator[Image]:
    dataset = read_dataset(file, tags=WANTED)
    if (
        dataset is None
        or "Rows" not in dataset
        or "Columns" not in dataset
        or "SeriesInstanceUID" not in dataset
    ):
        return  # DICOMDIR, reports, contours
    try:
        with quiet_pydicom():
            images = _frames(dataset, file) if int(dataset.get("NumberOfFrames") or 1) > 1 else None
            if images is None:
                images = [_image(dataset, file, None, [dataset])]
            _refuse_colour(dataset, file)
    except (InputError, GeometryError):
        raise
    except Exception as error:  # values are parsed on access, with the same range of errors
        raise InputError(f"{file}: damaged DICOM header ({error})", do="copy or export it again") from error
    yield from images


def _frames(dataset: Any, file: Path) -> list[Image]:
    """Return the frames of an enhanced (multi-frame) file, each placed by its functional groups."""
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence")
    if not per_frame or len(per_frame) != int(dataset.NumberOfFrames):
        raise InputError(
            f"{file}: a multi-frame image without a position for each frame",
            expected="one image a file, or enhanced CT, MR or PET",
            do="export single images, or convert it with dcm2niix",
        )
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [None])[0]
    images = []
    for number, groups in enumerate(per_frame):
        sources = [
            item
            for name in GROUPS
            for place in (groups, shared)
            if place is not None
            for item in place.get(name) or ()
        ]
        content = groups.get("FrameContentSequence") or ()
        images.append(_image(dataset, file, number, [*sources, *content, dataset]))
    return images


def _image(dataset: Any, file: Path, frame: int | None, sources: list[Any]) -> Image:
    """Build an image; a value is taken from the first of `sources` that has it."""

    def value(name: str) -> Any:
        return next(
            (source[name].value for source in sources if name in source and source[name].value is not None),
            None,
        )

    def numbers(name: str, count: int) -> list[float]:
        found = value(name)
        if found is None or found == "" or (hasattr(found, "__len__") and not len(found)):
            return []
        items = [found] if count == 1 else found
        return [float(number) for number in finite(items, f"{file}: {name}", count)]

    columns, rows = int(dataset.Columns), int(dataset.Rows)
    between_rows_columns = numbers("PixelSpacing", 2)
    return Image(
        file=file,
        frame=frame,
        series_uid=str(dataset.SeriesInstanceUID),
        series_number=str(dataset.get("SeriesNumber") or ""),
        description=" ".join(str(dataset.get("SeriesDescription") or "").split())[:40],
        modality=str(dataset.get("Modality") or ""),
        columns=columns,
        rows=rows,
        spacing_mm=between_rows_columns[::-1],
        position=numbers("ImagePositionPatient", 3),
        orientation=numbers("ImageOrientationPatient", 6),
        slope=next(iter(numbers("RescaleSlope", 1)), 1.0),
        intercept=next(iter(numbers("RescaleIntercept", 1)), 0.0),
        padding=next(iter(numbers("PixelPaddingValue", 1)), None),
        facts={"SOPInstanceUID": f"{dataset.get('SOPInstanceUID')}{frame or ''}"}
        | {name: str(value(name)) for name in TELLING_APART if value(name) is not None},
    )


def _refuse_colour(dataset: Any, file: Path) -> None:
    samples = int(dataset.get("SamplesPerPixel") or 1)
    meaning = str(dataset.get("PhotometricInterpretation") or "MONOCHROME2")
    if samples != 1 or not meaning.startswith("MONOCHROME"):
        raise InputError(
            f"{file}: a colour image",
            expected="MONOCHROME1 or MONOCHROME2",
            got=f"{meaning}, {samples} samples",
        )
