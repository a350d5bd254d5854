"""The numbers of the cells as tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cephalign.geometry import Modality
from cephalign.metrics.classification import MEASURES, mean_scores
from cephalign.study import fig6, fig7, fig8, fig9, table1, table2, table3
from cephalign.study.scores import SUCCESS_MM
from cephalign.study.study import Study

PAPERS = ("DSC", "JSC", "Rp", "Rs", "CMS", "SSIM")
BOUNDARY = ("Rp boundary", "Rs boundary", "CMS boundary")


@dataclass(frozen=True)
class Table:
    """Words in rows.

    Parameters
    ----------
    columns : tuple of str
    rows : sequence of tuple of str
    """

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def _cells(study: Study, table: str, *names: object) -> list[dict[str, Any]]:
    return [study.cells.read(table, *names, split) for split in range(study.scale.splits)]


def _scored(study: Study, table: str, name: str) -> tuple[str, ...]:
    """Return TRE as a distribution, then means over splits of the paper's scores."""
    splits = [cell["rows"] for cell in _cells(study, table, name)]
    rows = [row for split in splits for row in split]
    off = np.array([row["TRE"] for row in rows])
    worst = max(row["TRE max"] for row in rows)
    parts = [f"{value:.1f}" for value in (*np.percentile(off, (50, 95)), off.max(), worst)]
    parts += [f"{100 * (off < most).mean():.0f}" for most in SUCCESS_MM]
    means = {name: np.mean([np.mean([row[name] for row in split]) for split in splits]) for name in rows[0]}
    parts += [f"{means[score]:.3f}" for score in (*PAPERS, *BOUNDARY)]
    return (name, *parts, f"{means['seconds']:.2f}")


SCORED = (
    "method",
    "TRE median",
    "95 %",
    "worst",
    "at a point",
    *(f"below {most:g} mm, %" for most in SUCCESS_MM),
    *PAPERS,
    *BOUNDARY,
    "seconds",
)


def of_table1(study: Study) -> Table:
    """Return Table 1."""
    return Table(SCORED, [_scored(study, table1.TABLE, name) for name in table1.all_names(study)])


def of_table2(study: Study) -> Table:
    """Return Table 2, with the number of features and R^2 on copies of unseen originals."""
    rows = []
    for name in table2.names(study):
        cells = _cells(study, table2.TABLE, name)
        squared = (f"{np.mean([cell[which] for cell in cells]):.3f}" for which in ("R2 pooled", "R2 mean"))
        rows.append((*_scored(study, table2.TABLE, name), str(cells[0]["features"]), *squared))
    return Table((*SCORED, "features", "R² pooled", "R² mean of six"), rows)


def of_table3(study: Study) -> Table:
    """Return Table 3: means over splits, each kind against the rest; and right answers of CT or MR only."""
    rows = []
    for name in table3.names():
        cells = _cells(study, table3.TABLE, name)
        means = [mean_scores(cell["true"], cell["said"], cell["kinds"]) for cell in cells]
        two = [_is_ct(cell["true"]) == _is_ct(cell["said"]) for cell in cells]
        values = [np.mean([mean[measure] for mean in means]) for measure in MEASURES]
        values.append(np.mean([np.mean(right) for right in two]))
        seconds = np.mean([cell["seconds"] for cell in cells])
        rows.append((name, *(f"{value:.4f}" for value in values), f"{seconds:.0f}"))
    measures = (measure.replace("_", "-") for measure in MEASURES)
    return Table(("network", *measures, "accuracy, CT or MR", "seconds to train"), rows)


def _is_ct(kinds: list[str]) -> Any:
    return np.array(kinds) == Modality.CT.value


def of_fig6(study: Study) -> Table:
    """Return the numbers of Fig. 6."""
    rows = []
    for count in study.scale.sweep:
        cell = study.cells.read(fig6.TABLE, count)
        values = f"{cell['R2 pooled']:.3f}", f"{cell['R2 mean']:.3f}", f"{np.median(cell['TRE']):.1f}"
        rows.append((str(count), *values, f"{cell['seconds']:.0f}"))
    return Table(("n", "R² pooled", "R² mean of six", "TRE median, mm", "seconds"), rows)


def of_fig7(study: Study) -> Table:
    """Return Fig. 7 by initial rotation: median and worst TRE, and which way was better."""
    rows, every = [], []
    for angle in study.scale.turns:
        cells = [study.cells.read(fig7.TABLE, angle, number) for number in range(study.scale.turned_pairs)]
        every += cells
        ends = [[cell[way][at] for cell in cells] for way in fig7.WAYS for at in ("start", "end")]
        shown = (f"{np.median(values):.1f} ({max(values):.1f})" for values in ends)
        rows.append((str(angle), *shown, *map(str, fig7.counts(cells))))
    share = (f"{100 * part / len(every):.1f} %" for part in fig7.counts(every))
    rows.append(("all", "", "", "", "", *share))
    ways = (f"{way}: {at}" for way in fig7.WAYS for at in ("start", "end"))
    return Table(("degrees", *ways, "same", "without better", "with better"), rows)


def of_fig8(study: Study) -> Table:
    """Return the comparison of regressors: means over splits, and TRE over all copies."""
    rows = []
    for name in fig8.names():
        cells = [cell["rows"][name] for cell in _cells(study, fig8.TABLE)]
        squared = (f"{np.mean([cell[which] for cell in cells]):.3f}" for which in ("R2 pooled", "R2 mean"))
        off = np.concatenate([cell["TRE"] for cell in cells])
        spread = (f"{value:.1f}" for value in (*np.percentile(off, (50, 95)), off.max()))
        rows.append((name, *squared, *spread))
    return Table(("regressor", "R² pooled", "R² mean of six", "TRE median", "95 %", "worst"), rows)


def of_fig9(study: Study) -> Table:
    """Return how far off each method is on the pair that is drawn."""
    rows = [(name, f"{study.cells.read(fig9.TABLE, name)['TRE']:.1f}") for name in table1.names()]
    return Table(("method", "TRE, mm"), rows)


Maker = Callable[[Study], Table]
SECTIONS: dict[str, tuple[str, str, Maker]] = {
    "fig6": ("Fig. 6: how many synthetic images", "The DCNN, on copies of unseen originals.", of_fig6),
    "fig7": (
        "Fig. 7: with and without symmetry",
        "The paper's reference transforms against the known motion; TRE in mm, median (worst).",
        of_fig7,
    ),
    "fig8": ("Fig. 8: regressors on the DCNN's features", "Errors on copies of unseen originals.", of_fig8),
    "table1": (
        "Table 1: every method end to end",
        "Whole scans, copies of unseen originals. TRE in mm over ten landmarks; the paper's scores compare "
        "the moving scan under the true and under the found motion: as printed, and along boundaries.",
        of_table1,
    ),
    "table2": (
        "Table 2: every network as an extractor of features",
        "With the paper's regression network on them, under Bayesian regularisation.",
        of_table2,
    ),
    "table3": ("Table 3: what a scan is", "Images of unseen originals.", of_table3),
    "fig9": ("Fig. 9: one pair by every method", "Tiles of the fixed and of the moving scan.", of_fig9),
}
