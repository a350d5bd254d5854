"""Let all methods register a real CT to a real T2, and compare their answers with each other.

    python -m benchmarks.real [--fresh]

Nobody knows the truth, so this says only who agrees with whom: from the headers as they are, and from each
method's own initialiser.
"""

from __future__ import annotations

import argparse
import shutil

import numpy as np

from benchmarks.attempt import Outcome, attempt
from benchmarks.method import Job, Start
from benchmarks.methods import METHODS, found_methods
from benchmarks.pairs import data_folder, head_points, specimen
from benchmarks.records import Results, Row, row_of
from benchmarks.run import OUT
from benchmarks.table import number, settings, write_page
from benchmarks.trivial import identity
from cephalign.geometry import Rigid, Volume
from cephalign.io.volumes import write_volume

PAIR = "specimen"
HEADERS = "(headers)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--fresh", action="store_true", help="forget what was measured")
    options = parser.parse_args()
    results = Results(OUT / "results.csv")
    if options.fresh:
        results.forget(("real",), {HEADERS, *(method.name for method in METHODS)})
    fixed, moving = specimen(data_folder())
    points = head_points(fixed)
    measure(fixed, moving, points, results)
    rows = [row for row in results.rows if row.family == "real"]
    write_page(OUT / "real.md", real_tables(rows, points))


def measure(fixed: Volume, moving: Volume, points: np.ndarray, results: Results) -> None:
    """Run every method from both starts."""
    folder = OUT / "work"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_volume(fixed, folder / "fixed.nii")
    write_volume(moving, folder / "moving.nii")
    for start in Start:
        key = ("real", PAIR, HEADERS, start.value)
        if not results.has(key):
            results.add(row_of(key, Outcome(identity(fixed.grid, moving.grid)), None, points))
        for method in found_methods():
            key = ("real", PAIR, method.name, start.value)
            if not results.has(key):
                job = Job(folder / "fixed.nii", folder / "moving.nii", folder / "method", start)
                row = row_of(key, attempt(method, job), None, points)
                results.add(row)
                print(f"{start}  {method.name}: {row.seconds_whole:.1f} s", row.note, flush=True)
                shutil.rmtree(job.folder)
    shutil.rmtree(folder)


def real_tables(rows: list[Row], points: np.ndarray) -> str:
    """Make a matrix of mean distances for each start, and the distance between each method's two answers."""
    by_start = {start: {row.method: row for row in rows if row.start == start} for start in Start}
    parts = [
        "# A real CT and a real T2\n\nOne specimen of animal tissue and bone in two scanners (MRI-DIR); "
        f"fixed is the T2. Mean distance in mm between the answers, over {len(points)} points of the "
        "specimen. There is no truth here: to agree is not to be right.\n"
    ]
    for start, found in by_start.items():
        parts.append(f"\n## Start: {start}\n\n{_matrix(found, points)}")
    parts.append(f"\n## The two answers of each method, and what they took\n\n{_starts(by_start, points)}")
    parts.append(f"\n## Settings\n\n{settings()}")
    return "".join(parts)


def _matrix(found: dict[str, Row], points: np.ndarray) -> str:
    answers = {name: row.rigid for name, row in found.items()}
    names = list(answers)
    titles = [f"{index}" for index, _ in enumerate(names, 1)]
    lines = [f"| | method | {' | '.join(titles)} | median |\n", f"|{'---|' * (len(names) + 3)}\n"]
    for title, name in zip(titles, names, strict=True):
        apart = [_distance(answers[name], answers[other], points) for other in names]
        # Between methods: without itself and without the headers, which nobody found.
        others = [a for a, other in zip(apart, names, strict=True) if other not in (name, HEADERS)]
        cells = [number(a, 2) for a in [*apart, float(np.nanmedian(others))]]
        lines.append(f"| {title} | {name} | {' | '.join(cells)} |\n")
    return "".join(lines)


def _starts(by_start: dict[Start, dict[str, Row]], points: np.ndarray) -> str:
    lines = ["| method | mm between the answers | seconds whole, headers | centres |\n|---|---|---|---|\n"]
    for name, row in by_start[Start.HEADER].items():
        if name != HEADERS and name in by_start[Start.CENTRES]:
            other = by_start[Start.CENTRES][name]
            apart = _distance(row.rigid, other.rigid, points)
            cells = [number(apart, 2), number(row.seconds_whole, 1), number(other.seconds_whole, 1)]
            lines.append(f"| {name} | {' | '.join(cells)} |\n")
    return "".join(lines)


def _distance(a: Rigid | None, b: Rigid | None, points: np.ndarray) -> float:
    return float(a.distance(b, points).mean()) if a and b else np.nan


if __name__ == "__main__":
    main()
