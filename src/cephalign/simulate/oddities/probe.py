"""Finding places in a head: what lies along a ray, which voxels a small box holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from cephalign.geometry.grid import Float, apply_affine
from cephalign.simulate.head import Head
from cephalign.simulate.tissues import Tissue

Triple = tuple[float, float, float]

BONE = (Tissue.CORTICAL_BONE, Tissue.DIPLOE)
BRAIN = (
    Tissue.GREY,
    Tissue.WHITE,
    Tissue.DEEP_GREY,
    Tissue.CEREBELLUM_GREY,
    Tissue.CEREBELLUM_WHITE,
    Tissue.BRAIN_STEM,
)
# Rays begin in the middle of the brain, some way behind and above the anterior commissure.
MIDDLE_MM = (0.0, -15.0, 15.0)
RAY_MM, RAY_STEP_MM = 160.0, 0.5


def triple(values: ArrayLike) -> Triple:
    """Return three numbers that JSON can hold."""
    x, y, z = np.asarray(values, dtype=np.float64)
    return float(x), float(y), float(z)


def unit(values: ArrayLike) -> Float:
    """Return (3,) the direction of a vector."""
    vector = np.asarray(values, dtype=np.float64)
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float64)


def across(direction: Float) -> tuple[Float, Float]:
    """Return two (3,) unit vectors at right angles to a direction and to each other."""
    helper = np.eye(3)[np.argmin(np.abs(direction))]
    first = unit(np.cross(direction, helper))
    return first, unit(np.cross(direction, first))


def tissue_at(head: Head, points: Float) -> NDArray[np.uint8]:
    """Return (...) tissues at (..., 3) points in head mm; air off the map."""
    index = np.rint(apply_affine(head.grid.voxel_from_world, points)).astype(np.int64)
    inside = np.all((index >= 0) & (index < np.array(head.grid.shape)), axis=-1)
    i, j, k = torch.from_numpy(index * inside[..., None]).to(head.tissues.device).unbind(-1)
    found = head.tissues[i, j, k].cpu().numpy()
    return np.where(inside, found, np.uint8(Tissue.AIR)).astype(np.uint8)


@dataclass(frozen=True)
class Crossing:
    """Where a ray from the middle of the brain leaves the head.

    Parameters
    ----------
    origin, outward : (3,) tuples
        The ray, in head mm.
    inner_mm, outer_mm, skin_mm : float
        How far along it the skull begins and ends, and the skin ends.
    """

    origin: Triple
    outward: Triple
    inner_mm: float
    outer_mm: float
    skin_mm: float

    def at(self, distance_mm: float) -> Float:
        """Return (3,) the point so far along the ray."""
        return np.array(self.origin) + distance_mm * np.array(self.outward)


def crossing(head: Head, outward: ArrayLike, origin: ArrayLike = MIDDLE_MM) -> Crossing | None:
    """Follow a ray to the skin; None if it meets no vault of bone on its way out of the brain."""
    direction, start = unit(outward), np.asarray(origin, dtype=np.float64)
    distances = np.arange(0, RAY_MM, min(RAY_STEP_MM, float(head.grid.spacing[0]) / 2))
    tissues = tissue_at(head, start + distances[:, None] * direction)
    bone = np.flatnonzero(np.isin(tissues, BONE))
    tissue = np.flatnonzero(tissues != Tissue.AIR)
    brain = np.flatnonzero(np.isin(tissues, BRAIN))
    if not bone.size or not brain.size:
        return None
    beyond = bone[bone > brain[-1]]
    # A vault lies close outside the brain, and nothing but scalp outside of it.
    if not beyond.size or distances[beyond[-1]] - distances[brain[-1]] > 30:
        return None
    return Crossing(
        triple(start),
        triple(direction),
        float(distances[beyond[0]]),
        float(distances[beyond[-1]]),
        float(distances[tissue[-1]]),
    )


def random_crossing(
    rng: np.random.Generator, head: Head, *, least_up: float = -0.1, most_up: float = 1.0
) -> Crossing | None:
    """Draw a ray through the vault.

    Parameters
    ----------
    rng : numpy Generator
    head : Head
    least_up, most_up : float
        Sine of its elevation, at least and at most.

    Returns
    -------
    Crossing or None
        None where a few rays have not found a vault, as in a head cut off above the face.
    """
    for _ in range(8):
        up, turn = rng.uniform(least_up, most_up), rng.uniform(0, 2 * np.pi)
        flat = np.sqrt(1 - up * up)
        found = crossing(head, (flat * np.cos(turn), flat * np.sin(turn), up))
        if found is not None:
            return found
    return None


def random_place(
    rng: np.random.Generator, head: Head, tissue: int, *, beside_mm: float = 0.0
) -> Float | None:
    """Draw a place in a tissue.

    Parameters
    ----------
    rng : numpy Generator
    head : Head
    tissue : int
        A number of `Tissue`.
    beside_mm : float
        At least so far to the right of the midline, or to the left if negative; anywhere if 0.

    Returns
    -------
    (3,) array or None
        Head mm; None where there is no such place.
    """
    for step in (2, 1):  # every second voxel is choice enough, unless there are few
        voxels = (head.tissues[::step, ::step, ::step] == int(tissue)).nonzero() * step
        if beside_mm:
            x = voxels[:, 0] * float(head.grid.spacing[0]) + float(head.grid.world_from_voxel[0, 3])
            voxels = voxels[x * np.sign(beside_mm) > abs(beside_mm)]
        if len(voxels):
            chosen = voxels[int(rng.integers(len(voxels)))].cpu().numpy()
            return apply_affine(head.grid.world_from_voxel, chosen)
    return None
