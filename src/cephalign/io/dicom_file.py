"""DICOM files through pydicom, which raises whatever a damaged file makes of it."""

from __future__ import annotations

import io
import warnings
import zlib
from pathlib import Path
from typing import Any

import pydicom
from numpy.typing import NDArray
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_file_meta_info
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from cephalign.errors import InputError
from cephalign.io.voxels import read_part, refuse_huge, refuse_impossible

UNCOMPRESSED = {
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
}
PREAMBLE_BYTES = 132
# Where the element of the group's length ends, from which that length counts.
META_START = PREAMBLE_BYTES + 12
# A multi-frame scan of a thousand slices has half of it: beyond it a small packed file is a bomb.
MOST_INFLATED = 1 << 30
STEP_BYTES = 1 << 20
# Run-length encoding stores at most 128 equal bytes in two.
RLE_BOUND = 64


def read_dataset(file: Path, *, tags: list[str] | None = None, pixels: bool = True) -> Any:
    """Read a DICOM file; None if it is none.

    Parameters
    ----------
    file : Path
    tags : list of str, optional
        Read only these; by default all.
    pixels : bool
        Whether to read on to the pixels and what comes after them.

    Raises
    ------
    InputError
        It is DICOM, but damaged, or unpacks to more than any scan has.
    """
    start = read_part(file, 0, PREAMBLE_BYTES)
    # Old files lack the preamble and begin at once with group 2 or 8, little-endian.
    bare = start[:2] in {b"\2\0", b"\x08\0"} and start[3:4] == b"\0"
    if start[128:] != b"DICM" and not bare:
        return None
    try:
        with quiet_pydicom():
            inflated = _inflated(file, bare=bare)
            dataset = pydicom.dcmread(
                file if inflated is None else io.BytesIO(inflated),
                stop_before_pixels=not pixels,
                specific_tags=tags,
                force=bare or inflated is not None,
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
    except InputError:
        raise
    except Exception as error:  # pydicom raises whatever a damaged header makes of it
        if start[128:] != b"DICM":
            return None  # only looked like it
        raise InputError(f"{file}: damaged DICOM file ({error})", do="copy or export it again") from error


def read_pixels(file: Path) -> NDArray[Any]:
    """Return the stored values, (rows, columns) or (frames, rows, columns).

    Raises
    ------
    InputError
        No pixels, damaged ones, more of them than the file can hold, or a compression that none of the
        installed libraries can undo.
    """
    dataset = read_dataset(file)
    try:
        with quiet_pydicom():
            _refuse_lies(dataset, file)
            pixels: NDArray[Any] = dataset.pixel_array
            return pixels
    except InputError:
        raise
    except Exception as error:  # decoders and damaged headers raise whatever they like
        syntax = getattr(getattr(dataset, "file_meta", None), "TransferSyntaxUID", None)
        if isinstance(syntax, UID) and syntax not in UNCOMPRESSED:
            raise InputError(
                f"{file}: its pixels are packed as {syntax.name}",
                expected="a transfer syntax that can be read here",
                do="unpack the series with dcmdjpeg or gdcmconv --raw",
            ) from error
        raise InputError(
            f"{file}: damaged or missing pixels ({error})", do="copy or export it again"
        ) from error


def _inflated(file: Path, *, bare: bool) -> bytes | None:
    """Unpack what a deflated file holds, which pydicom does however much comes out; None of another."""
    if bare:
        if DeflatedExplicitVRLittleEndian.encode() in read_part(file, 0, STEP_BYTES):
            raise InputError(f"{file}: a deflated file without a preamble", do="export it again")
        return None
    meta = read_file_meta_info(file)
    if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
        return None
    packed = read_part(file, META_START + int(meta.FileMetaInformationGroupLength))
    if _counted(packed) > MOST_INFLATED:
        raise InputError(
            f"{file} unpacks to more than any scan has",
            expected=f"at most {MOST_INFLATED >> 20} MiB",
            do="export it again, in smaller files",
        )
    return zlib.decompress(packed, -zlib.MAX_WBITS)


def _counted(packed: bytes) -> int:
    """Return how many bytes come out, without keeping them; counting ends beyond `MOST_INFLATED`."""
    engine, count = zlib.decompressobj(-zlib.MAX_WBITS), 0
    for start in range(0, len(packed), STEP_BYTES):
        rest = packed[start : start + STEP_BYTES]
        while rest and count <= MOST_INFLATED:
            count += len(engine.decompress(rest, STEP_BYTES))
            rest = engine.unconsumed_tail
    return count


def _refuse_lies(dataset: Any, file: Path) -> None:
    """Refuse more packed pixels than a scan has or the file can hold; at plain ones pydicom looks."""
    count = int(dataset.Rows) * int(dataset.Columns) * int(dataset.get("NumberOfFrames") or 1)
    wanted = count * int(dataset.BitsAllocated) // 8
    refuse_huge(file, wanted)
    if dataset.file_meta.TransferSyntaxUID == RLELossless:  # a blank image of other codecs may have any size
        refuse_impossible(file, wanted, len(dataset.PixelData) * RLE_BOUND)


class quiet_pydicom(warnings.catch_warnings):  # noqa: N801 - used as a verb
    """Keep pydicom's remarks on odd headers off the user's screen: what matters in them is checked by us."""

    def __enter__(self) -> None:
        super().__enter__()
        warnings.simplefilter("ignore")
