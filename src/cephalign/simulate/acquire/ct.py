"""What a CT scanner adds to a head: table and frame, beam hardening, noise, and its kernel."""

from __future__ import annotations

import numpy as np
import torch

from cephalign.simulate.acquire.acquisition import Acquisition
from cephalign.simulate.acquire.kernel import filtered, noise_gain
from cephalign.simulate.artefacts import hardened
from cephalign.simulate.artefacts.beam import WATER_PER_MM

# Attenuation along a ray through the middle of an ordinary head, which the noise is stated for; and the most
# that is told apart from the detector's own noise.
MIDDLE, MOST = 3.9, 6.5


def as_ct(hu: torch.Tensor, acquisition: Acquisition, first: int, generator: torch.Generator) -> torch.Tensor:
    """Return (n, J, I) HU as reconstructed, of slices from number `first` on; `hu` may be changed."""
    if acquisition.hardware is not None:
        acquisition.hardware.paint(hu, *_world(hu, acquisition, first))
    spacing_mm = float(acquisition.grid.spacing[0])
    if acquisition.hardening:
        hu = hardened(hu, spacing_mm, acquisition.hardening)
    kernel = acquisition.resolution.kernel
    if acquisition.noise:
        noise = torch.randn(hu.shape, generator=generator, device=hu.device)
        noise *= _noise_along_rays(hu, spacing_mm)
        hu = hu.add(noise, alpha=acquisition.noise / noise_gain(kernel))
    return filtered(hu, kernel)


def _noise_along_rays(hu: torch.Tensor, spacing_mm: float) -> torch.Tensor:
    """Return (n, J, I) standard deviations, 1 in the middle of an ordinary head.

    The variance at a place is the mean over all rays through it of the inverse number of photons; the rays
    along rows and columns stand for all.
    """
    loss = (hu.clamp(min=-1000) + 1000) * (WATER_PER_MM * spacing_mm / 1000)
    rows, columns = (torch.exp(loss.sum(axis).clamp(max=MOST) - MIDDLE) for axis in (2, 1))
    return (rows[:, :, None] + columns[:, None, :]).mul_(0.5).sqrt_()


def _world(hu: torch.Tensor, acquisition: Acquisition, first: int) -> list[torch.Tensor]:
    """Return x, y and z of all voxels in world mm, each of hu's shape."""
    matrix = acquisition.grid.world_from_voxel
    coordinates = []
    for row in range(3):
        k, j, i = (
            torch.tensor(np.arange(start, start + count) * step, dtype=torch.float32, device=hu.device)
            for start, count, step in zip((first, 0, 0), hu.shape, matrix[row, 2::-1], strict=True)
        )
        coordinates.append((k + float(matrix[row, 3]))[:, None, None] + j[:, None] + i)
    return coordinates
