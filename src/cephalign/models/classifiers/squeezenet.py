"""SqueezeNet 1.1: F. N. Iandola et al., arXiv 1602.07360 (2016)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from cephalign.models.classifiers.pooling import shrunk
from cephalign.models.first_weights import with_he_weights

# Of each fire module: filters given, squeezed to, and expanded to by either kernel; poolings stand between.
FIRES = (
    ((64, 16, 64), (128, 16, 64)),
    ((128, 32, 128), (256, 32, 128)),
    ((256, 48, 192), (384, 48, 192), (384, 64, 256), (512, 64, 256)),
)
DROPPED = 0.5


class SqueezeNet(nn.Module):
    """Fire modules, and a last convolution whose averages are the logits.

    Parameters
    ----------
    classes : int

    Notes
    -----
    No ReLU after the last convolution: where it leaves nothing of any class, learning ends, and did.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.first = nn.Conv3d(1, FIRES[0][0][0], 3, stride=(2, 2, 1), padding=1)
        self.fires = nn.ModuleList(nn.Sequential(*(_Fire(*sizes) for sizes in group)) for group in FIRES)
        self.dropout = nn.Dropout(DROPPED)
        self.last = nn.Conv3d(2 * FIRES[-1][-1][-1], classes, 1)
        with_he_weights(self)

    def forward(self, images: Tensor) -> Tensor:
        """Return (B, classes) logits of (B, 1, I, J, K) images."""
        x = functional.relu(self.first(images))
        for group in self.fires:
            x = group(shrunk(x))
        out: Tensor = self.last(self.dropout(x)).mean(dim=(2, 3, 4))
        return out


class _Fire(nn.Module):
    def __init__(self, given: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv3d(given, squeezed, 1)
        self.near = nn.Conv3d(squeezed, expanded, 1)
        self.wide = nn.Conv3d(squeezed, expanded, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.squeeze(x))
        return functional.relu(torch.cat([self.near(x), self.wide(x)], dim=1))
