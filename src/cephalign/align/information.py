"""Mutual information of two scans under a pose, with its slope and curvature, for many poses at once.

The joint histogram is spread linearly over bins and then smoothed, a Parzen estimate as in Mattes et al.
(IEEE TMI 22:120, 2003). Points of both scans are compared, so that exchanging the scans inverts the answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cephalign.align.image import LevelImage, sample
from cephalign.align.parallel import both
from cephalign.geometry.grid import Float, apply_affine

# The smoothing of the histogram, in bins.
PARZEN_SIGMA_BINS = 1.0
TINY = 1e-12
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
    low, high : float
        Intensities that become the first and the last bin.
    """

    image: LevelImage
    points: Float
    low: float
    high: float

    def to_bins(self, values: Tensor, bins: int) -> Tensor:
        """Map intensities to positions between bins, 0 to bins - 1; what lies beyond counts as the limit."""
        scale = (bins - 1) / (self.high - self.low)
        return ((values - self.low) * scale).clamp_(0, bins - 1 - 1e-4)


@dataclass(frozen=True, eq=False)
class Evaluated:
    """Values (B,), overlaps (B,), gradients (B, 6) and curvatures (B, 6, 6) per point for B poses.

    The six parameters are a rotation vector times `radius_mm`, about where `centre` goes, and a translation:
    all in mm, in the moving world. The curvature is the outer product of the points' scores (Berndt et al.
    1974).
    """

    value: Float
    overlap: Float
    gradient: Float
    curvature: Float


class MutualInformation:
    """Mutual information between two sides as a function of `moving_from_fixed`.

    Parameters
    ----------
    fixed, moving : Side
    bins : int
        Of each scan's intensities.
    centre : (3,) array
        Fixed-world point about which rotations turn.
    radius_mm : float
        How far from it a rotation's effect is measured.
    cubic : bool
        Interpolate with Keys' cubic convolution.
    """

    def __init__(
        self, fixed: Side, moving: Side, *, bins: int, centre: Float, radius_mm: float, cubic: bool = False
    ) -> None:
        self.fixed, self.moving, self.bins = fixed, moving, bins
        self.centre, self.radius_mm, self.cubic = centre, radius_mm, cubic
        bin_number = torch.arange(bins, dtype=torch.float64)
        kernel = torch.exp(-0.5 * ((bin_number[:, None] - bin_number) / PARZEN_SIGMA_BINS) ** 2)
        self._smooth = kernel / kernel.sum(0, keepdim=True)
        self._own = {id(side): self._own_bins(side) for side in (fixed, moving)}

    def _own_bins(self, side: Side) -> tuple[Tensor, Tensor]:
        """Return the lower bin and the part in the next one of a side's own intensities at its points."""
        index = torch.from_numpy(apply_affine(side.image.voxel_from_world, side.points).T).float()
        value, _, _ = sample(side.image, index, cubic=self.cubic)
        at = side.to_bins(value, self.bins)
        low = at.floor()
        return low.long(), at - low

    def __call__(self, poses: Float, *, slopes: bool = True) -> Evaluated:
        """Evaluate (B, 4, 4) candidates of `moving_from_fixed`."""
        views = both(lambda forward: self._view(poses, forward=forward), True, False)
        counts = views[0].histogram + views[1].histogram
        inside = counts.sum((1, 2)).clamp_min(1)
        joint = self._smooth @ counts @ self._smooth.T / inside[:, None, None]
        expected = joint.sum(2, keepdim=True) * joint.sum(1, keepdim=True)
        ratio = torch.log((joint + TINY) / (expected + TINY))
        value = (joint * ratio).sum((1, 2)).numpy()
        overlap = (inside / (len(self.fixed.points) + len(self.moving.points))).numpy()
        if not slopes:
            return Evaluated(value, overlap, np.empty(0), np.empty(0))
        table = (self._smooth.T @ ratio @ self._smooth).float()
        sums = both(lambda view: view.scores(table), *views)
        gradient, curvature = (a + b for a, b in zip(*sums, strict=True))
        per_point = inside.numpy()
        return Evaluated(value, overlap, gradient / per_point[:, None], curvature / per_point[:, None, None])

    def _view(self, poses: Float, *, forward: bool) -> _View:
        at, into = (self.fixed, self.moving) if forward else (self.moving, self.fixed)
        return _View(self, at, into, poses, forward=forward)

    def moved(self, poses: Float, steps: Float) -> Float:
        """Return (B, 4, 4) poses after (B, 6) steps in the parameters of `Evaluated`."""
        out = poses.copy()
        turns = _rotations(steps[:, :3] / self.radius_mm)
        out[:, :3, :3] = turns @ poses[:, :3, :3]
        arrival = poses[:, :3, :3] @ self.centre + poses[:, :3, 3] + steps[:, 3:]
        out[:, :3, 3] = arrival - out[:, :3, :3] @ self.centre
        return out


class _View:
    """The points of one side (`at`) seen in the other scan (`into`) under each pose."""

    def __init__(self, mi: MutualInformation, at: Side, into: Side, poses: Float, *, forward: bool) -> None:
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
        value, self.slope, inside = sample(into.image, index, cubic=mi.cubic)
        position = into.to_bins(value, bins)
        low = position.floor()
        part = position - low
        own_low, self.own_part = mi._own[id(at)]
        # The histogram's rows are the fixed scan's bins, whichever side the points are of.
        self.own_step, self.other_step = (bins, 1) if forward else (1, bins)
        self.cell = (torch.arange(batch) * bins * bins)[:, None] + own_low * self.own_step
        self.cell = self.cell + low.long() * self.other_step
        # A value at a limit does not change there.
        self.weight = inside.float()
        self.flowing = self.weight * ((position > 0) & (position < bins - 1 - 1e-4))
        upper = self.weight * self.own_part
        lower = self.weight - upper
        corners = (
            (self.cell, lower * (1 - part)),
            (self.cell + self.other_step, lower * part),
            (self.cell + self.own_step, upper * (1 - part)),
            (self.cell + self.own_step + self.other_step, upper * part),
        )
        size = batch * bins * bins
        counts = (
            torch.bincount(cell.reshape(-1), weight.reshape(-1).double(), minlength=size)
            for cell, weight in corners
        )
        self.histogram = sum(counts, torch.zeros(size, dtype=torch.float64)).view(batch, bins, bins)

    def scores(self, table: Tensor) -> tuple[Float, Float]:
        """Return the sums over points of the slopes (B, 6), and of their outer products (B, 6, 6)."""
        mi, flat = self.mi, table.reshape(-1)

        def rise(cell: Tensor) -> Tensor:
            return torch.take(flat, cell + self.other_step) - torch.take(flat, cell)

        low = rise(self.cell)
        per_value = low + self.own_part * (rise(self.cell + self.own_step) - low)
        per_value *= self.flowing * ((mi.bins - 1) / (self.into.high - self.into.low))
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


def _rotations(vectors: Float) -> Float:
    """Return (B, 3, 3) rotations of (B, 3) vectors in radians (Rodrigues)."""
    angle = np.linalg.norm(vectors, axis=1)[:, None, None]
    cross = np.zeros((len(vectors), 3, 3))
    x, y, z = vectors.T
    cross[:, 0, 1], cross[:, 0, 2], cross[:, 1, 2] = -z, y, -x
    cross -= cross.transpose(0, 2, 1)
    first = np.sinc(angle / np.pi)
    second = 0.5 * np.sinc(angle / (2 * np.pi)) ** 2
    return np.asarray(np.eye(3) + first * cross + second * (cross @ cross))
