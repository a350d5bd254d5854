"""Let all methods register a real CT to a real T2, and compare their answers with each other.

    python -m benchmarks.real [--fresh]

Nobody measured the truth. But the specimen lay the other way round in the CT: it is turned by half about the
front-back axis, and the bone shows it. So there are three starts: the headers as they are, each method's own
initialiser, and that initialiser on a CT whose header is turned by half, where local methods can find it.
"""

from __future__ import annotations

import argparse
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.attempt import Outcome, attempt
from benchmarks.method import Job, Method, Start
from benchmarks.methods import METHODS, found_methods
from benchmarks.moved import moved_header
from benchmarks.pairs import data_folder, head_points, specimen
from benchmarks.real_table import HEADERS, real_tables
from benchmarks.records import Results, row_of
from benchmarks.run import OUT
from benchmarks.table import write_page
from cephalign.geometry import Rigid, Volume
from cephalign.io.volumes import write_volume

PAIR = "specimen"
POINTS = 20000


@dataclass(frozen=True)
class RealStart:
    """Where the methods start, and how far the CT's header is turned about the front-back axis beforehand."""

    name: str
    start: Start
    turn_deg: float = 0.0

    def turned_from_scan(self, scan: Volume) -> Rigid:
        return Rigid.from_euler([0, self.turn_deg, 0], centre=scan.grid.centre)


STARTS = (
    RealStart("header", Start.HEADER),
    RealStart("centres", Start.CENTRES),
    RealStart("turned by half", Start.CENTRES, 180),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--fresh", action="store_true", help="forget what was measured")
    options = parser.parse_args()
    results = Results(OUT / "results.csv")
    if options.fresh:
        results.forget(("real",), {HEADERS, *(method.name for method in METHODS)})
    fixed, moving = specimen(data_folder())
    points = head_points(fixed, POINTS)
    for start in STARTS:
        measure(fixed, moving, start, results)
    rows = [row for row in results.rows if row.family == "real"]
    write_page(OUT / "real.md", real_tables(rows, fixed, moving, points))


def measure(fixed: Volume, moving: Volume, start: RealStart, results: Results) -> None:
    """Run every method that has not begun here yet, on a moving scan whose header may be turned."""
    turned_from_moving = start.turned_from_scan(moving)
    folder = OUT / "work"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_volume(fixed, folder / "fixed.nii")
    write_volume(moved_header(moving, turned_from_moving), folder / "moving.nii")
    if not results.has(("real", PAIR, HEADERS, start.name)):
        headers = Outcome(turned_from_moving.inverse())
        results.add(row_of(("real", PAIR, HEADERS, start.name), headers, None, np.empty((0, 3))))
    for method in found_methods():
        key = ("real", PAIR, method.name, start.name)
        if not results.has(key):
            outcome = attempt_turned(method, folder, start.start, turned_from_moving)
            row = row_of(key, outcome, None, np.empty((0, 3)))
            results.add(row)
            print(f"{start.name}  {method.name}: {row.seconds_whole:.1f} s", row.note, flush=True)
    shutil.rmtree(folder)


def attempt_turned(method: Method, folder: Path, start: Start, turned_from_moving: Rigid) -> Outcome:
    """Run a method in a folder of two files; its answer is put back into the moving scan's own frame."""
    job = Job(folder / "fixed.nii", folder / "moving.nii", folder / "method", start)
    outcome = attempt(method, job)
    shutil.rmtree(job.folder)
    if outcome.moving_from_fixed is None:
        return outcome
    return replace(outcome, moving_from_fixed=turned_from_moving.inverse() @ outcome.moving_from_fixed)


if __name__ == "__main__":
    main()
