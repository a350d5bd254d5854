"""A table of pairs of scans: tab-separated, one pair a line, columns `fixed`, `moving` and `reference`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cephalign.errors import InputError

SCANS, REFERENCE = ("fixed", "moving"), "reference"
# BIDS writes an empty cell so.
EMPTY = ("", "n/a")


@dataclass(frozen=True)
class PairOfPaths:
    """One line of the table.

    Parameters
    ----------
    fixed, moving : Path
    reference : Path, optional
        The file of the transform between the two; none means that they are aligned.
    """

    fixed: Path
    moving: Path
    reference: Path | None


def read_pairs(path: Path) -> list[PairOfPaths]:
    """Read a table of pairs; other columns are left alone.

    Parameters
    ----------
    path : Path
        Tab-separated text with a line of column names. Paths in it start from the folder it lies in.

    Returns
    -------
    list of PairOfPaths

    Raises
    ------
    InputError
        Missing, not such a table, or without a pair.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot read {path}: {getattr(error, 'strerror', None) or 'it is not text'}"
        ) from error
    rows = [[cell.strip() for cell in line.split("\t")] for line in text.splitlines()]
    names = rows[0] if rows else []
    if not {*SCANS, REFERENCE} <= set(names):
        raise InputError(
            f"{path} is no table of pairs",
            expected="a first line with the columns fixed, moving and reference (a transform, or n/a for "
            "two that are aligned), with tabs between",
            got=repr("\t".join(names))[:60],
        )
    pairs = [
        _pair(path, number, dict(zip(names, row, strict=False)))
        for number, row in enumerate(rows[1:], start=2)
        if any(row)
    ]
    if not pairs:
        raise InputError(f"{path} holds no pair", expected="a line for each pair below the column names")
    return pairs


def _pair(path: Path, number: int, row: dict[str, str]) -> PairOfPaths:
    for name in SCANS:
        if row.get(name, "") in EMPTY:
            raise InputError(f"{path}, line {number}: no {name} scan", expected="tabs between the columns")
    reference = row.get(REFERENCE, "")
    return PairOfPaths(
        path.parent / row["fixed"],
        path.parent / row["moving"],
        None if reference in EMPTY else path.parent / reference,
    )
