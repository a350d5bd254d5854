"""The benchmark of the consensus: a table that counts right."""

import numpy as np

from benchmarks.consensus_table import STRANGERS, Judged, consensus_table, draw
from benchmarks.records import Results


def judged(kind, seed, verdict, true_mm, stated_mm):
    return Judged(kind, f"{seed}", verdict, "So.", true_mm, stated_mm, 10.0)


ROWS = [
    judged("rire T1", 1, "agreed", 0.3, 0.5),
    judged("rire T1", 2, "agreed", 0.9, 0.6),
    judged("rire T1", 3, "agreed", 4.0, 0.5),
    judged("rire T1", 4, "refused", 40.0, np.inf),
    judged(STRANGERS, 1, "refused", np.nan, np.nan),
    judged(STRANGERS, 2, "agreed", 9.0, 0.7),
]


def test_the_consensus_table_counts_what_is_wrong_and_covered():
    lines = consensus_table(ROWS).splitlines()
    assert "| rire T1 | 4 | 3 | 1 | 1 | 1 | 0.90 (4.00) | 0.50 | 33 % | 67 % | 10 |" in lines
    assert "| two heads | 2 | 1 | 1 | 1 | 1 | 9.00 (9.00) | 0.70 | 0 % | 0 % | 10 |" in lines
    # Two heads are not part of how well errors are stated.
    assert any(line.startswith("| 0.4 to 0.8 | 3 |") for line in lines)


def test_rows_stay_and_the_picture_is_drawn(tmp_path):
    results = Results(tmp_path / "consensus.csv", Judged)
    for row in ROWS:
        results.add(row)
    again = Results(results.path, Judged)
    assert again.has(("rire T1", "4"))
    assert again.rows[0] == ROWS[0] or np.isnan(again.rows[0].runs)
    assert [row.true_mm for row in again.rows[:3]] == [0.3, 0.9, 4.0]
    draw(ROWS, tmp_path / "out" / "plot.png")
    assert (tmp_path / "out" / "plot.png").read_bytes().startswith(b"\x89PNG")
