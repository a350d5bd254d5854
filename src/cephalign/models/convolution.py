"""A convolution of 3 x 3 x 3 that can be trained in half precision on a CPU."""

from __future__ import annotations

import torch
from torch import Tensor, nn

# PyTorch 2.13 (oneDNN) on CPUs with AVX512-BF16 now and then returns rubbish, up to infinity, as the gradient
# of a kernel in half precision where the images have 2 x 2 x 2 voxels.
FEWEST_FOR_HALF = 3


class Convolution(nn.Conv3d):
    """Without a bias, over as many voxels as it is given; small images are convolved in single precision.

    Parameters
    ----------
    channels, filters : int
        In and out.
    """

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__(channels, filters, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, filters, I, J, K) of (B, channels, I, J, K)."""
        if x.device.type != "cpu" or min(x.shape[2:]) >= FEWEST_FOR_HALF:
            return super().forward(x)
        with torch.autocast("cpu", enabled=False):
            return super().forward(x.float())
