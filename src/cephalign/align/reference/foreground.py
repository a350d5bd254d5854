"""The paper's foreground: one threshold for the whole scan, on intensities from 0 to 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cephalign.errors import InputError
from cephalign.geometry import Grid, Rigid, Volume
from cephalign.geometry.grid import Float, apply_affine
from cephalign.prep.resample import resample

LEVELS = 256


def isotropic(volume: Volume, spacing_mm: float) -> Volume:
    """Resample to cubes of `spacing_mm`; intensities run from 0, the scan's smallest, to 1, its largest.

    Raises
    ------
    InputError
        NaN or infinity, or one value everywhere.
    """
    if not np.isfinite(volume.data).all():
        raise InputError(
            "scan holds NaN or infinite voxels", expected="finite intensities", do="repair or crop the scan"
        )
    low, high = float(volume.data.min()), float(volume.data.max())
    if low == high:
        raise InputError("scan holds no image", expected="intensities that differ", got=f"{low:g} everywhere")
    unit = ((volume.data.astype(np.float32) - np.float32(low)) / np.float32(high - low)).clip(0, 1)
    normalised = Volume(unit, volume.grid, volume.modality)
    return resample(normalised, volume.grid.resized(spacing_mm), fill=0.0)


def otsu(unit: NDArray[np.float32]) -> float:
    """Return the threshold that parts intensities from 0 to 1 into the two classes farthest apart.

    Otsu (IEEE Trans. SMC 9:62, 1979) over 256 levels, as MATLAB's `graythresh` does: levels are rounded to,
    and of several thresholds that are as good the mean is taken.
    """
    levels = np.rint(unit.ravel() * np.float32(LEVELS - 1)).astype(np.uint8)
    share = np.bincount(levels, minlength=LEVELS) / levels.size
    below = np.cumsum(share)
    moment = np.cumsum(share * np.arange(LEVELS))
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (moment[-1] * below - moment) ** 2 / (below * (1 - below))
    between[~np.isfinite(between)] = 0
    (best,) = np.nonzero(between == between.max())
    return float(best.mean() / (LEVELS - 1))


def cloud(unit: Volume) -> Float:
    """Return the (N, 3) world positions of what is brighter than the threshold, all of it."""
    return apply_affine(unit.grid.world_from_voxel, np.argwhere(unit.data > otsu(unit.data)))


def reoriented(unit: Volume, world_from_frame: Rigid) -> Volume:
    """Resample a scan along the axes of a frame, its origin in the middle; the world of the result is it."""
    spacing = float(unit.grid.spacing[0])
    reach = np.abs((~world_from_frame).map(unit.grid.corners)).max(axis=0)
    half = np.ceil(reach / spacing).astype(int)
    matrix = np.diag([spacing, spacing, spacing, 1.0])
    matrix[:3, 3] = -spacing * half
    i, j, k = (2 * half + 1).tolist()
    return resample(unit, Grid((i, j, k), matrix), world_from_frame, fill=0.0)
