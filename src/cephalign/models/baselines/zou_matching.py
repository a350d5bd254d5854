"""From points in two scans to the motion between them: mutual nearest descriptors, RANSAC."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cephalign.geometry import Rigid
from cephalign.geometry.fit import rigid_fit
from cephalign.geometry.grid import Float, apply_affine
from cephalign.models.baselines.zou import Zou, slices_of

MOST_POINTS = 400
DRAWS = 2000
LEAST = 3
# A match that lies so near after the motion is one of it; points are no nearer to each other than voxels.
WITHIN_MM, WITHIN_VOXELS = 5.0, 1.5


@dataclass(frozen=True, eq=False)
class Points:
    """Interest points of a scan.

    Parameters
    ----------
    places : (N, 3) array
        In mm, in the frame of the matrix that they were found with.
    descriptors : (N, 128) array
        Of length one.
    """

    places: Float
    descriptors: Float


@torch.inference_mode()
def points_of(network: Zou, image: Tensor, world_from_voxel: Float, which: str) -> Points:
    """Find the strongest points of a (1, I, J, K) image, at most one in a neighbourhood of 3 x 3 voxels."""
    slices = slices_of(image[None])
    strengths = network.strengths(slices)
    peaks = torch.nn.functional.max_pool2d(strengths[:, None], 3, stride=1, padding=1)[:, 0]
    kept = torch.where(strengths == peaks, strengths, 0.0).flatten()
    order = kept.argsort(descending=True, stable=True)[: min(MOST_POINTS, int((kept > 0).sum()))]
    at = torch.stack(torch.unravel_index(order, strengths.shape), dim=1)  # slice, i, j
    index = at[:, [1, 2, 0]].double().cpu().numpy()
    described = network.described(slices, at, which).double().cpu().numpy()
    return Points(apply_affine(world_from_voxel, index), described)


def matched(fixed: Points, moving: Points) -> NDArray[np.int64]:
    """Return (M, 2) numbers of points that are each other's nearest by descriptor."""
    likeness = fixed.descriptors @ moving.descriptors.T
    partner, back = likeness.argmax(1), likeness.argmax(0)
    mutual = np.flatnonzero(back[partner] == np.arange(len(partner)))
    return np.stack([mutual, partner[mutual]], axis=1)


def motion_by_consensus(
    fixed: Float, moving: Float, rng: np.random.Generator, spacing_mm: float
) -> tuple[Rigid, int]:
    """Find the motion that most matches agree with (Fischler and Bolles, Commun. ACM 24:381, 1981).

    Parameters
    ----------
    fixed, moving : (M, 3) arrays
        Places of matched points, mm.
    rng : numpy Generator
        Draws three matches at a time.
    spacing_mm : float
        Of voxels in plane.

    Returns
    -------
    moving_from_fixed : Rigid
        The identity where fewer than three matches agree.
    agreeing : int
    """
    none = Rigid.identity(), 0
    if len(fixed) < LEAST:
        return none
    within_mm = max(WITHIN_MM, WITHIN_VOXELS * spacing_mm)
    best = np.zeros(len(fixed), dtype=bool)
    for _ in range(DRAWS):
        three = rng.choice(len(fixed), LEAST, replace=False)
        pose = rigid_fit(fixed[three], moving[three], np.ones(LEAST))
        agree = np.linalg.norm(pose.map(fixed) - moving, axis=1) < within_mm
        if agree.sum() > best.sum():
            best = agree
    if best.sum() <= LEAST:  # three agree with themselves
        return none
    return rigid_fit(fixed[best], moving[best], np.ones(best.sum())), int(best.sum())
