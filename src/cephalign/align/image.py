"""One level of an image pyramid as a tensor, and its smooth value and slope at any point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

from cephalign.align.lookup import taken
from cephalign.geometry import Volume
from cephalign.geometry.grid import Float

# Slices thicker than this hold too little to give any of it away: the pyramid leaves them as they are.
THICK_MM = 2.5
# The cubic B-spline: weights of the four neighbours as polynomials in the distance from the second. On
# coefficients that make it interpolate (Unser 1999) it blurs less between thick slices than kernels that need
# none, and so draws the slices of two scans together less.
BSPLINE = np.array([[1, -3, 3, -1], [4, 0, -6, 3], [1, 3, 3, -3], [0, 0, 0, 1]]) / 6


@dataclass(frozen=True, eq=False)
class LevelImage:
    """Intensities at one level, or the coefficients of the cubic B-spline through them.

    Parameters
    ----------
    values : (K, J, I) float32 tensor
        Contiguous; the first voxel index varies fastest.
    voxel_from_world : (4, 4) array
        World (RAS+ mm) to voxel indices i, j, k of this level.
    spacing : (3,) array
        mm along i, j, k.
    cubic : bool
        The values are coefficients (`splined`).
    """

    values: Tensor
    voxel_from_world: Float
    spacing: Float
    cubic: bool = False

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along i, j, k."""
        K, J, I = self.values.shape  # noqa: E741
        return int(I), int(J), int(K)


def level_image(volume: Volume) -> LevelImage:
    """Turn a scan into the finest level."""
    values = torch.from_numpy(np.array(volume.data.T, dtype=np.float32, order="C"))
    return LevelImage(values, volume.grid.voxel_from_world, volume.grid.spacing)


def pooled(image: LevelImage, spacing_mm: float) -> LevelImage:
    """Average whole blocks of voxels up to `spacing_mm`; thick slices are never shrunk."""
    factors = [
        1 if step > THICK_MM else min(max(1, int(spacing_mm / step + 1e-3)), count)
        for step, count in zip(image.spacing, image.shape, strict=True)
    ]
    return pooled_by(image, factors)


def pooled_by(image: LevelImage, factors: Sequence[int]) -> LevelImage:
    """Average blocks of so many voxels along i, j, k; what is left over at the far end is dropped."""
    if all(factor == 1 for factor in factors):
        return image
    block = tuple(reversed(factors))
    values = functional.avg_pool3d(image.values[None, None], block, block)[0, 0]
    coarse_from_fine = np.diag([*(1 / f for f in factors), 1.0])
    coarse_from_fine[:3, 3] = [-(f - 1) / (2 * f) for f in factors]
    return LevelImage(
        values.contiguous(), coarse_from_fine @ image.voxel_from_world, image.spacing * np.array(factors)
    )


def blurred(image: LevelImage, sigma_mm: float) -> LevelImage:
    """Smooth with a Gaussian of `sigma_mm`, along axes where it spans a fair part of a voxel."""
    values = image.values
    for axis, step in zip((2, 1, 0), image.spacing, strict=True):
        values = _blurred_along(values, sigma_mm / float(step), axis)
    return LevelImage(values, image.voxel_from_world, image.spacing)


def _blurred_along(values: Tensor, sigma: float, axis: int) -> Tensor:
    reach = min(math.ceil(3 * sigma), values.shape[axis] - 1)
    if sigma < 0.3 or reach < 1:
        return values
    weights = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    count = values.shape[axis]
    index = torch.arange(-reach, count + reach).clamp(0, count - 1)
    padded = values.index_select(axis, index)
    out = weights[0] * padded.narrow(axis, 0, count)
    for shift in range(1, 2 * reach + 1):
        out = out.add_(padded.narrow(axis, shift, count), alpha=float(weights[shift]))
    return out.contiguous()


def splined(image: LevelImage) -> LevelImage:
    """Turn intensities into the coefficients that cubic sampling needs, mirrored at the border."""
    values = image.values.numpy()
    for axis in range(3):
        values = ndimage.spline_filter1d(values, 3, axis=axis, output=np.float32, mode="mirror")
    return LevelImage(torch.from_numpy(values), image.voxel_from_world, image.spacing, cubic=True)


Sampled = tuple[Tensor, tuple[Tensor, Tensor, Tensor], Tensor]


def sample(image: LevelImage, index: Tensor) -> Sampled:
    """Interpolate at voxel indices: linearly, or by the cubic B-spline whose coefficients the image holds.

    Parameters
    ----------
    image : LevelImage
    index : (3, ...) float32 tensor
        Voxel indices i, j, k.

    Returns
    -------
    value : (...) tensor
    slope : three (...) tensors
        Derivative of the interpolant along i, j, k, per voxel.
    inside : (...) bool tensor
        At least one voxel within the outermost centres, which are often padding. Beyond the outermost
        centres the value is that of the border.
    """
    counts = image.shape
    inside = torch.ones(index.shape[1:], dtype=torch.bool)
    base, weights, slopes = [], [], []
    for axis, count in enumerate(counts):
        at = index[axis]
        inside &= (at >= 1) & (at <= count - 2)
        clamped = at.clamp(0, count - 1)
        low = clamped.floor().clamp_(max=count - 2)
        base.append(low.long())
        w, dw = _kernel(clamped - low, cubic=image.cubic)
        weights.append(w)
        slopes.append(dw)
    taps = [_taps(b, n, cubic=image.cubic) for b, n in zip(base, counts, strict=True)]
    return *_contract(image.values, taps, weights, slopes), inside


def _kernel(t: Tensor, *, cubic: bool) -> tuple[list[Tensor], list[Tensor]]:
    """Return the weights of the neighbours at distance `t` from the lower one, and their derivatives."""
    if not cubic:
        one = torch.ones_like(t)
        return [1 - t, t], [-one, one]
    weights = [c[0] + t * (c[1] + t * (c[2] + t * c[3])) for c in BSPLINE.tolist()]
    slopes = [c[1] + t * (2 * c[2] + t * (3 * c[3])) for c in BSPLINE.tolist()]
    return weights, slopes


def _taps(base: Tensor, count: int, *, cubic: bool) -> list[Tensor]:
    """Return the neighbours' indices along one axis; beyond the border they are mirrored."""
    if not cubic:
        return [base, base + 1]
    last = count - 1
    return [(base - 1).abs_(), base, base + 1, last - (last - 2 - base).abs_()]


def _contract(
    values: Tensor, taps: list[list[Tensor]], weights: list[list[Tensor]], slopes: list[list[Tensor]]
) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
    """Sum over the neighbours, one axis after the other."""
    J, I = values.shape[1:]  # noqa: E741
    value = slope_i = slope_j = slope_k = torch.zeros_like(weights[0][0])
    for tap_k, w_k, dw_k in zip(taps[2], weights[2], slopes[2], strict=True):
        plane = plane_i = plane_j = torch.zeros_like(value)
        for tap_j, w_j, dw_j in zip(taps[1], weights[1], slopes[1], strict=True):
            start = (tap_k * J + tap_j) * I
            row = row_i = torch.zeros_like(value)
            for tap_i, w_i, dw_i in zip(taps[0], weights[0], slopes[0], strict=True):
                v = taken(values, start + tap_i)
                row = torch.addcmul(row, v, w_i)
                row_i = torch.addcmul(row_i, v, dw_i)
            plane = torch.addcmul(plane, row, w_j)
            plane_i = torch.addcmul(plane_i, row_i, w_j)
            plane_j = torch.addcmul(plane_j, row, dw_j)
        value = torch.addcmul(value, plane, w_k)
        slope_i = torch.addcmul(slope_i, plane_i, w_k)
        slope_j = torch.addcmul(slope_j, plane_j, w_k)
        slope_k = torch.addcmul(slope_k, plane, dw_k)
    return value, (slope_i, slope_j, slope_k)
