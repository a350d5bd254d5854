"""The benchmarks of the reference transforms: pairs as stated, tables that count right."""

import numpy as np
import pytest

from benchmarks.consensus_table import STRANGERS, Judged, consensus_table, draw
from benchmarks.fig7 import WITH, WITHOUT, cleaned, fig7_table, turned
from benchmarks.pairs import Pair
from benchmarks.records import Results, Row
from cephalign.simulate.pair import simulated_pair
from cephalign.simulate.presets.preset import HU


@pytest.fixture(scope="module")
def pair(preset):
    coarse = {"matrix": (52, 52), "spacing_mm": (5.6, 5.6), "slices": (18, 18), "distance_mm": (6.0, 6.0)}
    with_table = preset(t1=coarse, ct={**coarse, "hardware": {"table": 1.0}, "storages": (HU,)})
    made = simulated_pair(np.random.default_rng(83), with_table)
    return Pair("0", made.fixed, made.moving, made.moving_from_fixed, made.landmarks)


def test_the_moving_scan_turns_as_a_whole_by_the_angle(pair):
    moved = turned(pair, 120, np.random.default_rng(3))
    motion = moved.moving_from_fixed @ ~pair.moving_from_fixed
    assert motion.angle_deg == pytest.approx(120)
    np.testing.assert_allclose(moved.moving.grid.centre, pair.moving.grid.centre, atol=1e-9)
    voxel = moved.moving.grid.voxel_from_world @ moved.moving_from_fixed.matrix
    before = pair.moving.grid.voxel_from_world @ pair.moving_from_fixed.matrix
    np.testing.assert_allclose(voxel, before, atol=1e-9)


def test_cleaning_leaves_the_head_and_takes_the_table(pair):
    clean = cleaned(pair)
    assert clean.moving.data.dtype == pair.moving.data.dtype
    middle = tuple(n // 2 for n in pair.moving.grid.shape)
    assert clean.moving.data[middle] == pair.moving.data[middle]
    gone = clean.moving.data != pair.moving.data
    assert (clean.moving.data[gone] == -1000).all()
    # Its shell, of which so thick slices show the half.
    assert (pair.moving.data[gone] > -700).sum() > 50


def test_fig7_counts_which_way_was_better():
    def rows(pair, angle, without, with_symmetry):
        for way, mm in ((WITHOUT, without), (WITH, with_symmetry)):
            yield Row("fig7 small", pair, way, angle, mm, note="20.0")

    given = [*rows("000", "30", 8, 3), *rows("001", "30", 5, 5.5), *rows("002", "30", 4, 9)]
    given += rows("000", "180", 90, 60)
    lines = fig7_table(given, "small").splitlines()
    assert "| 30 | 3 | 20.0 (20.0) | 5.0 (8.0) | 20.0 (20.0) | 5.5 (9.0) | 1 | 1 | 1 |" in lines
    assert any(line.startswith("| 180 | 1 |") for line in lines)
    assert lines[-1].endswith("25.0 %, 25.0 %, 50.0 %.")


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
