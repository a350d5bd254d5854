"""Table 1 pair by pair: by how much each method is nearer than the proposed one, and how sure that is."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from cephalign.geometry.grid import Float
from cephalign.study import table1
from cephalign.study.study import Study
from cephalign.study.table import Cell, Table, cells_of_splits, table_of

STREAM = 4_000_000  # of the seed
DRAWS = 10_000
COLUMNS = (
    "method",
    "mean TRE",
    "less than the proposed's by",
    "95 % of it, by heads",
    "nearer, of all pairs",
)


def of_paired(study: Study) -> Table:
    """Return the table; without the proposed method's own cells it has no rows."""
    cells_of = partial(cells_of_splits, study, table1.TABLE)
    proposed = cells_of(table1.PROPOSED)
    if proposed is None:
        return Table(COLUMNS, [], (table1.PROPOSED,))
    base = _errors(proposed)
    tests = [study.split(split).test for split in range(study.scale.splits)]
    heads = np.repeat(np.concatenate(tests), study.scale.test_copies)

    def row(_: str, cells: list[Cell]) -> tuple[str, ...]:
        errors = _errors(cells)
        gains = base - errors
        low, high = interval(gains, heads, np.random.default_rng([study.seed, STREAM]))
        return (
            f"{errors.mean():.1f}",
            f"{gains.mean():.1f}",
            f"{low:.1f} to {high:.1f}",
            f"{(gains > 0).sum()} of {len(gains)}",
        )

    others = [name for name in table1.all_names(study) if name != table1.PROPOSED]
    return table_of(COLUMNS, others, cells_of, row)


def interval(values: ArrayLike, heads: ArrayLike, rng: np.random.Generator) -> tuple[float, float]:
    """Return where 95 % of the means lie if other heads had been drawn: a bootstrap by heads.

    Parameters
    ----------
    values : (N,) array
    heads : (N,) array of int
        Whose each value is; those of one head are not independent, so that all or none are drawn.
    rng : numpy.random.Generator
    """
    _, which = np.unique(np.asarray(heads), return_inverse=True)
    sums, counts = np.bincount(which, np.asarray(values, dtype=float)), np.bincount(which)
    drawn = rng.integers(len(counts), size=(DRAWS, len(counts)))
    low, high = np.percentile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), (2.5, 97.5)).tolist()
    return low, high


def _errors(cells: list[Cell]) -> Float:
    return np.array([row["TRE"] for cell in cells for row in cell["rows"]])
