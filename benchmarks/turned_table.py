"""The results on pairs in any orientation as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np

from benchmarks.records import Row
from benchmarks.table import number
from benchmarks.trivial import TRIVIAL

HEAD = (
    "| | pairs | median | 95 % | 99 % | worst | below 1 mm | below 2 mm | below 8 mm | below 20 mm | seconds "
    "| status |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|\n"
)
OURS = ("start: ", "whole: ")
BOUNDS_MM = (1.0, 2.0, 8.0, 20.0)
OFF_MM = 2.0


def turned_table(rows: list[Row]) -> str:
    """Make the page: all, then by band of rotation, then by preset."""
    parts = [
        "# Simulated pairs in any orientation\n\nMaximum of the TRE over the brain and ten landmarks, mm; "
        "seconds are medians, of two scans in memory; off is above 2 mm.\n"
    ]
    others = {row.method for row in rows if not row.method.startswith(OURS)} - set(TRIVIAL)
    with_others = {row.pair for row in rows if row.method in others}
    keys: dict[str, Callable[[Row], str]] = {
        "all": lambda _: "all pairs",
        "degrees between the scans": lambda row: row.family.partition(" ")[2],
        "preset": lambda row: row.family.partition(" ")[0],
    }
    if with_others:
        parts.append(f"\n## the other programs' pairs\n\n{HEAD}")
        chosen = [row for row in rows if row.pair in with_others]
        parts += [line(name, chosen) for name in dict.fromkeys(row.method for row in chosen)]
        rows = [row for row in rows if row.method not in others]
    for title, key in keys.items():
        for group in dict.fromkeys(key(row) for row in rows):
            parts.append(f"\n## {title}: {group}\n\n{HEAD}")
            chosen = [row for row in rows if key(row) == group]
            parts += [line(name, chosen) for name in dict.fromkeys(row.method for row in rows)]
    return "".join(parts)


def line(method: str, rows: list[Row]) -> str:
    chosen = [row for row in rows if row.method == method]
    errors = np.array([row.max_mm for row in chosen])
    cells = [number(float(q), 2) for q in np.percentile(errors, (50, 95, 99, 100))]
    cells += [f"{100 * np.mean(errors < bound):.1f} %" for bound in BOUNDS_MM]
    cells.append(number(float(np.median([row.seconds_inside for row in chosen])), 2))
    statuses = Counter(f"{row.note}{' (off)' if row.max_mm > OFF_MM else ''}" for row in chosen)
    told = ", ".join(f"{count} {name}" for name, count in sorted(statuses.items()))
    cells.append(told if method.startswith("whole") else "-")
    return f"| {method} | {len(chosen)} | {' | '.join(cells)} |\n"
