"""The answers to the real pair as Markdown: how far apart they are, and how much the scans then share."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from benchmarks.records import Row
from benchmarks.table import number, settings
from cephalign.geometry import Rigid, Volume

HEADERS = "(headers)"
BINS = 48
TEXT = (
    "# A real CT and a real T2\n\n"
    "One specimen of animal tissue and bone in two scanners (MRI-DIR); fixed is the T2. Mean distance in mm "
    "between the answers, over points of the specimen. Nobody measured the truth, so to agree is not to be "
    "right; the mutual information of the scans under each answer (MI, in nats; plain joint histogram of "
    "{bins} x {bins} bins, trilinear) is a hint, and so is the bone. The median is over the other programs' "
    "answers.\n"
)


def real_tables(rows: list[Row], fixed: Volume, moving: Volume, points: np.ndarray) -> str:
    """Make a matrix of mean distances for each start, and say what each took."""
    parts = [TEXT.format(bins=BINS)]
    for start in dict.fromkeys(row.start for row in rows):
        found = [row for row in rows if row.start == start]
        parts.append(f"\n## Start: {start}\n\n{_matrix(found, fixed, moving, points)}")
    parts.append(f"\n## Settings\n\n{settings()}")
    return "".join(parts)


def mutual_information(fixed: Volume, moving: Volume, moving_from_fixed: Rigid, points: np.ndarray) -> float:
    """Return the mutual information in nats over (N, 3) world points of the fixed scan."""
    a = _sampled(fixed, points)
    b = _sampled(moving, moving_from_fixed.map(points))
    a, b = (np.clip(values, *np.percentile(values, [0.5, 99.5])) for values in (a, b))
    joint = np.histogram2d(a, b, BINS)[0] / len(points)
    apart = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
    return float((joint[joint > 0] * np.log(joint[joint > 0] / apart[joint > 0])).sum())


def _sampled(scan: Volume, points: np.ndarray) -> np.ndarray:
    voxels = points @ scan.grid.voxel_from_world[:3, :3].T + scan.grid.voxel_from_world[:3, 3]
    return ndimage.map_coordinates(scan.data.astype(np.float32), voxels.T, order=1, mode="nearest")


def _matrix(rows: list[Row], fixed: Volume, moving: Volume, points: np.ndarray) -> str:
    numbers = [f"{index}" for index, _ in enumerate(rows, 1)]
    heads = ["", "method", *numbers, "median", "MI", "seconds whole"]
    lines = [f"| {' | '.join(heads)} |\n", f"|{'---|' * len(heads)}\n"]
    for index, row in zip(numbers, rows, strict=True):
        apart = [_distance(row.rigid, other.rigid, points) for other in rows]
        # Nobody found the headers, and two calls of one program are not two opinions.
        others = [
            distance
            for distance, other in zip(apart, rows, strict=True)
            if other.method != HEADERS and _program(other) != _program(row) and np.isfinite(distance)
        ]
        shared = mutual_information(fixed, moving, row.rigid, points) if row.rigid else np.nan
        median = float(np.median(others)) if others else np.nan
        cells = [*(number(a, 2) for a in apart), number(median, 2), number(shared, 3)]
        lines.append(f"| {index} | {row.method} | {' | '.join(cells)} | {number(row.seconds_whole, 1)} |\n")
    return "".join(lines)


def _program(row: Row) -> str:
    return row.method.removeprefix("itk-").split()[0].strip(",")


def _distance(a: Rigid | None, b: Rigid | None, points: np.ndarray) -> float:
    return float(a.distance(b, points).mean()) if a and b else np.nan
