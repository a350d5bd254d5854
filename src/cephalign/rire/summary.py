"""What came of all pairs, as a table for people (Markdown), one for programs (CSV), and all of it (JSON)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from cephalign import __version__
from cephalign.io.atomic import whole_file
from cephalign.rire.run import Method, Outcome
from cephalign.rire.table import MEASURES, Row, median_and_most, table

CSV, JSON, MARKDOWN = "summary.csv", "summary.json", "summary.md"
POINTS_SENTENCE = {
    "landmarks": "landmarks of the patient, where both scans show them",
    "head": "points all over the head, face and neck included, further out than RIRE's regions in the brain",
}


def write_summary(outcomes: Sequence[Outcome], out: Path, *, root: Path, method: Method) -> None:
    """Write the three summaries into an existing folder.

    Parameters
    ----------
    outcomes : sequence of Outcome
        At least one.
    out, root : Path
        Where to write, and where the patients are.
    method : {'ours', 'evolution'}

    Raises
    ------
    OutputError
        A file cannot be written.
    """
    records = [_record(outcome) for outcome in outcomes]
    rows = table(outcomes)
    sheet = io.StringIO()
    writer = csv.DictWriter(sheet, records[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    scored = [row for row in rows if row.scored]
    whole = {
        "cephalign": __version__,
        "folder": str(root),
        "method": method,
        "pairs": records,
        "table": [
            {**row._asdict(), "measures": dict(zip(MEASURES, row.measures, strict=True))} for row in scored
        ],
    }
    for name, text in (
        (CSV, sheet.getvalue()),
        (JSON, json.dumps(whole, indent=2, allow_nan=False) + "\n"),
        (MARKDOWN, _markdown(outcomes, rows, method)),
    ):
        with whole_file(out / name) as temporary:
            temporary.write_text(text, encoding="utf-8")


def counted(outcomes: Iterable[Outcome]) -> str:
    """Say how many pairs ended how, as in '3 pairs: 2 aligned, 1 missing'."""
    statuses = [outcome.status for outcome in outcomes]
    kinds = ", ".join(f"{statuses.count(status)} {status}" for status in sorted(set(statuses)))
    return f"{len(statuses)} pair{'s' * (len(statuses) != 1)}: {kinds}"


def _record(outcome: Outcome) -> dict[str, object]:
    score = outcome.score
    numbers: dict[str, object] = {
        "points": score.points if score else None,
        "point_count": len(score.found) if score else None,
    }
    for name, measure in MEASURES.items():
        values = measure(score) if score else None
        for suffix, of in (("mean", np.mean), ("median", np.median), ("max", np.max)):
            numbers[f"{name}_{suffix}_mm"] = None if values is None else round(float(of(values)), 4)
    return {
        "patient": outcome.pair.patient.name,
        "from": outcome.pair.from_name,
        "to": outcome.pair.to_name,
        "status": outcome.status,
        "reason": outcome.reason,
        "seconds": outcome.seconds,
        **numbers,
        "unscored": outcome.unscored,
    }


def _markdown(outcomes: Sequence[Outcome], rows: Sequence[Row], method: Method) -> str:
    nothing = ["No pair could be scored: that takes both volumes and a standard."]
    errors = _errors(rows) if any(row.scored for row in rows) else nothing
    return "\n".join(
        [
            *("# RIRE", ""),
            *(f"Method: {method}, Cephalign {__version__}. {counted(outcomes)}.", ""),
            *(*errors, ""),
            "| patient | from | to | status | s | TRE mm | corners mm | reason |",
            "|---" * 8 + "|",
            *map(_line, outcomes),
            "",
        ]
    )


def _errors(rows: Sequence[Row]) -> list[str]:
    """Return the lines of the table of errors."""
    used = {row.points for row in rows}
    return [
        "Median / maximum distance from the standard in mm. *Without* counts pairs that have no transform,",
        "and so no error. *Identity* and *centres* are what doing nothing, and laying the middles of the",
        "grids on each other, would give at the same points. *Corners* are those of the From volume.",
        "",
        "| pair | pairs | without | scored | measured at | TRE | corners | identity | centres |",
        "|---" * 9 + "|",
        *(
            f"| {row.pair} | {row.pairs} | {row.without} | {row.scored} | {row.points} "
            f"| {' | '.join(_shown(*measure) for measure in row.measures)} |"
            for row in rows
        ),
        "",
        *(f"*{name}*: {said}." for name, said in POINTS_SENTENCE.items() if name in used),
    ]


def _line(outcome: Outcome) -> str:
    pair, scores = outcome.pair, [outcome.score] if outcome.score else []
    cells = (
        pair.patient.name,
        pair.from_name,
        pair.to_name,
        outcome.status,
        "" if outcome.seconds is None else f"{outcome.seconds:.1f}",
        _shown(*median_and_most(score.found for score in scores)),
        _shown(*median_and_most(score.corners for score in scores)),
        " ".join(filter(None, (outcome.reason, outcome.unscored))).replace("|", "\\|"),
    )
    return f"| {' | '.join(cells)} |"


def _shown(median: float, most: float) -> str:
    return "" if np.isnan(median) else f"{median:.2f} / {most:.2f}"
