"""Cephalign itself, through its public interface, with its defaults: from Python, and as a command.

From Python it writes the transform alone, as the peers do. The command also writes the moving scan on the
fixed grid, a page and a record.
"""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.method import (
    OUR_PYTHON,
    Job,
    Method,
    Start,
    itk_answer,
    noted_seconds,
    package_version,
    run_script,
    script,
)

METHOD = {Start.HEADER: "header", Start.CENTRES: "auto"}
PROGRAM = OUR_PYTHON.parent / "cephalign"


def register(fixed: Path, moving: Path, folder: Path, start: Start, _: list[str]) -> float:
    import torch  # noqa: F401 - an import is no registration, here as with the peers

    import cephalign

    scans = [cephalign.read_volume(path) for path in (fixed, moving)]
    registered = cephalign.register
    began = time.perf_counter()
    found = registered(*scans, method=METHOD[start])
    seconds = time.perf_counter() - began
    cephalign.write_transform(found.moving_from_fixed, folder / "ours.tfm")
    return seconds


def command(job: Job) -> list[str]:
    files = [str(job.fixed), str(job.moving)]
    return [str(PROGRAM), "register", *files, "--out", str(job.folder / "out"), "--method", METHOD[job.start]]


def command_answer(job: Job):
    from cephalign import read_transform

    return read_transform(job.folder / "out" / "registration.json")


METHODS = [
    Method(
        "cephalign (Python)",
        package_version("cephalign", OUR_PYTHON),
        script("ours", python=OUR_PYTHON),
        itk_answer("ours.tfm"),
        noted_seconds,
        "`cephalign.register(fixed, moving)`",
        is_ours=True,
    ),
    Method(
        "cephalign register",
        package_version("cephalign", OUR_PYTHON),
        command,
        command_answer,
        lambda _: None,
        "`cephalign register FIXED MOVING --out DIR`; also writes the resampled scan, a page and a record",
        is_ours=True,
    ),
]

if __name__ == "__main__":
    run_script(register)
