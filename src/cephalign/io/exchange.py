"""What the transform formats share: small files, numbers that survive text, asking for both grids."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from cephalign.errors import GeometryError, InputError
from cephalign.geometry.grid import Float, Grid
from cephalign.geometry.rigid import Rigid

# No scanner and no head reaches a kilometre; beyond it a number is damage, and its powers would overflow.
LARGEST = 1e6
# Rigid parameters need kilobytes; a larger file is an image or a deformation under a wrong name.
MOST_BYTES = 4_000_000


def read_bytes(path: Path) -> bytes:
    """Read a whole small file, or raise `InputError`."""
    refuse_large(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error


def refuse_large(path: Path) -> None:
    """Raise `InputError` for a file that is missing, or too large for a transform."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path} is too large for a rigid transform", expected="a few kilobytes")
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error


def read_text(path: Path) -> str:
    """Read a small text file; bytes that are not text become marks on which the parser fails."""
    return read_bytes(path).decode("utf-8", errors="replace")


def finite(values: Iterable[object], what: str, count: int | None = None) -> Float:
    """Turn words or numbers into float64, refusing what is no number, not finite, absurd, or too few or many.

    Parameters
    ----------
    values : iterable of str or numbers
    what : str
        Names the file and the place in it, for the error.
    count : int, optional
        How many are expected.

    Raises
    ------
    InputError
    """
    items = list(values)
    try:
        array = np.array([float(item) for item in items], dtype=np.float64)  # type: ignore[arg-type]
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{what} cannot be read", expected="numbers", got=repr(items)[:80]) from error
    if count is not None and array.size != count:
        raise InputError(f"{what} cannot be read", expected=f"{count} numbers", got=str(array.size))
    if not (np.abs(array) < LARGEST).all():  # false for NaN too
        raise InputError(f"{what} cannot be read", expected="finite numbers in mm", got=repr(items)[:80])
    return array


def exact(values: Iterable[float | str]) -> str:
    """Write numbers with one space between, each as the shortest text that reads back to the same float64."""
    return " ".join(repr(float(value)) for value in values)


def both_grids(fixed: Grid | None, moving: Grid | None, what: str) -> tuple[Grid, Grid]:
    """Return both grids, or raise the `InputError` that says why they are needed and how to give them."""
    if fixed is None or moving is None:
        # Which of them is not said: of an inverse the fixed scan is what the user gave as --moving.
        raise InputError(
            f"{what} depends on the voxel grids of both scans",
            expected="the fixed and the moving volume",
            got="neither" if fixed is moving else "only one of them",
            do="give --fixed and --moving",
        )
    return fixed, moving


def rigid_or_refuse(matrix: Float, path: Path) -> Rigid:
    """Make a `Rigid` of what a file held; a refusal names the file."""
    try:
        return Rigid(matrix)
    except GeometryError as error:
        raise GeometryError(
            f"{path}: {error.what}", expected=error.expected, got=error.got, do=error.do
        ) from error
