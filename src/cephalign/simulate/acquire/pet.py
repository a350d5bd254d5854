"""What a PET scanner adds to a head: too few counts."""

from __future__ import annotations

import torch

from cephalign.simulate.acquire.acquisition import Acquisition
from cephalign.simulate.acquire.kernel import SIGMA_OF_WIDTH, blur_gain, blurred

# Noise is a little finer than the scanner's resolution.
FINER = 0.75
# Counts that belong to no place: scattered and random ones, as activity in units of grey matter's.
BACKGROUND = 0.08


def as_pet(
    uptake: torch.Tensor, acquisition: Acquisition, first: int, generator: torch.Generator
) -> torch.Tensor:
    """Return (K, J, I) activities as reconstructed: their noise grows with the root of the activity."""
    if not acquisition.noise:
        return uptake
    sigma_mm = acquisition.resolution.blur_mm * FINER * SIGMA_OF_WIDTH
    i, j, k = (max(sigma_mm / mm, 0.1) for mm in acquisition.grid.spacing.tolist())
    noise = torch.randn(uptake.shape, generator=generator, device=uptake.device)
    noise = blurred(noise, (k, j, i)) * (uptake.clamp(min=0) + BACKGROUND).sqrt_()
    return uptake.add(noise, alpha=acquisition.noise / blur_gain((k, j, i)))
