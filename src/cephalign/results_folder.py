"""The folder that results go to: all of them or none, and nothing of an earlier run beside them."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

from cephalign.errors import OutputError


@contextmanager
def output_folder(out: Path, outdated: Collection[Path] = ()) -> Iterator[Path]:
    """Give a temporary folder inside `out`; on success its files move into `out`, on failure none does.

    `out` and its parents are made if they are missing, and unmade if nothing came into them.

    Parameters
    ----------
    out : Path
    outdated : collection of Path
        Taken away on success, where nothing replaces them.

    Raises
    ------
    OutputError
        It cannot be made or written to, or the disk is full.
    """
    made = [folder for folder in (out, *out.parents) if not folder.exists()]
    temporary = None
    try:
        out.mkdir(parents=True, exist_ok=True)
        temporary = Path(mkdtemp(prefix=".writing-", dir=out))
        yield temporary
        files = sorted(temporary.iterdir())
        for target in (out / file.name for file in files):  # found out before the first file is in place
            if target.is_dir() and not _is_earlier_series(target, temporary / target.name):
                raise OutputError(f"cannot write {target}: a folder is in the way", do="remove or rename it")
        for file in files:
            if (out / file.name).is_dir():
                shutil.rmtree(out / file.name)
            file.replace(out / file.name)
        for path in set(outdated) - {out / file.name for file in files}:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            f"cannot write to {out}: {reason}", do="free space or choose another folder with --out"
        ) from error
    finally:
        if temporary:
            shutil.rmtree(temporary, ignore_errors=True)
        for folder in made:
            with suppress(OSError):  # it holds results
                folder.rmdir()


def _is_earlier_series(target: Path, new: Path) -> bool:
    """Whether a folder holds only the DICOM images of an earlier run, and such a folder replaces it."""
    return new.is_dir() and is_series(target)


def is_series(folder: Path) -> bool:
    """Whether a folder holds DICOM images and nothing else."""
    return folder.is_dir() and all(file.suffix == ".dcm" and file.is_file() for file in folder.iterdir())
