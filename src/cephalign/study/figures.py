"""Figures 6 to 9 in numbers, from the cells."""

from __future__ import annotations

from functools import partial
from itertools import product

import numpy as np

from cephalign.study import fig6, fig7, fig8, fig9
from cephalign.study.study import Study
from cephalign.study.table import Cell, Table, cells_at, table_of
from cephalign.study.tables import SQUARED, squared_of


def of_fig6(study: Study) -> Table:
    """Return the numbers of Fig. 6."""

    def row(_: str, cells: list[Cell]) -> tuple[str, ...]:
        (cell,) = cells
        return (*squared_of(cells), f"{np.median(cell['TRE']):.1f}", f"{cell['seconds to learn']:.0f}")

    columns = ("n", *SQUARED, "TRE median, mm", "seconds to learn")
    return table_of(columns, map(str, study.scale.sweep), partial(_single, study, fig6.TABLE), row)


def of_fig7(study: Study) -> Table:
    """Return Fig. 7 by initial rotation: median and worst TRE, and which way was better."""
    every: list[Cell] = []

    def row(_: str, cells: list[Cell]) -> tuple[str, ...]:
        every.extend(cells)
        ends = [[cell[way][at] for cell in cells] for way, at in product(fig7.WAYS, fig7.PLACES)]
        shown = (f"{np.median(values):.1f} ({max(values):.1f})" for values in ends)
        return (*shown, *map(str, fig7.counts(cells)))

    columns = (
        "degrees",
        *(f"{way}: {at}" for way, at in product(fig7.WAYS, fig7.PLACES)),
        "same",
        "without better",
        "with better",
    )
    made = table_of(columns, map(str, study.scale.turns), partial(fig7.cells_of, study), row)
    if made.missing:
        return made
    share = (f"{100 * part / len(every):.1f} %" for part in fig7.counts(every))
    return Table(columns, [*made.rows, ("all", "", "", "", "", *share)])


def of_fig8(study: Study) -> Table:
    """Return the comparison of regressors: means over splits, and TRE over all copies."""
    splits = cells_at(study, fig8.TABLE, [(split,) for split in range(study.scale.splits)])

    def row(name: str, cells: list[Cell]) -> tuple[str, ...]:
        chosen = [cell["rows"][name] for cell in cells]
        off = np.concatenate([one["TRE"] for one in chosen])
        spread = (f"{value:.1f}" for value in (*np.percentile(off, (50, 95)), off.max()))
        fitted = [cell["seconds to fit"].get(name) for cell in cells]
        return (*squared_of(chosen), *spread, "" if None in fitted else f"{np.mean(fitted):.1f}")

    columns = ("regressor", *SQUARED, "TRE median", "95 %", "worst", "seconds to fit")
    return table_of(columns, fig8.names(), lambda _: splits, row)


def of_fig9(study: Study) -> Table:
    """Return how far off each method is on the pair that is drawn."""
    cells = partial(_single, study, fig9.TABLE)
    names = fig9.all_names(study)
    return table_of(("method", "TRE, mm"), names, cells, lambda _, cells: (f"{cells[0]['TRE']:.1f}",))


def _single(study: Study, table: str, name: str) -> list[Cell] | None:
    return cells_at(study, table, [(name,)])
