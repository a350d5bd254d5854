"""GoogLeNet: C. Szegedy et al., CVPR 2015, with batch normalisation as in its second version."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from cephalign.models.classifiers.pooling import shrunk

# Of each inception module, the paper's Table 1: filters of the 1 x 1 branch, before and of the 3 x 3 one,
# before and of the 5 x 5 one, and after the pooling; poolings stand between the groups.
INCEPTIONS = (
    ((64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64)),
    (
        (192, 96, 208, 16, 48, 64),
        (160, 112, 224, 24, 64, 64),
        (128, 128, 256, 24, 64, 64),
        (112, 144, 288, 32, 64, 64),
        (256, 160, 320, 32, 128, 128),
    ),
    ((256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128)),
)
DROPPED = 0.4


class GoogLeNet(nn.Module):
    """Nine inception modules; the two auxiliary classifiers of training are left out.

    Parameters
    ----------
    classes : int

    Notes
    -----
    The first convolution spans 7 x 7 x 3 voxels and steps over 2 x 2 x 1, since slices are thick.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.first = _unit(1, 64, (7, 7, 3), stride=(2, 2, 1))
        self.second = nn.Sequential(_unit(64, 64, (1, 1, 1)), _unit(64, 192, (3, 3, 3)))
        channels, groups = 192, []
        for sizes in INCEPTIONS:
            modules = []
            for size in sizes:
                modules.append(_Inception(channels, size))
                channels = size[0] + size[2] + size[4] + size[5]
            groups.append(nn.Sequential(*modules))
        self.groups = nn.ModuleList(groups)
        self.last = nn.Sequential(nn.Dropout(DROPPED), nn.Linear(channels, classes))

    def forward(self, images: Tensor) -> Tensor:
        """Return (B, classes) logits of (B, 1, I, J, K) images."""
        x = self.second(shrunk(self.first(images)))
        for group in self.groups:
            x = group(shrunk(x))
        out: Tensor = self.last(x.mean(dim=(2, 3, 4)))
        return out


class _Inception(nn.Module):
    def __init__(self, given: int, filters: tuple[int, ...]) -> None:
        one, before3, three, before5, five, pool = filters
        super().__init__()
        self.one = _unit(given, one, (1, 1, 1))
        self.three = nn.Sequential(_unit(given, before3, (1, 1, 1)), _unit(before3, three, (3, 3, 3)))
        self.five = nn.Sequential(_unit(given, before5, (1, 1, 1)), _unit(before5, five, (5, 5, 5)))
        self.pool = _unit(given, pool, (1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        pooled = functional.max_pool3d(x, 3, stride=1, padding=1)
        return torch.cat([self.one(x), self.three(x), self.five(x), self.pool(pooled)], dim=1)


def _unit(
    before: int, after: int, kernel: tuple[int, int, int], stride: tuple[int, int, int] = (1, 1, 1)
) -> nn.Sequential:
    padding = (kernel[0] // 2, kernel[1] // 2, kernel[2] // 2)
    convolution = nn.Conv3d(before, after, kernel, stride=stride, padding=padding, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm3d(after), nn.ReLU())
