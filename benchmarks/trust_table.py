"""What `benchmarks.trust` found, as a page with a picture.

python -m benchmarks.trust_table [--of simulated]
"""

from __future__ import annotations

import argparse
from collections import Counter
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
import numpy as np

from benchmarks.table import write_page
from benchmarks.trust import FILES, GOOD_MM, OUT, REFUSED, Row, rows_of
from cephalign.trust.verdict import HARMFUL_MM, Status

EXPECTED_MM = (0.0, 0.3, 0.6, 1.0, 2.0, 5.0, 20.0, np.inf)
STATUSES = (*(status.value for status in Status), REFUSED)
# Where a picture puts what has no distance, and what is further.
NOWHERE_MM = 200.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--of", choices=list(FILES), default="simulated")
    kind = parser.parse_args().of
    name = FILES[kind]
    rows = rows_of(kind)
    write_page(OUT / f"{name}.md", page(rows))
    draw(rows, OUT / f"{name}.png")


def page(rows: list[Row]) -> str:
    return "\n".join(
        ["# Whether to believe it", *_headline(rows), "", *_by_kind(rows), "", *_calibration(rows), ""]
    )


def error(row: Row) -> float:
    """Return the mean TRE; infinity where no answer is right."""
    return row.mean_mm if np.isfinite(row.mean_mm) else np.inf


def _headline(rows: list[Row]) -> list[str]:
    wrong = [row for row in rows if error(row) > HARMFUL_MM]
    good = [row for row in rows if error(row) < GOOD_MM]
    through = [row for row in wrong if row.status == Status.ALIGNED.value]
    held = [row for row in good if row.status != Status.ALIGNED.value]
    looked = [row for row in rows if row.evidence]
    share = [row.seconds_checking / (row.seconds - row.seconds_checking) for row in looked]
    stated = [row.low_mm <= error(row) <= row.high_mm for row in looked if np.isfinite(row.mean_mm)]
    kinds = Counter(row.kind for row in through)
    return [
        "",
        f"- {len(rows)} registrations",
        f"- Above {HARMFUL_MM:g} mm, or with no right answer: {len(wrong)}. Called aligned of these: "
        f"{len(through)} ({_percent(len(through), len(wrong))})"
        + "".join(f", {count} {kind}" for kind, count in kinds.items()),
        f"- Below {GOOD_MM:g} mm: {len(good)}. Called doubtful or failed of these: "
        f"{len(held)} ({_percent(len(held), len(good))})",
        f"- The stated interval holds the error of {_percent(sum(stated), len(stated))} of {len(stated)}",
        f"- The check takes {np.median(share):.2f} of the registration's own time (median)",
    ]


def _by_kind(rows: list[Row]) -> list[str]:
    lines = [
        f"| kind | registrations | above {HARMFUL_MM:g} mm or never right | of these called aligned | "
        f"below {GOOD_MM:g} mm | of these not called aligned | {' | '.join(STATUSES)} |",
        "|" + "---|" * (6 + len(STATUSES)),
    ]
    for kind in dict.fromkeys(row.kind for row in rows):
        chosen = [row for row in rows if row.kind == kind]
        wrong = [row for row in chosen if error(row) > HARMFUL_MM]
        good = [row for row in chosen if error(row) < GOOD_MM]
        counts = Counter(row.status for row in chosen)
        cells = [
            len(chosen),
            len(wrong),
            sum(row.status == Status.ALIGNED.value for row in wrong),
            len(good),
            sum(row.status != Status.ALIGNED.value for row in good),
            *(counts[status] for status in STATUSES),
        ]
        lines.append(f"| {kind} | {' | '.join(map(str, cells))} |")
    return lines


def _calibration(rows: list[Row]) -> list[str]:
    lines = [
        "| expected, mm | registrations | median of the true | within the interval |",
        "|---|---|---|---|",
    ]
    for low, high in pairwise(EXPECTED_MM):
        chosen = [row for row in rows if row.evidence and low <= row.expected_mm < high]
        if chosen:
            errors = np.array([error(row) for row in chosen])
            inside = [row.low_mm <= one <= row.high_mm for row, one in zip(chosen, errors, strict=True)]
            median = np.sort(errors)[len(errors) // 2]
            said = f"{median:.2f}" if np.isfinite(median) else "never right"
            lines.append(
                f"| {low:g} to {high:g} | {len(chosen)} | {said} | {_percent(sum(inside), len(inside))} |"
            )
    return lines


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def draw(rows: list[Row], path: Path) -> None:
    """Draw the true error over the expected one."""
    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 6), layout="constrained")
    for status, colour in zip(Status, ("tab:blue", "tab:orange", "tab:red"), strict=True):
        chosen = [row for row in rows if row.evidence and row.status == status.value]
        true = [min(error(row), NOWHERE_MM) for row in chosen]
        axes.scatter([row.expected_mm for row in chosen], true, 9, colour, alpha=0.6, label=status.value)
    axes.plot([0.02, NOWHERE_MM], [0.02, NOWHERE_MM], "k-", linewidth=0.7)
    axes.axhline(HARMFUL_MM, color="k", linewidth=0.7, linestyle=":")
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="expected error, mm",
        ylabel="true mean TRE, mm (200: no answer is right)",
    )
    axes.legend()
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
