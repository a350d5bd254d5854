"""What a PET scanner adds to a head: too few counts."""

from __future__ import annotations

import torch

from cephalign.simulate.acquire.acquisition import Acquisition
from cephalign.simulate.acquire.kernel import filtered

# The reconstruction's filter, so often over the noise, makes it as coarse as the scanner's resolution.
PASSES, PASSES_GAIN = 3, 0.2255859375
# Counts that belong to no place: scattered and random ones, as activity in units of grey matter's.
BACKGROUND = 0.08


def as_pet(
    uptake: torch.Tensor, acquisition: Acquisition, first: int, generator: torch.Generator
) -> torch.Tensor:
    """Return (n, J, I) activities as reconstructed; the noise grows with the root of the activity."""
    if not acquisition.noise:
        return uptake
    noise = torch.randn(uptake.shape, generator=generator, device=uptake.device)
    for _ in range(PASSES):
        noise = filtered(noise, -1.0)
    noise *= (uptake.clamp(min=0) + BACKGROUND).sqrt_()
    return uptake.add(noise, alpha=acquisition.noise / PASSES_GAIN)
