"""What was said of scans, as Markdown: the paper's Table 3 and what led to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cephalign.geometry import Modality
from cephalign.metrics.classification import MEASURES, confusion, counts_of, mean_scores

if TYPE_CHECKING:
    from benchmarks.identify import Said

UNSURE = Modality.UNKNOWN.value
KINDS = tuple(one.value for one in (Modality.CT, Modality.T1, Modality.T2, Modality.PD, Modality.PET))


def identify_table(rows: Sequence[Said], presets: Sequence[str]) -> str:
    """Make the page; random contrasts have no right answer and stand apart."""
    simulated = [row for row in rows if row.family in presets and row.true != UNSURE]
    random = [row for row in rows if row.family in presets and row.true == UNSURE]
    groups = {"all": simulated}
    groups |= {preset: [row for row in simulated if row.family == preset] for preset in presets}
    real = [row for row in rows if row.family == "real"]
    files = {file: [row for row in real if row.scan.startswith(file)] for file in _names(real)}
    none = [row for row in rows if row.family == "nothing"]
    nothing = {kind: [row for row in none if row.scan.startswith(kind)] for kind in _names(none)}
    parts = [
        "# Identification\n\nOf simulated scans whose contrast is that of a sequence. 'Not sure' is no right "
        "answer. The six measures are the paper's: each kind against the rest, then their plain mean.\n",
        _measures(simulated),
        "\n## What was said\n\n",
        _confusion(simulated),
        "\n## Simulated scans\n\n",
        _answers(groups),
        "\n## Real scans, as they are and turned anyhow\n\n",
        _answers(files),
        "\n## None of the kinds: right is not sure\n\n",
        _answers(nothing | {"random contrast": random}),
    ]
    return "".join(parts)


def _names(rows: Sequence[Said]) -> list[str]:
    """Return what the rows are about: a scan's name ends in its number, or in 'as it is'."""
    return list(dict.fromkeys(row.scan.removesuffix(" as it is").rstrip("0123456789 ") for row in rows))


def _measures(rows: Sequence[Said]) -> str:
    true, said = [row.true for row in rows], [row.said for row in rows]
    text = "\n| kind | " + " | ".join(name.replace("_", "-") for name in MEASURES) + " |\n"
    text += "|---" * (len(MEASURES) + 1) + "|\n"
    lines = {kind: [getattr(counts_of(true, said, kind), name) for name in MEASURES] for kind in KINDS}
    lines["mean"] = list(mean_scores(true, said, KINDS).values())
    for name, values in lines.items():
        text += f"| {name} | {' | '.join(f'{value:.4f}' for value in values)} |\n"
    return text


def _confusion(rows: Sequence[Said]) -> str:
    columns = (*KINDS, UNSURE)
    table = confusion([row.true for row in rows], [row.said for row in rows], KINDS, columns)
    text = f"| is | {' | '.join(KINDS)} | not sure |\n" + "|---" * (len(columns) + 1) + "|\n"
    for kind, counts in zip(KINDS, table, strict=True):
        text += f"| {kind} | {' | '.join(map(str, counts))} |\n"
    return text


def _answers(groups: dict[str, list[Said]]) -> str:
    text = (
        "| | scans | right | not sure | wrong | right, % | median seconds |\n|---|---|---|---|---|---|---|\n"
    )
    for name, rows in groups.items():
        if not rows:
            continue
        right = sum(row.said == row.true for row in rows)
        unsure = sum(row.said == UNSURE != row.true for row in rows)
        seconds = np.median([row.seconds for row in rows])
        wrong = len(rows) - right - unsure
        text += f"| {name} | {len(rows)} | {right} | {unsure} | {wrong} | {100 * right / len(rows):.2f} "
        text += f"| {seconds:.3f} |\n"
    return text
