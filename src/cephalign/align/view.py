"""One scan's points seen in the other: their part of the joint histogram, and how the pose changes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from cephalign.align.bins import BinScale
from cephalign.align.image import LevelImage, sample
from cephalign.align.lookup import taken
from cephalign.geometry.grid import Float, apply_affine

if TYPE_CHECKING:
    from cephalign.align.information import MutualInformation

# Sums run over rows of this length first: their order then depends on neither threads nor the machine's load.
ROW = 512


@dataclass(frozen=True, eq=False)
class Side:
    """One scan at one level, and the points of its head at which the other is compared with it.

    Parameters
    ----------
    image : LevelImage
    points : (N, 3) array
        World points of this scan; N is a multiple of `ROW`.
    scale : BinScale
        From its intensities to bins.
    positions : (N,) tensor
        Of its own intensities at its points, between bins.
    """

    image: LevelImage
    points: Float
    scale: BinScale
    positions: Tensor

    @classmethod
    def of(cls, image: LevelImage, points: Float, bins: int, rank_share: float = 0.0) -> Side:
        """Look the points up; `rank_share` as in `BinScale`."""
        index = torch.from_numpy(apply_affine(image.voxel_from_world, points).T).float()
        value, _, _ = sample(image, index)
        scale = BinScale.of(value.numpy(), bins, rank_share)
        return cls(image, points, scale, scale(value)[0])


class View:
    """The points of one side (`at`) seen in the other scan (`into`) under each pose.

    Parameters
    ----------
    mi : MutualInformation
    poses : (B, 4, 4) array
        Candidates of `moving_from_fixed`.
    forward : bool
        The fixed scan's points seen in the moving scan; else the reverse.
    """

    def __init__(self, mi: MutualInformation, poses: Float, *, forward: bool) -> None:
        at, into = (mi.fixed, mi.moving) if forward else (mi.moving, mi.fixed)
        self.mi, self.into, self.forward = mi, into, forward
        bins, batch = mi.bins, len(poses)
        self.moving_from_fixed = poses
        # Points relative to their middle keep float32 precise to a thousandth of a voxel.
        middle = at.points.mean(axis=0)
        self.relative = torch.from_numpy((at.points - middle).T).float()
        self.middle = middle
        into_from_at = poses if forward else np.linalg.inv(poses)
        voxel_from_at = into.image.voxel_from_world @ into_from_at
        linear = torch.from_numpy(voxel_from_at[:, :3, :3]).float()
        offset = torch.from_numpy(voxel_from_at[:, :3, :3] @ middle + voxel_from_at[:, :3, 3]).float()
        index = _turned(linear.permute(1, 2, 0), self.relative) + offset.T[..., None]
        value, self.slope, inside = sample(into.image, index)
        position, self.rise = into.scale(value)
        low = position.floor()
        part = position - low
        own_low = at.positions.floor()
        self.own_part = at.positions - own_low
        # The histogram's rows are the fixed scan's bins, whichever side the points are of.
        self.own_step, self.other_step = (bins, 1) if forward else (1, bins)
        self.cell = (torch.arange(batch) * bins * bins)[:, None] + own_low.long() * self.own_step
        self.cell = self.cell + low.long() * self.other_step
        weight = inside.float()
        self.rise *= weight
        upper = weight * self.own_part
        lower = weight - upper
        corners = (
            (self.cell, lower * (1 - part)),
            (self.cell + self.other_step, lower * part),
            (self.cell + self.own_step, upper * (1 - part)),
            (self.cell + self.own_step + self.other_step, upper * part),
        )
        size = batch * bins * bins
        counts = (
            torch.bincount(cell.reshape(-1), part.reshape(-1).double(), minlength=size)
            for cell, part in corners
        )
        self.histogram = sum(counts, torch.zeros(size, dtype=torch.float64)).view(batch, bins, bins)

    def scores(self, table: Tensor) -> tuple[Float, Float]:
        """Return the sums over points of the slopes (B, 6), and of their outer products (B, 6, 6)."""
        mi, flat = self.mi, table.reshape(-1)

        def rise(cell: Tensor) -> Tensor:
            return taken(flat, cell + self.other_step) - taken(flat, cell)

        low = rise(self.cell)
        per_value = low + self.own_part * (rise(self.cell + self.own_step) - low)
        per_value *= self.rise
        rotation = self.moving_from_fixed[:, :3, :3]
        voxel_from_into = np.broadcast_to(self.into.image.voxel_from_world[:3, :3], rotation.shape)
        centre = rotation @ mi.centre + self.moving_from_fixed[:, :3, 3]
        if self.forward:
            to_moving, arm_from_point, sign = voxel_from_into, rotation, 1.0
            middle = rotation @ self.middle + self.moving_from_fixed[:, :3, 3] - centre
        else:
            # A point of the moving scan goes the opposite way through the fixed one.
            to_moving = voxel_from_into @ rotation.transpose(0, 2, 1)
            arm_from_point, sign = np.broadcast_to(np.eye(3), rotation.shape), -1.0
            middle = self.middle - centre
        spread = torch.from_numpy(np.ascontiguousarray(sign * to_moving)).float().permute(2, 1, 0)
        weighted = torch.stack([s * per_value for s in self.slope])
        push = torch.stack([(row[..., None] * weighted).sum(0) for row in spread])
        arm_matrix = torch.tensor(arm_from_point, dtype=torch.float32).permute(1, 2, 0)
        arm = _turned(arm_matrix, self.relative) + torch.from_numpy(middle.T).float()[..., None]
        turn = torch.linalg.cross(arm, push, dim=0) / mi.radius_mm
        return _sums(torch.cat([turn, push]))


def _turned(matrices: Tensor, points: Tensor) -> Tensor:
    """Return (3, B, N): (3, 3, B) matrices times (3, N) points, without a product whose order may vary."""
    return torch.stack([sum(m[..., None] * p for m, p in zip(row, points, strict=True)) for row in matrices])


def _sums(scores: Tensor) -> tuple[Float, Float]:
    """Sum (6, B, N) scores and their outer products over the points, in an order that is always the same."""
    rows = scores.view(*scores.shape[:2], -1, ROW)
    gradient = rows.sum(-1).double().sum(-1).T.numpy()
    curvature = np.empty((scores.shape[1], 6, 6))
    for i in range(6):
        outer = (rows[i] * rows[i:]).sum(-1).double().sum(-1).T.numpy()
        curvature[:, i, i:] = curvature[:, i:, i] = outer
    return gradient, curvature
