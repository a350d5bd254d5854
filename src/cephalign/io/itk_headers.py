"""What the text headers of MetaImage and NRRD share; both are read before ITK sees the file.

ITK believes a header: it takes memory for whatever size it promises, hands out damaged compressed voxels
without a word, and assumes an orientation that is not there. So what it may see is decided here.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cephalign.errors import InputError
from cephalign.io.voxels import file_size, refuse_impossible

MOST_HEADER = 64_000
MOST_LINE = 2_000


@dataclass(frozen=True)
class StoredVoxels:
    """Where the voxels are and how they are packed.

    Parameters
    ----------
    file : Path
        The file that holds them, which may be another than that of the header.
    offset : int
        Bytes before them.
    shape : tuple of three ints
    dtype : dtype
    deflated : bool
    is_oriented : bool
        Whether the header says where the voxels lie.
    """

    file: Path
    offset: int
    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    deflated: bool
    is_oriented: bool = True

    def __post_init__(self) -> None:
        wanted = math.prod(self.shape) * self.dtype.itemsize
        refuse_impossible(self.file, wanted, file_size(self.file) - self.offset, deflated=self.deflated)


def fields(text: bytes, separator: str, path: Path) -> dict[str, str]:
    """Return the fields of a header, with keys in lower case; comments and NRRD's `key:=value` pairs go."""
    keys = {}
    for line in text.decode("latin-1").splitlines():
        if len(line) > MOST_LINE:
            raise InputError(
                f"{path}: a line of its header is too long", expected=f"at most {MOST_LINE} characters"
            )
        key, found, value = line.partition(separator)
        if found and not line.startswith("#") and not value.startswith("="):
            if key.strip().lower() in keys:
                raise InputError(f"{path}: its header says {key.strip()} twice")
            keys[key.strip().lower()] = value.strip()
    return keys


def refuse_not_3d(path: Path, dimension: str, channels: str) -> None:
    """Raise `InputError` for slices, series of volumes, colours and vectors."""
    if dimension != "3" or channels != "1":
        raise InputError(
            f"{path} is not one 3D volume of single numbers",
            expected="3 dimensions and 1 channel",
            got=f"{dimension} dimensions and {channels} channel(s)",
        )


def counts(path: Path, text: str) -> tuple[int, int, int]:
    """Return the three counts of voxels in a header's text."""
    words = text.split()
    if len(words) != 3 or not all(re.fullmatch(r"[0-9]{1,9}", word) and int(word) > 0 for word in words):
        raise InputError(
            f"{path}: its size cannot be read", expected="three counts above 0", got=text or "nothing"
        )
    return int(words[0]), int(words[1]), int(words[2])


def truth(text: str) -> bool:
    """Return whether a MetaImage field says True (ITK looks at its first letter only)."""
    return text[:1].lower() in {"t", "1"}


def data_file(path: Path, name: str) -> Path:
    """Return the one other file that holds the voxels; lists and patterns of slices are refused."""
    if name.upper().split(":")[0].split()[:1] == ["LIST"] or "%" in name:
        raise InputError(
            f"{path}: its voxels are in several files",
            expected="one data file",
            got=name,
            do="rewrite it as .mha or .nrrd",
        )
    file = path.parent / name
    if not name or "\0" in name or not file.is_file():
        raise InputError(
            f"{path}: its data file is missing", expected=str(file), do="keep both files together"
        )
    return file
