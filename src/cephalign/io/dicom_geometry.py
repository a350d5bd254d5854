"""From slices in space to a grid: order along the normal, gaps, gantry tilt. All in LPS mm, as DICOM is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cephalign.errors import GeometryError
from cephalign.geometry.grid import Float

# Row and column vectors are text with six decimals; more than this is no rounding.
COSINE_TOLERANCE = 1e-3
# Of a slice's drift per mm of way: above it a grid would count as sheared (0.06 degrees).
TILT_TOLERANCE = 1e-3
# How far a slice may be from its place in an even stack: positions are often rounded to 0.1 mm.
PLACE_TOLERANCE_MM = 0.06
PLACE_TOLERANCE_SPACING = 0.02
SAME_PLACE_MM = 0.01
STEEPEST_TILT_DEG = 45.0
MOST_FILLED = 10
CLOSEST_RATIO = 1.25


@dataclass(frozen=True)
class Stack:
    """Parallel slices in the order of their places.

    Parameters
    ----------
    order : (n,) list
        Where each slice was in the input.
    frame : (3, 3) array
        Unit vectors along i (columns), j (rows) and k (normal) as columns.
    origin : (3,) array
        Centre of the first voxel of the first slice.
    along : (n,) array
        Way of each slice along the normal from the first.
    drift : (n, 2) array
        Where each slice starts beside the first, along i and j.
    """

    order: list[int]
    frame: Float
    origin: Float
    along: Float
    drift: Float

    @property
    def drift_per_mm(self) -> Float:
        """(2,) drift along i and j for each mm of way, from the first to the last slice."""
        slope: Float = self.drift[-1] / self.along[-1]
        return slope

    @property
    def tilt_deg(self) -> float:
        """Angle between the way of the slices and their normal."""
        return math.degrees(math.atan(float(np.linalg.norm(self.drift_per_mm))))

    @property
    def is_tilted(self) -> bool:
        """Whether the slices march off their normal, as with a tilted gantry."""
        return bool(np.linalg.norm(self.drift_per_mm) > TILT_TOLERANCE)

    @property
    def is_even(self) -> bool:
        """Whether neighbours are equally far apart, up to rounding."""
        even = np.linspace(0, self.along[-1], len(self.along))
        tolerance = max(PLACE_TOLERANCE_MM, PLACE_TOLERANCE_SPACING * float(np.diff(self.along).min()))
        return bool(np.abs(self.along - even).max() <= tolerance)


def stacked(orientation: ArrayLike, positions: ArrayLike, what: str) -> Stack:
    """Order slices along their normal.

    Parameters
    ----------
    orientation : (6,) array
        ImageOrientationPatient.
    positions : (n, 3) array
        ImagePositionPatient of each slice, n at least 2.
    what : str
        Names the series in errors.

    Raises
    ------
    GeometryError
        Row and column are no unit vectors at right angles.
    """
    row, column = np.asarray(orientation, dtype=np.float64).reshape(2, 3)
    lengths = np.array([np.linalg.norm(row), np.linalg.norm(column)])
    if np.abs(lengths - 1).max() > COSINE_TOLERANCE or abs(float(row @ column)) > COSINE_TOLERANCE:
        raise GeometryError(
            f"{what}: damaged ImageOrientationPatient",
            expected="two unit vectors at right angles",
            got=str([row.tolist(), column.tolist()]),
        )
    i = row / lengths[0]
    k = np.cross(i, column)
    k /= np.linalg.norm(k)
    frame = np.stack([i, np.cross(k, i), k], axis=1)
    ways = np.asarray(positions, dtype=np.float64) @ frame
    order = np.argsort(ways[:, 2], kind="stable")
    ways = ways[order]
    origin = frame @ ways[0]
    ways -= ways[0]
    return Stack(order.tolist(), frame, origin, ways[:, 2], ways[:, :2])


def refuse_crooked(stack: Stack, what: str) -> None:
    """Raise `GeometryError` unless the slices, all in different places, lie along one straight line."""
    off = np.abs(stack.drift - stack.along[:, None] * stack.drift_per_mm).max()
    if off > max(PLACE_TOLERANCE_MM, 1e-3 * stack.along[-1]):
        raise GeometryError(
            f"{what}: the slices do not lie on one straight line",
            expected="a straight stack",
            got=f"one {off:.3g} mm beside it",
        )


def lps_from_voxel(stack: Stack, spacing_ij_mm: ArrayLike) -> Float:
    """Return the (4, 4) matrix of an even, upright stack."""
    matrix = np.eye(4)
    matrix[:3, :2] = stack.frame[:, :2] * np.asarray(spacing_ij_mm)
    way = np.array([*stack.drift[-1], stack.along[-1]]) / (len(stack.along) - 1)
    matrix[:3, 2] = stack.frame @ way
    matrix[:3, 3] = stack.origin
    return matrix


def evened(data: NDArray[Any], stack: Stack, what: str) -> tuple[NDArray[np.float32], Stack]:
    """Fill gaps: interpolate linearly along the stack, on places about as far apart as its closest slices.

    A slice that lies on a place, up to rounding, is taken as it is.

    Raises
    ------
    GeometryError
        The closest slices are so close that nearly all others would be invented.
    """
    ways = np.diff(stack.along)
    closest = ways[ways < CLOSEST_RATIO * ways.min()].mean()  # rounding makes a single one too small
    count = round(float(stack.along[-1] / closest)) + 1
    if count > MOST_FILLED * len(stack.along):
        raise GeometryError(
            f"{what}: its gaps are too large to fill",
            expected=f"at most {MOST_FILLED} slices for each given",
            got=f"{len(stack.along)} slices over {stack.along[-1]:.4g} mm, closest {closest:.3g} mm apart",
        )
    places: Float = np.linspace(0.0, float(stack.along[-1]), count)
    above = np.clip(np.searchsorted(stack.along, places), 1, len(stack.along) - 1)
    part = (places - stack.along[above - 1]) / (stack.along[above] - stack.along[above - 1])
    part = np.where(np.abs(part - part.round()) < PLACE_TOLERANCE_SPACING, part.round(), part)
    filled = np.empty((*data.shape[:2], count), dtype=np.float32, order="F")
    for k, (upper, weight) in enumerate(zip(above, part.astype(np.float32), strict=True)):
        filled[..., k] = _mixed(data[..., upper - 1], data[..., upper], weight)
    drift = places[:, None] * stack.drift_per_mm
    return filled, Stack(list(range(count)), stack.frame, stack.origin, places, drift)


def upright(
    data: NDArray[Any], stack: Stack, spacing_ij_mm: ArrayLike, fill: float
) -> tuple[NDArray[np.float32], Stack]:
    """Take the shear out of an even stack: every slice is moved in its own plane, linearly interpolated.

    The grid grows so that nothing is cut off; what no slice covers is `fill`.
    """
    spacing = np.asarray(spacing_ij_mm, dtype=np.float64)
    shift_vox = stack.along[:, None] * stack.drift_per_mm / spacing
    first = np.floor(shift_vox.min(axis=0) + 1e-6)
    last = np.ceil(shift_vox.max(axis=0) - 1e-6)
    columns, rows = (np.array(data.shape[:2]) + (last - first).astype(int)).tolist()
    moved = np.empty((columns, rows, data.shape[2]), dtype=np.float32, order="F")
    for k, (di, dj) in enumerate(first - shift_vox):
        plane = _resampled(data[..., k].astype(np.float32), float(di), columns, fill)
        moved[..., k] = _resampled(plane.T, float(dj), rows, fill).T
    origin = stack.origin + stack.frame[:, :2] @ (first * spacing)
    return moved, Stack(stack.order, stack.frame, origin, stack.along, np.zeros_like(stack.drift))


def _resampled(plane: NDArray[np.float32], start_vox: float, count: int, fill: float) -> NDArray[np.float32]:
    """Return `count` rows of `plane` taken at `start_vox`, `start_vox` + 1, ... along its first axis."""
    whole = math.floor(start_vox + 1e-9)
    part = np.float32(max(start_vox - whole, 0.0))
    wide = np.full((count + 1, plane.shape[1]), fill, dtype=np.float32)
    to = slice(max(-whole, 0), min(len(plane) - whole, count + 1))
    wide[to] = plane[to.start + whole : to.stop + whole]
    return _mixed(wide[:-1], wide[1:], part)


def _mixed(one: NDArray[Any], other: NDArray[Any], part: np.float32) -> NDArray[np.float32]:
    """Interpolate so that equal values stay what they are, to the last bit."""
    start = one.astype(np.float32)
    mixed: NDArray[np.float32] = start + part * (other.astype(np.float32) - start)
    return mixed
