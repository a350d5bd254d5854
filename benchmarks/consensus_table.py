"""What the consensus states against the truth: a table, and a picture on two logarithmic axes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.table import number

STRANGERS = "two heads"
# Of a wrong answer; a refusal is right there.
WRONG_MM = 3.0
BINS_MM = (0.0, 0.2, 0.4, 0.8, 1.6, np.inf)
AXIS_MM = (0.04, 10.0)


@dataclass(frozen=True)
class Judged:
    """One pair: what was stated, from which spreads, and what is true."""

    kind: str
    seed: str
    verdict: str
    reason: str
    true_mm: float
    stated_mm: float
    seconds: float
    runs: float = np.nan
    halves: float = np.nan

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.seed

    @property
    def agreed(self) -> bool:
        return self.verdict == "agreed"


def consensus_table(rows: list[Judged]) -> str:
    """Make the page: verdicts by kind, then true errors by what was stated."""
    kinds = list(dict.fromkeys(row.kind for row in rows))
    agreed = [row for row in rows if row.agreed and row.kind != STRANGERS]
    return (
        "# What the consensus states, and the truth\n\nSimulated pairs, CT moving. Errors are root mean "
        f"squares over the head, in mm. A wrong answer is off by more than {WRONG_MM:g} mm.\n\n"
        "| pairs | number | agreed | of these wrong | refused | of these wrong | true, median (worst) |"
        " stated, median | within stated | within twice | seconds |\n|"
        + "---|" * 11
        + "\n"
        + "".join(_line(kind, [row for row in rows if row.kind == kind]) for kind in kinds)
        + _line("all but two heads", [row for row in rows if row.kind != STRANGERS])
        + "\n| stated | pairs | stated, root mean square | true, root mean square | within stated |"
        " within twice |\n|"
        + "---|" * 6
        + "\n"
        + "".join(_bin(low, high, agreed) for low, high in pairwise(BINS_MM))
        + f"\nRank correlation of stated and true: {number(_rank_correlation(agreed), 2)}.\n"
    )


def _line(name: str, rows: list[Judged]) -> str:
    agreed = [row for row in rows if row.agreed]
    refused = [row for row in rows if not row.agreed]
    true = np.array([row.true_mm for row in agreed])
    stated = np.array([row.stated_mm for row in agreed])
    cells = [
        f"{len(rows)}",
        f"{len(agreed)}",
        f"{_wrong(agreed)}",
        f"{len(refused)}",
        f"{_wrong(refused)}",
        f"{number(_median(true), 2)} ({number(float(true.max(initial=-np.inf)), 2)})",
        number(_median(stated), 2),
        _share(true <= stated),
        _share(true <= 2 * stated),
        number(_median([row.seconds for row in rows]), 0),
    ]
    return f"| {name} | {' | '.join(cells)} |\n"


def _bin(low: float, high: float, agreed: list[Judged]) -> str:
    rows = [row for row in agreed if low <= row.stated_mm < high]
    true, stated = (np.array([getattr(row, name) for row in rows]) for name in ("true_mm", "stated_mm"))
    if not rows:
        return ""
    root_mean_squares = (number(float(np.sqrt(np.mean(values**2))), 2) for values in (stated, true))
    cells = [f"{len(rows)}", *root_mean_squares, _share(true <= stated), _share(true <= 2 * stated)]
    return f"| {low:g} to {high:g} | {' | '.join(cells)} |\n"


def _wrong(rows: Iterable[Judged]) -> int:
    """Count answers that are off, or of which nobody knows."""
    return sum(not row.true_mm <= WRONG_MM for row in rows)


def _median(values: Iterable[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.median(known)) if known else np.nan


def _share(holds: np.ndarray) -> str:
    return f"{100 * holds.mean():.0f} %" if holds.size else "-"


def _rank_correlation(rows: list[Judged]) -> float:
    if len(rows) < 3:
        return np.nan
    ranks = np.array([[row.stated_mm, row.true_mm] for row in rows]).argsort(axis=0).argsort(axis=0)
    return float(np.corrcoef(ranks.T)[0, 1])


def draw(rows: list[Judged], path: Path) -> None:
    """Draw the true error over the stated one, with the lines where it is once and twice that."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 6), layout="constrained")
    axes = figure.add_subplot(
        xscale="log", yscale="log", xlim=AXIS_MM, ylim=AXIS_MM, xlabel="stated (mm)", ylabel="true (mm)"
    )
    for factor, style in ((1, "-"), (2, "--")):
        axes.plot(AXIS_MM, [factor * mm for mm in AXIS_MM], style, color="grey", label=f"{factor} x stated")
    for kind in dict.fromkeys(row.kind for row in rows):
        agreed = [row for row in rows if row.kind == kind and row.agreed]
        stated, true = ([getattr(row, name) for row in agreed] for name in ("stated_mm", "true_mm"))
        axes.scatter(stated, np.clip(true, *AXIS_MM), s=14, label=kind)
    axes.set_title("Consensus on simulated pairs: stated and true error")
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150, metadata={"Software": None})
