"""Corners of slices that stay where they are when the slice is turned or scaled: what a detector learns.

The strength is that of Shi and Tomasi (CVPR 1994), averaged over warps as DeTone et al. (CVPR workshops 2018)
average the answers of a detector; theirs are drawn, ours are always the same.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

WARPS = tuple(
    (math.radians(angle), scale) for angle, scale in ((-20, 1.0), (0, 0.9), (0, 1.0), (0, 1.1), (20, 1.0))
)
WINDOW = 5


def steady_corners(slices: Tensor) -> Tensor:
    """Return the mean strength (K, 1, I, J) of corners of (K, 1, I, J) slices, seen under the warps."""
    seen = torch.zeros_like(slices)
    for angle, scale in WARPS:
        turned = _warped(slices, angle, scale)
        seen += _warped(corners(turned), -angle, 1 / scale)
    return seen / len(WARPS)


def corners(slices: Tensor) -> Tensor:
    """Return the lesser eigenvalue of the gradients' second moments in a window about each voxel."""
    padded = functional.pad(slices, (1, 1, 1, 1), mode="replicate")
    along = (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]) / 2
    across = (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]) / 2
    a, b, c = (
        functional.avg_pool2d(product, WINDOW, stride=1, padding=WINDOW // 2)
        for product in (along * along, across * across, along * across)
    )
    return (a + b) / 2 - (((a - b) / 2).square() + c.square()).sqrt()


def _warped(slices: Tensor, angle: float, scale: float) -> Tensor:
    """Turn and scale about the middle; square slices stay so."""
    cos, sin = math.cos(angle) * scale, math.sin(angle) * scale
    affine = slices.new_tensor([[cos, -sin, 0.0], [sin, cos, 0.0]]).expand(len(slices), 2, 3)
    grid = functional.affine_grid(affine, list(slices.shape), align_corners=False)
    return functional.grid_sample(slices, grid, padding_mode="border", align_corners=False)
