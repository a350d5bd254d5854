"""Mutual information of two scans under a pose, with its slope and curvature, for many poses at once.

The joint histogram is spread linearly over bins and then smoothed, a Parzen estimate as in Mattes et al.
(IEEE TMI 22:120, 2003). Points of both scans are compared, so that exchanging the scans inverts the answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from cephalign.align.view import Side, View
from cephalign.geometry.grid import Float
from cephalign.parallel import both

# The smoothing of the histogram, in bins.
PARZEN_SIGMA_BINS = 1.0
TINY = 1e-12


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
        Both with as many bins.
    centre : (3,) array
        Fixed-world point about which rotations turn.
    radius_mm : float
        How far from it a rotation's effect is measured.
    """

    def __init__(self, fixed: Side, moving: Side, *, centre: Float, radius_mm: float) -> None:
        self.fixed, self.moving, self.bins = fixed, moving, fixed.scale.bins
        self.centre, self.radius_mm = centre, radius_mm
        bin_number = torch.arange(self.bins, dtype=torch.float64)
        kernel = torch.exp(-0.5 * ((bin_number[:, None] - bin_number) / PARZEN_SIGMA_BINS) ** 2)
        self._smooth = kernel / kernel.sum(0, keepdim=True)

    def __call__(self, poses: Float, *, slopes: bool = True) -> Evaluated:
        """Evaluate (B, 4, 4) candidates of `moving_from_fixed`."""
        views = both(lambda forward: View(self, poses, forward=forward), True, False)
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

    def moved(self, poses: Float, steps: Float) -> Float:
        """Return (B, 4, 4) poses after (B, 6) steps in the parameters of `Evaluated`."""
        out = poses.copy()
        turns = _rotations(steps[:, :3] / self.radius_mm)
        out[:, :3, :3] = turns @ poses[:, :3, :3]
        arrival = poses[:, :3, :3] @ self.centre + poses[:, :3, 3] + steps[:, 3:]
        out[:, :3, 3] = arrival - out[:, :3, :3] @ self.centre
        return out


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
