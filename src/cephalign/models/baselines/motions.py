"""Rigid motions of the images of `models.features`, as tensors that a network can go on from.

Places are in mm from the middle of an image, along its axes: a motion is a (B, 4, 4) matrix, and where an
image's middle goes is its last column.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from cephalign.models.features import UNIT


def motions_of(responses: Tensor) -> Tensor:
    """Return the (B, 4, 4) `moving_from_fixed` of (B, 6) responses, as `models.features.motion_of` does."""
    x, y, z = torch.deg2rad(UNIT * responses[:, :3]).unbind(1)
    (cx, cy, cz), (sx, sy, sz) = ((turn(x), turn(y), turn(z)) for turn in (torch.cos, torch.sin))
    a, b, c = (UNIT * responses[:, 3:]).unbind(1)
    none, one = torch.zeros_like(a), torch.ones_like(a)
    rows = (
        *(cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx, a),  # Rz Ry Rx
        *(sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx, b),
        *(-sy, cy * sx, cy * cx, c),
        *(none, none, none, one),
    )
    return torch.stack(rows, dim=1).view(-1, 4, 4)


def responses_of_motions(motions: Tensor) -> Tensor:
    """Return (B, 6) responses of (B, 4, 4) motions: the inverse of `motions_of` for y below 90 degrees."""
    R = motions[:, :3, :3]
    x = torch.atan2(R[:, 2, 1], R[:, 2, 2])
    y = torch.atan2(-R[:, 2, 0], torch.hypot(R[:, 0, 0], R[:, 1, 0]))
    z = torch.atan2(R[:, 1, 0], R[:, 0, 0])
    return torch.cat([torch.rad2deg(torch.stack([x, y, z], dim=1)), motions[:, :3, 3]], dim=1) / UNIT


def inverse_of(motions: Tensor) -> Tensor:
    """Return the opposite direction of (B, 4, 4) motions."""
    inverse = motions.clone()
    back = motions[:, :3, :3].transpose(1, 2)
    inverse[:, :3, :3] = back
    inverse[:, :3, 3:] = -back @ motions[:, :3, 3:]
    return inverse


def warped(moving: Tensor, moving_from_fixed: Tensor, spacing_mm: Sequence[float]) -> Tensor:
    """Show moving images where the fixed ones lie.

    Parameters
    ----------
    moving : (B, 1, I, J, K) tensor
    moving_from_fixed : (B, 4, 4) tensor
        From places in the fixed images.
    spacing_mm : sequence of float
        Of the voxels of both.

    Returns
    -------
    (B, 1, I, J, K) tensor
        Linearly interpolated; 0, which is air, beyond the outer faces of the moving image's voxels, as in
        `prep.resample`.
    """
    # In PyTorch the outer faces lie at -1 and 1 and the last axis comes first.
    half = moving.new_tensor([n * mm / 2 for n, mm in zip(moving.shape[2:], spacing_mm, strict=True)])
    scaled = moving_from_fixed[:, :3].clone()
    scaled[:, :, :3] *= half
    scaled /= half[:, None]
    turned = torch.cat([scaled[:, :, :3].flip(1, 2), scaled[:, :, 3:].flip(1)], dim=2)
    places = functional.affine_grid(turned, list(moving.shape), align_corners=False)  # (B, I, J, K, 3)
    image = functional.grid_sample(moving, places, padding_mode="border", align_corners=False)
    held = places.abs().amax(dim=4) <= 1  # (B, I, J, K)
    return image * held[:, None]
