"""Errors are pooled over patients, by kind of pair and of points; pairs without a transform are counted."""

import json

import numpy as np
import pytest

from cephalign.rire.layout import Pair, Patient
from cephalign.rire.run import Outcome
from cephalign.rire.score import Score
from cephalign.rire.summary import counted, write_summary
from cephalign.rire.table import table


def outcome(number, from_name, to_name, errors=(), *, points="landmarks", status="aligned", unscored=""):
    pair = Pair(Patient(f"patient_{number:03d}", {}), from_name, to_name)
    score = None
    if errors:
        found = np.array(errors)
        score = Score(points, found, found + 10, found + 5, np.full(8, 2.5))
    return Outcome(pair, status, "A sentence | of two.", 1.25, score=score, unscored=unscored)


OUTCOMES = [
    outcome(1, "pet", "mr_T1", [3.0]),
    outcome(1, "ct", "mr_T1", [1.0, 2.0, 9.0]),
    outcome(2, "ct", "mr_T1", [0.5, 4.0]),
    outcome(3, "ct", "mr_T1", [7.0], points="head"),
    outcome(4, "ct", "mr_T1", status="failed"),
    outcome(1, "ct", "mr_T1_rectified", unscored="The standard is damaged."),
]


def test_rows():
    rows = table(OUTCOMES)
    assert [row[:5] for row in rows] == [
        ("CT-T1", 4, 1, 1, "head"),
        ("CT-T1", 4, 1, 2, "landmarks"),
        ("CT-T1 rectified", 1, 0, 0, ""),
        ("PET-T1", 1, 0, 1, "landmarks"),
    ]
    assert rows[1].measures == ((2.0, 9.0), (2.5, 2.5), (12.0, 19.0), (7.0, 14.0))
    assert np.isnan(rows[2].measures).all()


def test_counted():
    assert counted(OUTCOMES) == "6 pairs: 5 aligned, 1 failed"
    assert counted(OUTCOMES[:1]) == "1 pair: 1 aligned"


def test_files(tmp_path):
    write_summary(OUTCOMES, tmp_path, root=tmp_path / "rire", method="ours")
    text = (tmp_path / "summary.md").read_text()
    assert (
        "| CT-T1 | 4 | 1 | 2 | landmarks | 2.00 / 9.00 | 2.50 / 2.50 | 12.00 / 19.00 | 7.00 / 14.00 |" in text
    )
    assert "| CT-T1 rectified | 1 | 0 | 0 |  |  |  |  |  |" in text
    assert "| patient_002 | ct | mr_T1 | aligned | 1.2 | 2.25 / 4.00 | 2.50 / 2.50 |" in text
    assert "A sentence \\| of two. The standard is damaged. |" in text
    assert "*head*: points all over the head" in text
    whole = json.loads((tmp_path / "summary.json").read_text())
    assert [row["pair"] for row in whole["table"]] == ["CT-T1", "CT-T1", "PET-T1"]
    assert whole["pairs"][1]["tre_mean_mm"] == pytest.approx(4.0)
    assert whole["pairs"][4]["tre_mean_mm"] is None
    first, *lines = (tmp_path / "summary.csv").read_text().splitlines()
    assert first.startswith(
        "patient,from,to,status,reason,seconds,points,point_count,tre_mean_mm,tre_median_mm,"
    )
    assert len(lines) == len(OUTCOMES)
