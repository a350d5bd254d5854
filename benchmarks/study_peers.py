"""Other programs on the held-out pairs of a study's Table 1, with their own initialisers or from the headers.

    python -m benchmarks.study_peers FOLDER --scale small --seed 0 [--anatomy DIR]
                                     [--start header] [--only NAME ...]

Their rows go into the study's folder, cell by cell; `cephalign study report` shows them beside the others.
A program that gives no answer counts as one that leaves the headers as they are, and what it said is kept.
Seconds are of the whole process, on two threads.
"""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.attempt import Outcome, attempt
from benchmarks.method import Job, Method, Start
from benchmarks.methods import found_methods
from benchmarks.study_folder import parser_of, study_of
from cephalign.io.volumes import write_volume
from cephalign.study import fig9, table1
from cephalign.study.held_out import HeldOutPair, held_out_pairs, scored
from cephalign.study.study import Study

PEERS = ("SimpleITK", "elastix", "plastimatch", "ANTs", "greedy")


def main() -> None:
    parser = parser_of(__doc__)
    parser.add_argument("--start", type=Start, choices=list(Start), default=Start.CENTRES)
    parser.add_argument("--only", nargs="+", choices=PEERS, default=PEERS)
    options = parser.parse_args()
    study = study_of(options)
    for split in range(study.scale.splits):
        for method in found_methods():
            if method.name.startswith(tuple(options.only)):
                make = partial(cell, study, method, options.start, split)
                study.cells.made(make, table1.TABLE, name_of(method, options.start), split)


def name_of(method: Method, start: Start) -> str:
    """Return the name of a row."""
    return method.name if start is Start.CENTRES else f"{method.name}, from the headers"


def cell(study: Study, method: Method, start: Start, split: int) -> dict[str, Any]:
    name = name_of(method, start)
    print(f"{name}, split {split + 1} of {study.scale.splits}", flush=True)
    pairs = list(held_out_pairs(study, split))
    found = [outcome(study.folder / "peers", method, start, pair) for pair in pairs]
    rows = [
        scored(pair, one.moving_from_fixed, one.seconds_whole) for pair, one in zip(pairs, found, strict=True)
    ]
    if not split:
        drawn = fig9.cell_of(name, pairs[0], found[0].moving_from_fixed)
        study.cells.keep(drawn, fig9.TABLE, name)
    return {"method": name, "rows": rows, "notes": [one.note.partition(";")[0] for one in found]}


def outcome(folder: Path, method: Method, start: Start, pair: HeldOutPair) -> Outcome:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    write_volume(pair.fixed, folder / "fixed.nii")
    write_volume(pair.moving, folder / "moving.nii")
    job = Job(folder / "fixed.nii", folder / "moving.nii", folder / "method", start)
    found = attempt(method, job)
    shutil.rmtree(folder)
    return found


if __name__ == "__main__":
    main()
