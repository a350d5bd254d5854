"""Let one method register one pair of files, measured from outside."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.method import ROOT, Job, Method, environment
from cephalign.geometry import Rigid

LIMIT_S = 180
LOG = "log.txt"


@dataclass(frozen=True)
class Outcome:
    """The answer and what it took; no answer and a note where there is none."""

    moving_from_fixed: Rigid | None
    seconds_inside: float = np.nan
    seconds_whole: float = np.nan
    cpu_seconds: float = np.nan
    peak_mib: float = np.nan
    note: str = ""


def attempt(method: Method, job: Job) -> Outcome:
    """Run a method; what it costs to prepare its files and to read its answer is not counted."""
    job.folder.mkdir(parents=True)
    command = method.command(job)
    report = job.folder / "measured.json"
    launcher = [sys.executable, "-I", "-S", str(Path(__file__).with_name("measure.py"))]
    words = [*launcher, str(report), str(LIMIT_S), str(job.folder / LOG), *command]
    subprocess.run(words, cwd=ROOT, env=environment(), check=True)
    measured = json.loads(report.read_text())
    found, note = None, ""
    if measured["timed_out"]:
        note = f"stopped after {LIMIT_S} s"
    else:
        try:
            found = method.answer(job)
        except Exception as error:  # whatever a foreign program left, or did not
            note = f"exit code {measured['exit_code']}; {type(error).__name__}: {error}"
            note = f"{note}; {(job.folder / LOG).read_text(errors='replace')[-300:]}"
    inside = method.seconds_inside(job)
    return Outcome(
        found,
        seconds_inside=np.nan if inside is None else inside,
        seconds_whole=measured["seconds"],
        cpu_seconds=measured["cpu_seconds"],
        peak_mib=measured["peak_mib"],
        note=" ".join(note.split()),
    )
