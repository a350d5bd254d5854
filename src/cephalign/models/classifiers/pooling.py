"""Pooling that leaves an axis alone when few cells are left of it."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

FEWEST = 4


def shrunk(x: Tensor, kernel: int = 3) -> Tensor:
    """Return the maxima of (B, C, I, J, K) in windows two cells apart, along axes of four cells or more."""
    halved = [n >= FEWEST for n in x.shape[2:]]
    windows = [kernel if yes else 1 for yes in halved]
    return functional.max_pool3d(
        x,
        windows,
        [2 if yes else 1 for yes in halved],
        [window // 2 if kernel > 2 else 0 for window in windows],
    )
