"""The scans of one simulated head, found and ready to be cut into cubes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from torch.nn import functional

from cephalign.errors import InputError
from cephalign.geometry import Grid, Modality, Rigid, Volume
from cephalign.geometry.grid import Float
from cephalign.prep.coarse import CHANNELS, FoundHead
from cephalign.prep.resample import resample
from cephalign.simulate.acquire.any_contrast import AnyContrast
from cephalign.simulate.head import Anatomy
from cephalign.simulate.session import simulated_session
from cephalign.train.task import Samples

# How far heads turn in the scanner. Cubes turn them any way; but scanners take slabs from the top of what
# lies in them, and of a head upside down that would be the neck.
LYING_DEG = 30.0
# This part of the scans was resampled along other axes since, by whoever had them before: the scan then holds
# empty space around the slab that was scanned.
RESAMPLED, RESAMPLED_MM = 0.3, 4.0


@dataclass(frozen=True)
class SimulatedScan:
    """A scan whose head was found.

    Parameters
    ----------
    found : FoundHead
    world_from_head : Rigid
        How the head really lies.
    modality : Modality
        `UNKNOWN` where its contrast was random.
    """

    found: FoundHead
    world_from_head: Rigid
    modality: Modality

    def cubes(
        self, side: int, spacing_mm: float, cubes_from_head: Float, rng: np.random.Generator, shift_mm: float
    ) -> tuple[NDArray[np.float32], Float]:
        """Cut cubes as `FoundHead.cube` does, many at once, in which the head is turned as told.

        Parameters
        ----------
        side : int
        spacing_mm : float
        cubes_from_head : (S, 3, 3) array
            Rotations; times a matrix near 1, the transpose of which distorts the head.
        rng : numpy Generator
        shift_mm : float
            Standard deviation, along each axis, of where the cubes' middles lie.

        Returns
        -------
        channels : (S, 3, side, side, side) array
            As in `CoarseHead`.
        head_from_voxel : (S, 4, 4) array
        """
        count = len(cubes_from_head)
        world_from_voxel = np.tile(np.eye(4), (count, 1, 1))
        turns = self.world_from_head.rotation @ cubes_from_head.transpose(0, 2, 1)
        world_from_voxel[:, :3, :3] = spacing_mm * turns
        middles = self.found.centre + rng.normal(0, shift_mm, (count, 3))
        world_from_voxel[:, :3, 3] = middles - world_from_voxel[:, :3, :3] @ np.full(3, (side - 1) / 2)
        index_from_voxel = self.found.grid.voxel_from_world @ world_from_voxel
        lattice = np.indices((side, side, side)).reshape(3, -1)
        index = index_from_voxel[:, :3, :3] @ lattice + index_from_voxel[:, :3, 3:]  # (S, 3, side^3)
        channels = _sampled(self.found, index).reshape(count, CHANNELS, side, side, side)
        return channels, self.world_from_head.inverse().matrix @ world_from_voxel


def _sampled(found: FoundHead, index: Float) -> NDArray[np.float32]:
    """Sample (S, 3, N) voxel indices: (S, 3, N) channels."""
    top = np.array(found.grid.shape)[:, None] - 1
    known = np.logical_and(index >= -0.5, index <= top + 0.5).all(axis=1, keepdims=True)
    scaled = 2 * index / np.maximum(top, 1) - 1
    places = torch.from_numpy(scaled[:, ::-1].transpose(0, 2, 1).astype(np.float32))[None, :, :, None]
    images = torch.from_numpy(np.stack([found.image, found.rank]))[None]
    sampled = functional.grid_sample(images, places, padding_mode="border", align_corners=True)
    values = sampled[0, ..., 0].transpose(0, 1).numpy() * known  # (S, 2, N)
    return np.concatenate([values, known], axis=1, dtype=np.float32)


def simulated_scans(
    rng: np.random.Generator, anatomy: Anatomy, preset: str, spacing_mm: float
) -> list[SimulatedScan]:
    """Scan heads until one is found in a scan; `spacing_mm` is that of the cubes to be cut."""
    scans: list[SimulatedScan] = []
    while not scans:
        session = simulated_session(rng, preset, anatomy=anatomy, angle_deg=LYING_DEG)
        for modality, volume in session.scans.items():
            acquisition = session.acquisitions[modality]
            kind = Modality.UNKNOWN if isinstance(acquisition.contrast, AnyContrast) else modality
            is_resampled = rng.random() < RESAMPLED
            try:  # as in a file that does not say what it is
                shown = Volume(volume.data, volume.grid)
                found = FoundHead.of(resampled(rng, shown) if is_resampled else shown, spacing_mm)
            except InputError:  # so little of it, or so much noise
                continue
            scans.append(SimulatedScan(found, acquisition.world_from_head, kind))
    return scans


def resampled(rng: np.random.Generator, volume: Volume) -> Volume:
    """Sample a scan whole on a grid that lies anyhow; its head stays where it is in the world."""
    axes = Rotation.from_quat(rng.normal(size=4)).as_matrix()
    spacing = max(RESAMPLED_MM, float(volume.grid.spacing.min()))
    along = volume.grid.corners @ axes
    low, high = along.min(axis=0), along.max(axis=0)
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = axes * spacing, axes @ low
    i, j, k = (np.ceil((high - low) / spacing) + 1).astype(int).tolist()
    return resample(volume, Grid((i, j, k), matrix))


def turned(rng: np.random.Generator, most_deg: float) -> Rotation:
    """Draw a rotation about a random axis, by an angle uniform in its square up to the most."""
    axis = rng.normal(size=3)
    return Rotation.from_rotvec(axis / np.linalg.norm(axis) * np.deg2rad(most_deg) * np.sqrt(rng.random()))


def joined(parts: Sequence[Samples]) -> Samples:
    """Put samples of a head one after the other."""
    return {name: np.concatenate([one[name] for one in parts]).astype(np.float32) for name in parts[0]}
