"""Tables 1, 2 and 3, and what training took, from the numbers of the cells."""

from __future__ import annotations

from functools import partial

import numpy as np

from cephalign.geometry import Modality
from cephalign.metrics.classification import MEASURES, mean_scores
from cephalign.study import table1, table2, table3
from cephalign.study.networks import NETWORKS
from cephalign.study.scores import SUCCESS_MM
from cephalign.study.study import NETWORK, Study
from cephalign.study.table import Cell, Table, cells_of_splits, table_of

PAPERS = ("DSC", "JSC", "Rp", "Rs", "CMS", "SSIM")
BOUNDARY = ("Rp boundary", "Rs boundary", "CMS boundary")
SCORED = (
    "method",
    "TRE median",
    "95 %",
    "worst",
    "at a point",
    *(f"below {most:g} mm, %" for most in SUCCESS_MM),
    *PAPERS,
    *BOUNDARY,
    "no answer",
    "seconds",
)
SQUARED = ("R² pooled", "R² mean of six", "R² of each: turns about x, y, z; shifts along x, y, z")
TWO = ("CT", "MR")


def of_table1(study: Study) -> Table:
    """Return Table 1."""
    cells = partial(cells_of_splits, study, table1.TABLE)
    return table_of(SCORED, table1.all_names(study), cells, lambda _, cells: _scored(cells))


def of_table2(study: Study) -> Table:
    """Return Table 2, with the number of features and R^2 on copies of unseen originals."""
    cells = partial(cells_of_splits, study, table2.TABLE)

    def row(_: str, cells: list[Cell]) -> tuple[str, ...]:
        return (*_scored(cells), str(cells[0]["features"]), *squared_of(cells))

    return table_of((*SCORED, "features", *SQUARED), table2.names(study), cells, row)


def squared_of(cells: list[Cell]) -> tuple[str, ...]:
    """Return R^2 as words, means over splits: pooled, the mean of the six, each of them."""
    pooled, mean = (f"{np.mean([cell[which] for cell in cells]):.3f}" for which in ("R2 pooled", "R2 mean"))
    each = np.mean([cell["R2 each"] for cell in cells], axis=0)
    return pooled, mean, ", ".join(f"{value:.2f}" for value in each)


def of_table3(study: Study) -> Table:
    """Return Table 3: means over splits, each kind against the rest."""

    def row(_: str, cells: list[Cell]) -> tuple[str, ...]:
        means = [mean_scores(cell["true"], cell["said"], cell["kinds"], zero_division=0.0) for cell in cells]
        right = np.mean([np.mean(np.array(cell["true"]) == cell["said"]) for cell in cells])
        return (*_averaged(means), f"{right:.4f}", *_learnt(cells))

    columns = ("network", *_measures(), "right", "learning rate", "seconds to learn")
    return table_of(columns, table3.names(), partial(cells_of_splits, study, table3.TABLE), row)


def of_table3_of_two(study: Study) -> Table:
    """Return Table 3 as the paper has it, of the same answers: CT or MR, each against the other."""

    def row(_: str, cells: list[Cell]) -> tuple[str, ...]:
        pairs = [(_two(cell["true"]), _two(cell["said"])) for cell in cells]
        return tuple(_averaged([mean_scores(*pair, TWO, zero_division=0.0) for pair in pairs]))

    columns = ("network", *_measures())
    return table_of(columns, table3.names(), partial(cells_of_splits, study, table3.TABLE), row)


def of_training(study: Study) -> Table:
    """Return what was chosen on validation data, and what learning took."""
    cells = partial(cells_of_splits, study, NETWORK)
    columns = ("network", "learning rate", "seconds to learn")
    return table_of(columns, NETWORKS, cells, lambda _, cells: _learnt(cells))


def _scored(cells: list[Cell]) -> tuple[str, ...]:
    """Return TRE as a distribution, then means over splits of the paper's scores."""
    splits = [cell["rows"] for cell in cells]
    rows = [row for split in splits for row in split]
    off = np.array([row["TRE"] for row in rows])
    worst = max(row["TRE max"] for row in rows)
    parts = [f"{value:.1f}" for value in (*np.percentile(off, (50, 95)), off.max(), worst)]
    parts += [f"{100 * (off < most).mean():.0f}" for most in SUCCESS_MM]
    means = {name: np.mean([np.mean([row[name] for row in split]) for split in splits]) for name in rows[0]}
    parts += [f"{means[score]:.3f}" for score in (*PAPERS, *BOUNDARY)]
    return (*parts, f"{sum(row['failed'] for row in rows):.0f}", f"{means['seconds']:.2f}")


def _learnt(cells: list[Cell]) -> tuple[str, str]:
    return f"{cells[0]['rate']:g}", f"{np.mean([cell['seconds to learn'] for cell in cells]):.0f}"


def _averaged(means: list[dict[str, float]]) -> list[str]:
    return [f"{np.mean([mean[measure] for mean in means]):.4f}" for measure in MEASURES]


def _measures() -> tuple[str, ...]:
    return tuple(measure.replace("_", "-") for measure in MEASURES)


def _two(kinds: list[str]) -> list[str]:
    return [TWO[kind != Modality.CT.value] for kind in kinds]
