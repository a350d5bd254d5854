"""The results on simulated pairs as Markdown."""

from __future__ import annotations

from collections import Counter

import numpy as np

from benchmarks.methods import METHODS
from benchmarks.records import Row
from benchmarks.table import FAILED_MM, HEAD, line, number, settings
from benchmarks.trivial import TRIVIAL

QUANTILES = (50, 90, 95, 99, 100)


def simulated_table(rows: list[Row], families: list[str], ours: str) -> str:
    """Make the page: each family with the peers on their pairs, then ours on all of them."""
    parts = [
        "# Simulated RIRE pairs\n\nT1 fixed, CT moving; simulated, half from procedural heads, half from "
        "label maps of real heads. TRE in mm over the brain and ten landmarks. A failure is a mean TRE above "
        f"{FAILED_MM:g} mm, no answer, or none in time.\n"
    ]
    for family in families:
        of_family = [row for row in rows if row.family == family]
        peers = {row.pair for row in of_family if row.method not in (ours, *TRIVIAL)}
        common = [row for row in of_family if row.pair in peers]
        names = [ours, *(method.name for method in METHODS), *TRIVIAL]
        parts.append(f"\n## {family}\n\n{HEAD}" + "".join(line(name, common) for name in names))
        parts.append(
            f"\nOurs on all:\n\n{HEAD}" + "".join(line(name, of_family) for name in (ours, *TRIVIAL))
        )
        parts.append(_distribution([row for row in of_family if row.method == ours]))
    return "".join([*parts, f"\n## Settings\n\n{settings()}"])


def _distribution(rows: list[Row]) -> str:
    """Tell the quantiles of the mean TRE by source of the head, and what status the lost ones had."""
    text = (
        "\n| heads | pairs | "
        + " | ".join(f"{q} %" for q in QUANTILES)
        + " | lost, by status | status of the others |\n"
    )
    text += "|---" * (len(QUANTILES) + 4) + "|\n"
    for source in ("procedural", "labelled"):
        chosen = [row for row in rows if row.pair.startswith(source)]
        if chosen:
            means = np.array([row.mean_mm for row in chosen])
            cells = " | ".join(number(float(q), 3) for q in np.percentile(means, QUANTILES))
            lost = Counter(row.note for row in chosen if row.mean_mm > FAILED_MM)
            kept = Counter(row.note for row in chosen if row.mean_mm <= FAILED_MM)
            text += f"| {source} | {len(chosen)} | {cells} | {_counts(lost)} | {_counts(kept)} |\n"
    return text


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"
