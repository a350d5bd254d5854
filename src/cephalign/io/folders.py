"""Folders of results: none is written over unasked, and none is left half-written."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from cephalign.errors import OutputError


def refuse_data(out: Path, *, overwrite: bool, maker: str, record: str, sign: tuple[str, str]) -> None:
    """Refuse a folder that holds data, unless they are our own and may be overwritten.

    Parameters
    ----------
    out : Path
        Need not exist.
    overwrite : bool
    maker : str
        Which verb writes such folders, for the message.
    record, sign : str, (key, value)
        The JSON file by which a folder is known as one of ours, and what stands at its top.

    Raises
    ------
    OutputError
    """
    try:
        holds_data = out.is_dir() and any(out.iterdir())
    except OSError as error:
        raise OutputError(f"cannot read {out}: {error.strerror or error}") from error
    if not holds_data:
        return
    if not overwrite:
        raise OutputError(f"{out} already holds data", do="choose another folder, or give --overwrite")
    try:
        ours = json.loads((out / record).read_text(encoding="utf-8"))[sign[0]] == sign[1]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        ours = False
    if not ours:
        raise OutputError(f"{out} holds data that {maker} has not written", do="choose another folder")


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder beside `path`; on success it becomes `path`, on any failure it is removed.

    A folder that is there already is replaced.

    Raises
    ------
    OutputError
        The folder above is missing or not writable, or the disk is full.
    """
    path = Path(path)
    temporary = None
    try:
        temporary = Path(mkdtemp(prefix=".writing-", dir=path.parent))
        temporary.chmod(0o777 & ~_umask())
        yield temporary
        if path.exists():
            shutil.rmtree(path)
        temporary.replace(path)
    except OSError as error:
        raise OutputError.at(path, error) from error
    finally:
        if temporary:
            shutil.rmtree(temporary, ignore_errors=True)


def _umask() -> int:
    """Return the user's mask for new files, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
