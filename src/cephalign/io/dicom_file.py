"""DICOM files through pydicom, which raises whatever a damaged file makes of it."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pydicom
from numpy.typing import NDArray
from pydicom.errors import InvalidDicomError
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from cephalign.errors import InputError

UNCOMPRESSED = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"}


def read_dataset(file: Path, *, tags: list[str] | None = None) -> Any:
    """Read a DICOM file, or only `tags` of its header; None if it is none.

    Raises
    ------
    InputError
        It is DICOM, but damaged.
    """
    try:
        with file.open("rb") as stream:
            start = stream.read(132)
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror or error}") from error
    # Old files lack the preamble and begin at once with group 2 or 8, little-endian.
    bare = start[:2] in {b"\2\0", b"\x08\0"} and start[3:4] == b"\0"
    if start[128:] != b"DICM" and not bare:
        return None
    try:
        with quiet_pydicom():
            dataset = pydicom.dcmread(
                file, stop_before_pixels=tags is not None, specific_tags=tags, force=bare
            )
            if (
                "TransferSyntaxUID" not in dataset.file_meta
            ):  # pydicom has found out, but does not say it there
                dataset.file_meta.TransferSyntaxUID = (
                    ImplicitVRLittleEndian if dataset.original_encoding[0] else ExplicitVRLittleEndian
                )
            return dataset
    except InvalidDicomError:
        return None
    except Exception as error:  # pydicom raises whatever a damaged header makes of it
        if start[128:] != b"DICM":
            return None  # only looked like it
        raise InputError(f"{file}: damaged DICOM file ({error})", do="copy or export it again") from error


def read_pixels(file: Path) -> NDArray[Any]:
    """Return the stored values, (rows, columns) or (frames, rows, columns).

    Raises
    ------
    InputError
        No pixels, damaged ones, or a compression that none of the installed libraries can undo.
    """
    dataset = read_dataset(file)
    try:
        with quiet_pydicom():
            pixels: NDArray[Any] = dataset.pixel_array
            return pixels
    except Exception as error:  # decoders and damaged headers raise whatever they like
        syntax = getattr(getattr(dataset, "file_meta", None), "TransferSyntaxUID", None)
        if syntax is not None and syntax not in UNCOMPRESSED:
            raise InputError(
                f"{file}: its pixels are packed as {syntax.name}",
                expected="a transfer syntax that can be read here",
                do="unpack the series with dcmdjpeg or gdcmconv --raw",
            ) from error
        raise InputError(
            f"{file}: damaged or missing pixels ({error})", do="copy or export it again"
        ) from error


class quiet_pydicom(warnings.catch_warnings):  # noqa: N801 - used as a verb
    """Keep pydicom's remarks on odd headers off the user's screen: what matters in them is checked by us."""

    def __enter__(self) -> None:
        super().__enter__()
        warnings.simplefilter("ignore")
