"""A DICOM series as the source of new objects: its images in their order, and what their headers say."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from cephalign.errors import InputError
from cephalign.io.dicom import stacked_images
from cephalign.io.dicom_file import quiet_pydicom, read_dataset
from cephalign.io.dicom_geometry import Stack
from cephalign.io.dicom_header import Image
from cephalign.io.volumes import ReadOptions, is_dicom

# Without these nothing can refer to an image, nor be filed beside it.
NEEDED = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID")


@dataclass(frozen=True, eq=False)
class Series:
    """One series on disk.

    Parameters
    ----------
    path : Path
        Its folder, or its one multi-frame file.
    images : list of Image
        In the order of their places, as the volume's slices.
    stack : Stack
        Where they lie.
    places : list of lists of Dataset
        Where to look for what is said of each image: its file's header without the pixels, and for a frame
        of a multi-frame file the items of its functional groups.
    """

    path: Path
    images: list[Image]
    stack: Stack
    places: list[list[Any]]

    def agreed(self, keyword: str) -> Any:
        """Return the element (a copy) that all images have alike, or None where they differ or lack it."""
        with quiet_pydicom():
            elements = [element_of(places, keyword) for places in self.places]
            alike = all(element == elements[0] for element in elements[1:])
            return deepcopy(elements[0]) if alike else None

    def first(self, keyword: str) -> Any:
        """Return the element (a copy) of the first image that has one, or None."""
        with quiet_pydicom():
            elements = (element_of(places, keyword) for places in self.places)
            return deepcopy(next((element for element in elements if element is not None), None))

    def text(self, keyword: str) -> str:
        """Return a value that all images have alike as text, empty where there is none."""
        element = self.agreed(keyword)
        return "" if element is None else str(element.value).strip()

    @property
    def uid(self) -> str:
        """Its SeriesInstanceUID."""
        return self.images[0].series_uid

    @property
    def study_uid(self) -> str:
        """The UID of the study that it belongs to."""
        return self.text("StudyInstanceUID")

    @property
    def frame_uid(self) -> str:
        """The UID of its frame of reference, empty where it names none.

        Raises
        ------
        InputError
            Its images name several.
        """
        if self.agreed("FrameOfReferenceUID") is None and self.first("FrameOfReferenceUID") is not None:
            raise InputError(f"{self.path}: its images name different frames of reference", expected="one")
        return self.text("FrameOfReferenceUID")

    def references(self, numbers: Iterable[int] | None = None) -> list[Dataset]:
        """Return an item for each of the objects that hold the numbered images, or for all objects."""
        headers: dict[Path, Any] = {}
        frames: dict[Path, list[int]] = {}
        for number in range(len(self.images)) if numbers is None else numbers:
            image = self.images[number]
            headers[image.file] = self.places[number][0]
            of_file = frames.setdefault(image.file, [])
            if numbers is not None and image.frame is not None:  # a whole object needs no list of its frames
                of_file.append(image.frame + 1)
        return [_reference(header, frames[file]) for file, header in headers.items()]


def _reference(header: Any, frames: list[int]) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = header.SOPClassUID
    item.ReferencedSOPInstanceUID = header.SOPInstanceUID
    if frames:
        item.ReferencedFrameNumber = sorted(frames)
    return item


def element_of(places: list[Any], keyword: str) -> Any:
    """Return an element with a value from the first place that has one, or None."""
    for place in places:
        try:
            if keyword in place and not place[keyword].is_empty:
                return place[keyword]
        except Exception:  # pydicom raises whatever a damaged value makes of it
            continue
    return None


def _header(file: Path) -> Any:
    with quiet_pydicom():
        header = read_dataset(file, pixels=False)
        lacking = [keyword for keyword in NEEDED if element_of([header], keyword) is None]
    if lacking:
        raise InputError(f"{file}: damaged DICOM header", expected=" and ".join(lacking), got="none")
    return header


def _places(header: Any, image: Image) -> list[Any]:
    if image.frame is None:
        return [header]
    try:
        with quiet_pydicom():
            groups = [header.PerFrameFunctionalGroupsSequence[image.frame]]
            groups += header.get("SharedFunctionalGroupsSequence") or []
            sequences = [part.value for group in groups for part in group if part.VR == "SQ"]
            return [header, *(items[0] for items in sequences if items)]
    except Exception as error:  # values are parsed on access, and raise whatever they like
        raise InputError(
            f"{image.file}: damaged DICOM header ({error})", do="copy or export it again"
        ) from error


def read_series(path: Path, options: ReadOptions) -> Series:
    """Read the headers of a series, all of each.

    Parameters
    ----------
    path : Path
    options : ReadOptions
        As the volume was read with.

    Raises
    ------
    InputError
        No DICOM series, or one whose images have no UIDs of their own; else as the volume's reader.
    """
    if not path.exists():
        raise InputError(f"{path} does not exist")
    if not is_dicom(path):
        raise InputError(
            f"{path} is no DICOM series",
            expected="a folder of DICOM files, or one multi-frame file",
            do="DICOM is written only where both scans are DICOM: give their folders",
        )
    images, stack = stacked_images(path, options)
    headers = {image.file: _header(image.file) for image in images}
    found = Series(path, images, stack, [_places(headers[image.file], image) for image in images])
    if found.agreed("StudyInstanceUID") is None:
        raise InputError(f"{path}: its images name different studies", expected="one")
    return found
