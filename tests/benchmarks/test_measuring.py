"""What the benchmark reports: time and memory from outside, rows that stay, a table that hides no failure."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.records import Results, Row, row_of
from benchmarks.table import recontrasted_table
from benchmarks.trivial import centres, voxel_axes
from cephalign.geometry import Grid, Rigid

MEASURE = Path(__file__).resolve().parents[2] / "benchmarks" / "measure.py"


def measured(tmp_path: Path, limit_s: float, code: str) -> dict:
    report = tmp_path / "report.json"
    words = [sys.executable, "-I", "-S", MEASURE, report, str(limit_s), tmp_path / "log.txt"]
    subprocess.run([*words, sys.executable, "-I", "-S", "-c", code], check=True)
    return json.loads(report.read_text())


def test_memory_and_time_are_of_the_command(tmp_path: Path) -> None:
    small = measured(tmp_path, 60, "import time; time.sleep(0.4)")
    large = measured(tmp_path, 60, "x = bytearray(b'1' * 200_000_000); print('here')")
    assert small["exit_code"] == 0
    assert not small["timed_out"]
    assert small["seconds"] > 0.4
    assert small["cpu_seconds"] < 0.4
    # Not this process's own: its NumPy alone would take more.
    assert small["peak_mib"] < 30
    assert 190 < large["peak_mib"] < 500
    assert (tmp_path / "log.txt").read_text() == "here\n"


def test_a_slow_command_is_stopped_with_its_children(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys; "
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
        "print(child.pid, flush=True); child.wait()"
    )
    taken = measured(tmp_path, 0.7, code)
    assert taken["timed_out"]
    assert taken["seconds"] < 20
    child = Path("/proc") / (tmp_path / "log.txt").read_text().strip()
    state = (child / "stat").read_text().rpartition(")")[2].split()[0] if child.exists() else "gone"
    assert state in {"gone", "Z"}


def test_rows_stay(tmp_path: Path) -> None:
    found = Rigid.from_euler([3, -20, 11], [1.5, -2, 80])
    results = Results(tmp_path / "out" / "results.csv")
    row = Row("f", "p", "m, with comma", "centres", 0.1, 0.3, note='"quoted", odd', moving_from_fixed="")
    results.add(row)
    results.add(Row("f", "p", "n", "centres", moving_from_fixed=json.dumps(found.matrix.tolist())))
    again = Results(results.path)
    assert again.has(("f", "p", "m, with comma", "centres"))
    assert not again.has(("f", "q", "m, with comma", "centres"))
    assert again.rows[0].mean_mm == 0.1
    assert again.rows[0].note == row.note
    assert again.rows[0].rigid is None
    assert again.rows[1].rigid == found
    again.forget(("f",), {"n"})
    assert [row.method for row in Results(results.path).rows] == ["m, with comma"]


def test_tre_is_the_distance_from_the_truth() -> None:
    from benchmarks.attempt import Outcome

    truth = Rigid.from_euler([10, 0, 5], [0, 30, 0], [12, 80, 40])
    found = Rigid.from_rotation(np.eye(3), [0, 3, 4]) @ truth
    row = row_of(("f", "p", "m", "s"), Outcome(found), truth, np.random.default_rng(0).normal(0, 60, (50, 3)))
    assert row.mean_mm == pytest.approx(5)
    assert row.max_mm == pytest.approx(5)


def test_the_table_hides_no_failure() -> None:
    def row(pair: str, mean: float, seconds: float) -> Row:
        return Row(
            "recontrasted", pair, "CMTK", "centres", mean, 2 * mean, seconds_whole=seconds, peak_mib=50
        )

    rows = [row("a", 0.1, 1), row("b", 0.2, 2), row("c", 7.0, 3), row("d", np.nan, 4), row("e", 0.3, 50)]
    line = next(line for line in recontrasted_table(rows, "abcd").splitlines() if line.startswith("| CMTK"))
    # Four of the five pairs are the peers'; one answer is missing and one is wrong; the median counts both.
    assert [cell.strip() for cell in line.strip("|").split("|")][1:] == [
        *["4", "3.600", "7.000", "14.000", "2", "-", "2.5", "50"]
    ]


def test_trivial_answers_put_grids_on_grids() -> None:
    fixed = np.array([[-1.3, 0, 0, 30], [0, -1.3, 0, 60], [0, 0, 4, -20], [0, 0, 0, 1]])
    moving = np.array([[0, 0, 2.5, -9], [0.7, 0, 0, 14], [0, 0.7, 0, 55], [0, 0, 0, 1]])
    grids = Grid((100, 120, 26), fixed), Grid((300, 280, 70), moving)
    np.testing.assert_allclose(centres(*grids).map(grids[0].centre), grids[1].centre)
    by_axes = voxel_axes(*grids)
    np.testing.assert_allclose(by_axes.map(fixed[:3, 3]), moving[:3, 3])
    third_slice_mm = 3 * 4.0
    np.testing.assert_allclose(
        by_axes.map(fixed[:3, 3] + [0, 0, third_slice_mm]), moving[:3, 3] + [third_slice_mm, 0, 0]
    )
