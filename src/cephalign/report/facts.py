"""What a page says of a registration, in words and rows."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from cephalign.registration import Registration  # it loads torch, which need not be there to write

Record = Mapping[str, Any]
Rows = list[tuple[str, ...]]
BY = " \N{MULTIPLICATION SIGN} "


def name_of(path: Path) -> str:
    """Return the last part of a path, or all of one that has no parts, such as a dot."""
    return path.name or str(path)


def in_mm(value: float) -> str:
    """Write millimetres with as many places as they deserve."""
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 10 else f"{value:.0f}"


def expectation(expected_mm: float, interval_mm: tuple[float, float]) -> str:
    """Say how large the error is expected to be."""
    if not math.isfinite(expected_mm):
        return "No expected error can be stated."
    low, high = interval_mm
    if not math.isfinite(low):
        return f"Expected error {in_mm(expected_mm)} mm."
    if not math.isfinite(high):
        return f"Expected error {in_mm(expected_mm)} mm, with 95 % above {in_mm(low)} mm and no upper bound."
    return f"Expected error {in_mm(expected_mm)} mm, with 90 % between {in_mm(low)} and {in_mm(high)} mm."


def input_rows(record: Record) -> Rows:
    """Return a heading and what is known of the fixed and of the moving scan."""
    fixed, moving = (_input(record, name) for name in ("fixed", "moving"))
    names = [*fixed, *(name for name in moving if name not in fixed)]
    return [(name, fixed.get(name, ""), moving.get(name, "")) for name in names]


def _input(record: Record, name: str) -> dict[str, str]:
    scan = record["inputs"][name]
    return {
        "File": name_of(Path(scan["path"])),
        "Shows": str(record["modalities"][name]),
        "Voxels": BY.join(map(str, scan["shape"])),
        "Spacing": BY.join(f"{mm:.3g}" for mm in scan["spacing_mm"]) + " mm",
        **{str(key): str(value) for key, value in scan.get("identifiers", {}).items()},
    }


def hash_rows(record: Record) -> Rows:
    """Return the whole paths of both scans with their SHA-256."""
    return [(scan["path"], scan["sha256"]) for scan in record["inputs"].values()]


def motion_rows(found: Registration) -> Rows:
    """Return how far the answer turns and shifts the head."""
    pose, centre = found.moving_from_fixed, np.array(found.centre)
    shift = pose.map(centre) - centre
    return [
        ("Turned by", f"{pose.angle_deg:.2f}°"),
        ("about the x, y, z axes", ", ".join(f"{angle:.2f}°" for angle in pose.euler())),
        ("Head's centre shifted by", f"{np.linalg.norm(shift):.1f} mm"),
        ("along x, y, z", ", ".join(f"{mm:.1f} mm" for mm in shift)),
    ]


def motion(found: Registration) -> str:
    """Say in one line how far the answer moves the head."""
    pose = found.moving_from_fixed
    shift_mm = in_mm(float(pose.displacement(found.centre)))
    return f"Turned by {pose.angle_deg:.1f}°, the head's centre shifted by {shift_mm} mm."


def stage_rows(found: Registration) -> Rows:
    """Return name, similarity, distance to the answer at the head's centre, and seconds of each stage."""
    return [
        (
            stage.name,
            f"{stage.similarity:.4f}" if math.isfinite(stage.similarity) else "none",
            f"{stage.moving_from_fixed.distance(found.moving_from_fixed, found.centre):.2f}",
            f"{stage.seconds:.2f}",
        )
        for stage in found.stages
    ]


def number_rows(numbers: Mapping[str, float]) -> Rows:
    """Return the names of numbers, as words, and the numbers; a name that ends so is in mm."""
    return [
        (name.replace("_mm", ", mm").replace("_", " "), f"{value:.4g}") for name, value in numbers.items()
    ]


def command(record: Record) -> str:
    """Return the command line that does the registration again, quoted for a POSIX shell."""
    paths = [record["inputs"][name]["path"] for name in ("fixed", "moving")]
    words = ["cephalign", "register", *paths, "--out", "result"]
    for name, value in record["parameters"].items():
        if value not in (None, False):
            words += _option(name, value)
    return shlex.join(words)


def _option(name: str, value: object) -> Sequence[str]:
    option = f"--{name.replace('_', '-')}"
    return [option] if value is True else [option, str(value)]
