"""What an MR scanner adds to a head: the coil's shading, ghosts of motion, and noise."""

from __future__ import annotations

import numpy as np
import torch

from cephalign.simulate.acquire.acquisition import BIAS_TERMS, Acquisition, polynomials
from cephalign.simulate.acquire.kernel import filtered, noise_gain
from cephalign.simulate.acquire.parts import Coil
from cephalign.simulate.artefacts import ghosted


def as_mr(
    signal: torch.Tensor, acquisition: Acquisition, first: int, generator: torch.Generator
) -> torch.Tensor:
    """Return (n, J, I) magnitudes of slices from number `first` on; `signal` may be changed."""
    if acquisition.bias:
        signal *= _sensitivity(signal, acquisition, first)
    if acquisition.coil is not None:
        signal *= _seen(acquisition.coil, acquisition, first, signal)
    if acquisition.ghosting is not None:
        signal = ghosted(signal.permute(2, 1, 0), acquisition.ghosting).permute(2, 1, 0)
    kernel = acquisition.resolution.kernel
    signal = filtered(signal, kernel)
    if acquisition.noise:
        # The magnitude of two noisy channels (Gudbjartsson & Patz, Magn Reson Med 34:910, 1995).
        for channel in (0, 1):
            noise = torch.randn(signal.shape, generator=generator, device=signal.device)
            noise = filtered(noise, kernel).mul_(acquisition.noise / noise_gain(kernel))
            signal = torch.hypot(signal, noise) if channel else noise.add_(signal)
    return signal


def _sensitivity(signal: torch.Tensor, acquisition: Acquisition, first: int) -> torch.Tensor:
    """Return (n, J, I) what the coil makes of a signal of 1."""
    terms = torch.tensor(acquisition.bias, dtype=torch.float32, device=signal.device)
    count_i, count_j, count_k = acquisition.grid.shape
    along_k, along_j, along_i = (
        torch.tensor(polynomials(count), dtype=torch.float32, device=signal.device)
        for count in (count_k, count_j, count_i)
    )
    field = torch.einsum("abc,ci->abi", terms.reshape((BIAS_TERMS,) * 3), along_i)
    field = torch.einsum("abi,bj->aji", field, along_j)
    return torch.einsum("aji,ak->kji", field, along_k[:, first : first + len(signal)]).exp_()


def _seen(coil: Coil, acquisition: Acquisition, first: int, signal: torch.Tensor) -> torch.Tensor:
    """Return (n, J, I) what a coil of limited length sees."""
    steps = acquisition.grid.world_from_voxel[2]
    k, j, i = (
        torch.tensor(np.arange(start, start + count) * step, dtype=torch.float32, device=signal.device)
        for start, count, step in zip((first, 0, 0), signal.shape, steps[2::-1], strict=True)
    )
    away = (k + float(steps[3] - coil.middle_mm))[:, None, None] + j[:, None] + i
    return torch.sigmoid((coil.half_mm - away.abs_()).mul_(1 / coil.fall_mm))
