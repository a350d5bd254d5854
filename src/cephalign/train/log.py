"""What happened in a training, row by row, as CSV."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from cephalign.errors import InputError, OutputError

Row = Mapping[str, float]


class Log:
    """A CSV file that grows; its first column is `step`.

    Parameters
    ----------
    path : Path
        Rows that it holds already stay, up to `step`.
    step : int
        Where the training goes on. A row of a later step is from a leg that did not come to its checkpoint.

    Raises
    ------
    InputError
        The file is no such log.
    OutputError
        It cannot be written.
    """

    def __init__(self, path: Path, step: int) -> None:
        self.path = path
        rows = [row for row in read_log(path) if row["step"] <= step] if path.exists() else []
        self._names = list(rows[0]) if rows else []
        try:
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([self._names, *(row.values() for row in rows)] if rows else [])
        except OSError as error:
            raise OutputError.at(path, error) from error

    def add(self, row: Row) -> None:
        """Write a row; the columns are those of the first."""
        if self._names and list(row) != self._names:
            raise InputError(
                f"{self.path} has other columns",
                expected=", ".join(self._names),
                got=", ".join(row),
                do="choose another --out",
            )
        try:
            with self.path.open("a", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([row.values()] if self._names else [row.keys(), row.values()])
        except OSError as error:
            raise OutputError.at(self.path, error) from error
        self._names = list(row)


def read_log(path: Path) -> list[dict[str, float]]:
    """Read the rows of a log; a last one that was cut short is left out.

    Raises
    ------
    InputError
        Missing, or no log.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            names, *rows = list(csv.reader(file)) or [["step"]]
        if names[0] != "step":
            raise ValueError(names)
        whole = [row for row in rows if len(row) == len(names)]
        return [dict(zip(names, map(_number, row), strict=True)) for row in whole]
    except (OSError, ValueError, IndexError) as error:
        raise InputError(f"cannot read {path}, or it is no log of a training", do="remove it") from error


def _number(cell: str) -> float:
    return int(cell) if cell.lstrip("-").isdigit() else float(cell)
