"""What of a scan was measured, and how it is stored."""

from __future__ import annotations

import torch

from cephalign.simulate.acquire.acquisition import Acquisition


def as_stored(image: torch.Tensor, acquisition: Acquisition, first: int) -> torch.Tensor:
    """Return (n, J, I) whole numbers, still as floats, of slices from number `first` on."""
    storage = acquisition.storage
    whole = image * storage.slope
    whole.add_(storage.intercept).round_().clamp_(storage.lowest, storage.highest)
    reach = acquisition.reach
    if reach.circle_mm or reach.drift_mm:
        whole.masked_fill_(_unmeasured(whole, acquisition, first), reach.fill)
    return whole


def _unmeasured(image: torch.Tensor, acquisition: Acquisition, first: int) -> torch.Tensor:
    """Return where (n, J, I) nothing was measured."""
    reach = acquisition.reach
    count, rows, columns = image.shape
    step_i, step_j, _ = acquisition.grid.spacing.tolist()
    across, along, slices = (
        torch.arange(n, dtype=torch.float32, device=image.device) for n in (columns, rows, count)
    )
    drift = (slices + first - (acquisition.grid.shape[2] - 1) / 2) * reach.drift_mm
    x = (across - (columns - 1) / 2) * step_i
    y = (along - (rows - 1) / 2) * step_j - drift[:, None]  # (n, J)
    off_slice: torch.Tensor = (y.abs() > rows * step_j / 2)[:, :, None]
    if not reach.circle_mm:
        return off_slice.expand(image.shape)
    off_circle: torch.Tensor = (y * y)[:, :, None] + x * x > (reach.circle_mm / 2) ** 2
    return off_circle | off_slice
