"""The results as Markdown."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Collection, Iterable
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.method import ROOT, THREADS
from benchmarks.methods import METHODS, version_of
from benchmarks.records import Row
from benchmarks.trivial import TRIVIAL

FAILED_MM = 2.0
HEAD = (
    "| method | pairs | median of mean TRE | max of mean | max at a point | failures | seconds inside "
    "| seconds whole | peak MiB |\n|---|---|---|---|---|---|---|---|---|\n"
)


def recontrasted_table(rows: list[Row], peer_pairs: Collection[str]) -> str:
    """Make the table of the pairs with known motion: all methods on the peers' pairs, then ours on all."""
    rows = [row for row in rows if row.family == "recontrasted"]
    common = [row for row in rows if row.pair in peer_pairs]
    names = [method.name for method in METHODS]
    ours = [method.name for method in METHODS if method.is_ours]
    lines = [line(name, common) for name in [*names, *TRIVIAL]]
    all_lines = [line(name, rows) for name in [*ours, *TRIVIAL]]
    return (
        "# Pairs with known motion\n\n"
        "The RIRE T1 under a known motion of up to 30 degrees and 30 mm, resampled onto the CT's grid "
        "(512 x 512 x 29), its contrast remapped by a curve that is not monotone, with noise. TRE in mm over "
        f"the head. A failure is a mean TRE above {FAILED_MM:g} mm, no answer, or none in time; maxima are "
        "of the answers there are. Seconds are medians: inside is the registration alone, whole the process "
        f"with start, reading and writing; {THREADS} threads. A dash: the program does not tell.\n\n"
        "## All methods on the peers' pairs\n\n" + HEAD + "".join(lines) + "\n## Ours on all pairs\n\n"
        f"{HEAD}{''.join(all_lines)}\n## Settings\n\n{settings()}"
    )


def line(name: str, rows: Iterable[Row]) -> str:
    rows = [row for row in rows if row.method == name]
    if not rows:
        return ""
    means = np.array([row.mean_mm for row in rows])
    answered = ~np.isnan(means)
    points = np.array([row.max_mm for row in rows])
    lost = int((~(means <= FAILED_MM)).sum())
    cells = [
        f"{len(rows)}",
        number(float(np.median(np.where(answered, means, np.inf))), 3),
        number(float(means[answered].max(initial=-np.inf)), 3),
        number(float(points[answered].max(initial=-np.inf)), 3),
        f"{lost}",
        number(_median([row.seconds_inside for row in rows]), 1),
        number(_median([row.seconds_whole for row in rows]), 1),
        number(_median([row.peak_mib for row in rows]), 0),
    ]
    return f"| {name} | {' | '.join(cells)} |\n"


def _median(values: list[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.median(known)) if known else np.nan


def number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if np.isfinite(value) else "-"


def settings() -> str:
    """List the methods that are here, with version and settings."""
    found = [(method, version_of(tuple(method.version_command))) for method in METHODS]
    return "".join(f"- {method.name} {version}: {method.settings}\n" for method, version in found if version)


def write_page(path: Path, text: str) -> None:
    """Write the page with the day, the commit and the machine, and print it."""
    page = f"{text}\n{date.today().isoformat()}, commit {_commit()}, {_machine()}\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    print(page)


def _commit() -> str:
    words = ["git", "describe", "--always", "--dirty", "--abbrev=10"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _machine() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    model = models[0] if models else platform.processor()
    parts = [model, f"{os.cpu_count()} cores", f"{memory:.0f} GiB", platform.system()]
    return ", ".join([*parts, f"Python {platform.python_version()}"])
