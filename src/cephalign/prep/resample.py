"""Sampling a scan on another grid through a rigid transform."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cephalign.errors import InputError
from cephalign.geometry import Grid, Modality, Rigid, Volume
from cephalign.geometry.grid import Float

Interpolation = Literal["nearest", "linear", "cubic"]
SPLINE_ORDER = {"nearest": 0, "linear": 1, "cubic": 3}
AIR_HU = -1000.0
# No soft tissue is so low; a scan with such values is in Hounsfield units and holds air.
SURELY_AIR_HU = -500.0
# As float64, in which 64-bit integers are interpolated, holds them.
LARGEST_EXACT = 2**53
# A voxel is as wide as its spacing: its outer half belongs to it too. The excess absorbs rounding.
OUTER_HALF = 0.5 + 1e-6


def background(volume: Volume) -> float:
    """Return the value of empty space: -1000 where the scan is in Hounsfield units, else 0.

    A CT stored with an offset (air at 0), MR and PET have 0; a scan whose smallest value lies above that
    has its smallest value.
    """
    smallest = float(volume.data.min())
    if volume.modality in (Modality.CT, Modality.UNKNOWN) and smallest < SURELY_AIR_HU:
        return AIR_HU
    return max(0.0, smallest)


def resample(
    volume: Volume,
    grid: Grid,
    moving_from_fixed: Rigid | None = None,
    *,
    interpolation: Interpolation = "linear",
    fill: float | None = None,
) -> Volume:
    """Show a moving scan on a fixed grid.

    Parameters
    ----------
    volume : Volume
        The moving scan.
    grid : Grid
        The fixed grid.
    moving_from_fixed : Rigid, optional
        Takes a point of the fixed grid to the moving scan; identity by default.
    interpolation : {'linear', 'nearest', 'cubic'}
        'nearest' for label maps; 'cubic' is the interpolating B-spline.
    fill : float, optional
        Value outside the moving scan; by default empty space (`background`).

    Returns
    -------
    Volume
        On `grid`, in the type and modality of `volume`; integers are rounded, and clipped to their range.

    Raises
    ------
    InputError
        Unknown interpolation, a fill value that the data type cannot hold, or integers too large to be exact.
    """
    if interpolation not in SPLINE_ORDER:
        raise InputError("unknown interpolation", expected=" or ".join(SPLINE_ORDER), got=repr(interpolation))
    _refuse_inexact(volume.data)
    value = background(volume) if fill is None else _holdable(fill, volume.data.dtype)
    motion = moving_from_fixed or Rigid.identity()
    moving_voxel_from_fixed_voxel = volume.grid.voxel_from_world @ motion.matrix @ grid.world_from_voxel
    order = SPLINE_ORDER[interpolation]
    # float32 holds every integer of 16 bits, but not of 32.
    exact = np.result_type(volume.data, np.float32)
    sampled = ndimage.affine_transform(
        volume.data.astype(exact, copy=False) if order else volume.data,
        moving_voxel_from_fixed_voxel[:3, :3],
        moving_voxel_from_fixed_voxel[:3, 3],
        output_shape=grid.shape,
        order=order,
        mode="nearest",
    )
    sampled[outside(moving_voxel_from_fixed_voxel, grid.shape, volume.grid.shape)] = value
    return Volume(_as_type(sampled, volume.data.dtype), grid, volume.modality)


def outside(
    moving_voxel_from_fixed_voxel: Float, shape: tuple[int, int, int], moving_shape: tuple[int, int, int]
) -> NDArray[np.bool_]:
    """Return where (of `shape`) a fixed voxel's centre falls beyond the moving scan's outer voxel faces."""
    beyond = np.zeros(shape, dtype=np.bool_)
    axes = np.ogrid[tuple(slice(n) for n in shape)]
    for row, count in zip(moving_voxel_from_fixed_voxel[:3], moving_shape, strict=True):
        index = sum(step * axis for step, axis in zip(row[:3], axes, strict=True)) + row[3]
        beyond |= (index < -OUTER_HALF) | (index > count - 1 + OUTER_HALF)
    return beyond


def _refuse_inexact(data: NDArray[Any]) -> None:
    if data.dtype.kind in "iu" and data.dtype.itemsize == 8:
        largest = max(int(data.max()), -int(data.min()))
        if largest > LARGEST_EXACT:
            raise InputError(
                "voxels too large to be interpolated exactly",
                expected=f"integers of at most {LARGEST_EXACT}",
                got=str(largest),
                do="give labels smaller numbers, or store the image as floats",
            )


def _holdable(fill: float, dtype: np.dtype[Any]) -> float:
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        if not (info.min <= fill <= info.max and float(fill).is_integer()):
            raise InputError(
                f"fill value {fill:g} does not fit",
                expected=f"a whole number from {info.min} to {info.max} for {dtype.name}",
            )
    return fill


def _as_type(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    if dtype.kind in "iu" and values.dtype != dtype:
        info = np.iinfo(dtype)
        whole: NDArray[Any] = np.clip(np.rint(values), info.min, info.max).astype(dtype)
        return whole
    return values.astype(dtype, copy=False)
