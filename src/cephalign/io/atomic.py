"""Writing that either happens whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cephalign.errors import OutputError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; on success it becomes `path`, on any failure it is removed.

    The temporary name keeps all suffixes of `path`, since libraries choose the format by them.

    Raises
    ------
    OutputError
        The folder is missing or not writable, or the disk is full.
    """
    path = Path(path)
    temporary = path.with_name(f".writing-{os.getpid()}-{path.name}")
    try:
        if not path.parent.is_dir():
            raise OutputError(
                f"cannot write {path}", expected="an existing folder", got=f"no folder {path.parent}"
            )
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise OutputError.at(path, error) from error
    finally:
        with suppress(OSError):  # what cannot be written need not be removed
            temporary.unlink()
