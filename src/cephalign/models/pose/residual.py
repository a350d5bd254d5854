"""The block that the network is made of (He et al., CVPR 2016; Wu and He, ECCV 2018)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from cephalign.models.convolution import Convolution

GROUPS = 8
SLOPE = 0.1


class Residual(nn.Module):
    """Two convolutions with group normalisation, and a way around them.

    Parameters
    ----------
    channels, filters : int
        In and out; `filters` is a multiple of 8.
    """

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.first = Convolution(channels, filters)
        self.first_norm = nn.GroupNorm(GROUPS, filters)
        self.second = Convolution(filters, filters)
        self.second_norm = nn.GroupNorm(GROUPS, filters)
        self.around = nn.Conv3d(channels, filters, 1) if channels != filters else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, filters, I, J, K) of (B, channels, I, J, K)."""
        inner = functional.leaky_relu(self.first_norm(self.first(x)), SLOPE)
        inner = self.second_norm(self.second(inner))
        return functional.leaky_relu(inner + self.around(x), SLOPE)
