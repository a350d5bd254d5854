"""A table: of rows that were measured to the end, and the names of those that were not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cephalign.study.study import Study

Cell = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """Words in rows.

    Parameters
    ----------
    columns : tuple of str
    rows : sequence of tuple of str
    missing : tuple of str
        What the rows would be of that are not there yet.
    """

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    missing: tuple[str, ...] = ()


def table_of(
    columns: tuple[str, ...],
    names: Iterable[str],
    cells_of: Callable[[str], list[Cell] | None],
    row_of: Callable[[str, list[Cell]], tuple[str, ...]],
) -> Table:
    """Make the rows whose cells are there."""
    rows, missing = [], []
    for name in names:
        cells = cells_of(name)
        if cells is None:
            missing.append(name)
        else:
            rows.append((name, *row_of(name, cells)))
    return Table(columns, rows, tuple(missing))


def cells_at(study: Study, table: str, places: Iterable[tuple[object, ...]]) -> list[Cell] | None:
    """Read some cells of a table, or None if not all of them were measured."""
    wanted = list(places)
    if not all(study.cells.has(table, *place) for place in wanted):
        return None
    return [study.cells.read(table, *place) for place in wanted]


def cells_of_splits(study: Study, table: str, name: str) -> list[Cell] | None:
    """Read what all splits say of a row, or None."""
    return cells_at(study, table, [(name, split) for split in range(study.scale.splits)])
