"""What a record says of its inputs: a hash that shows whether a scan is still the same."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from cephalign.errors import InputError


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, or of the files in a folder.

    A file's is that of its bytes, as `sha256sum` prints it. A folder's, as of a DICOM series, is that of one
    line for each file, sorted by name: the file's own hash, two spaces, its name, a line feed. So it depends
    on the names and contents of the files, and not on where the folder lies. Folders within it do not count,
    since no reader looks into them.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    InputError
        The path, or a file in the folder, is missing or cannot be read.
    """
    path = Path(path)
    try:
        if not path.is_dir():
            return _of_file(path)
        files = [entry for entry in path.iterdir() if entry.is_file() or not entry.exists()]
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    # Names are bytes on disk, and their order must not follow the language of the machine.
    lines = sorted((os.fsencode(file.name), _of_file(file).encode()) for file in files)
    return hashlib.sha256(b"".join(digest + b"  " + name + b"\n" for name, digest in lines)).hexdigest()


def _of_file(path: Path) -> str:
    """Hash a file piece by piece: it may be larger than memory."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
