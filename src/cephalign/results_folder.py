"""The folder that results go to: all of them or none, and nothing of an earlier run beside them."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

from cephalign.errors import OutputError


@contextmanager
def output_folder(
    out: Path, *, inputs: Collection[Path] = (), outdated: Collection[Path] = ()
) -> Iterator[Path]:
    """Give a temporary folder inside `out`; on success its files move into `out`, on failure none does.

    `out` and its parents are made if they are missing, and unmade if nothing came into them.

    Parameters
    ----------
    out : Path
    inputs : collection of Path
        Never written over.
    outdated : collection of Path
        Taken away on success, where nothing replaces them.

    Raises
    ------
    OutputError
        It cannot be made or written to, the disk is full, or an input is in the way.
    """
    made = [folder for folder in (out, *out.parents) if not folder.exists()]
    temporary = None
    try:
        out.mkdir(parents=True, exist_ok=True)
        temporary = Path(mkdtemp(prefix=".writing-", dir=out))
        yield temporary
        files, needed = sorted(temporary.iterdir()), _needed(inputs)
        for target in (out / file.name for file in files):  # found out before the first file is in place
            if target.is_dir() and not _is_earlier_series(target, temporary / target.name):
                raise OutputError(f"cannot write {target}: a folder is in the way", do="remove or rename it")
            if target.resolve() in needed:
                raise OutputError(f"cannot write {target}: it is an input", do="choose another --out")
        for file in files:
            if (out / file.name).is_dir():
                shutil.rmtree(out / file.name)
            file.replace(out / file.name)
        for path in set(outdated) - {out / file.name for file in files}:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError.at(out, error) from error
    finally:
        if temporary:
            shutil.rmtree(temporary, ignore_errors=True)
        for folder in made:
            with suppress(OSError):  # it holds results
                folder.rmdir()


def outdated_files(out: Path, record: str, names: Iterable[str], inputs: Collection[Path]) -> list[Path]:
    """Return what an earlier run left in a folder, and a later one might not replace.

    Parameters
    ----------
    out : Path
    record : str
        The file by which an earlier run is known.
    names : iterable of str
        Of files, and of folders of DICOM images.
    inputs : collection of Path
        Of the later run; none of them is among the outdated.
    """
    if not (out / record).is_file():
        return []
    found = [path for path in (out / name for name in names) if path.is_file() or _is_series(path)]
    needed = _needed(inputs)
    return [path for path in found if path.resolve() not in needed]


def refuse_other(out: Path, record: str) -> None:
    """Refuse a folder of another kind of results, known by its record."""
    if (out / record).is_file():
        raise OutputError(f"{out} holds other results, with a {record}", do="choose another --out")


def _needed(inputs: Collection[Path]) -> set[Path]:
    """Return the inputs and all folders that they lie in."""
    return {place for path in inputs for place in (path.resolve(), *path.resolve().parents)}


def _is_earlier_series(target: Path, new: Path) -> bool:
    """Whether a folder holds only the DICOM images of an earlier run, and such a folder replaces it."""
    return new.is_dir() and _is_series(target)


def _is_series(folder: Path) -> bool:
    """Whether a folder holds DICOM images and nothing else."""
    return folder.is_dir() and all(file.suffix == ".dcm" and file.is_file() for file in folder.iterdir())
