"""The results: one row a pair and method in a CSV file, added as they come, so that a broken run goes on."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from benchmarks.attempt import Outcome
from cephalign.geometry import Rigid


@dataclass(frozen=True)
class Row:
    """What one method did with one pair; millimetres are of the TRE, NaN where the truth is not known."""

    family: str
    pair: str
    method: str
    start: str
    mean_mm: float = np.nan
    max_mm: float = np.nan
    seconds_inside: float = np.nan
    seconds_whole: float = np.nan
    cpu_seconds: float = np.nan
    peak_mib: float = np.nan
    note: str = ""
    moving_from_fixed: str = ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.family, self.pair, self.method, self.start

    @property
    def rigid(self) -> Rigid | None:
        return Rigid(json.loads(self.moving_from_fixed)) if self.moving_from_fixed else None


def row_of(key: tuple[str, str, str, str], outcome: Outcome, truth: Rigid | None, points: np.ndarray) -> Row:
    """Make a row of what a method did; (N, 3) points are those over which the TRE is taken."""
    found = outcome.moving_from_fixed
    errors = found.distance(truth, points) if found and truth else np.array([np.nan])
    return Row(
        *key,
        mean_mm=float(errors.mean()),
        max_mm=float(errors.max()),
        seconds_inside=outcome.seconds_inside,
        seconds_whole=outcome.seconds_whole,
        cpu_seconds=outcome.cpu_seconds,
        peak_mib=outcome.peak_mib,
        note=outcome.note,
        moving_from_fixed=json.dumps(found.matrix.tolist()) if found else "",
    )


AnyRow = TypeVar("AnyRow")


class Results(Generic[AnyRow]):
    """The rows of one file; `kind` is a dataclass of strings and floats with a `key`."""

    def __init__(self, path: Path, kind: type[AnyRow] = Row) -> None:
        self.path, self.kind = path, kind
        self.rows: list[AnyRow] = []
        if path.is_file():
            with path.open(newline="") as file:
                self.rows = [_parsed(row, kind) for row in csv.DictReader(file)]

    def has(self, key: tuple[str, ...]) -> bool:
        return any(row.key == key for row in self.rows)

    def add(self, row: AnyRow) -> None:
        """Append to the file at once."""
        self.rows.append(row)
        is_new = not self.path.is_file()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", newline="") as file:
            writer = csv.DictWriter(file, [field.name for field in fields(self.kind)])
            if is_new:
                writer.writeheader()
            writer.writerow(asdict(row))

    def forget(self, families: Iterable[str], methods: Iterable[str]) -> None:
        """Drop the rows of these families and methods, and write the others again."""
        kept = [row for row in self.rows if not (row.family in families and row.method in methods)]
        self.rows = []
        self.path.unlink(missing_ok=True)
        for row in kept:
            self.add(row)


def _parsed(row: dict[str, str], kind: type[AnyRow]) -> AnyRow:
    numbers = [field.name for field in fields(kind) if field.type == "float"]
    return kind(**{key: float(value) if key in numbers else value for key, value in row.items()})
