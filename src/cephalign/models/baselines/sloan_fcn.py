"""Convolutions alone, from two images down to a single cell.

J. M. Sloan, K. A. Goatman, J. P. Siebert, 'Learning rigid image registration: utilizing convolutional neural
networks for medical image registration', BIOIMAGING 2018, 89-99; the second of its two networks.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from cephalign.models.baselines.towers import Towers
from cephalign.models.features import FeaturesConfig
from cephalign.models.first_weights import with_he_weights
from cephalign.models.pair_network import RESPONSES, PairNetwork

FILTERS = 7
# The last layers halve in plane only, since slices are fewer than voxels along an edge.
ACROSS, LINEAR = 5, 2


class SloanFcn(PairNetwork):
    """The network of the paper.

    Parameters
    ----------
    config : FeaturesConfig
        Images are halved until one cell is left: eight times those of 256 x 256 x 26 voxels.

    Notes
    -----
    Learnt first on pairs of one modality, with one tower for both; then on two, each with a tower of its own,
    as published. Layers are those of a public re-implementation in two dimensions, whose towers of one filter
    keep what both convolutions saw: strides of two, kernels of 5, of 3 in the last three layers, and no
    rectifier in the last two. The pairs of one modality are MR, none CT. First weights are He's (ICCV 2015):
    with smaller ones little passes so many layers.
    """

    STAGES = ("mono", "moving")

    def __init__(self, config: FeaturesConfig) -> None:
        super().__init__()
        self.towers = Towers(_Tower())
        times = math.ceil(math.log2(max(config.shape[:2])))
        filters = (4, *[FILTERS] * (times - LINEAR), *[RESPONSES] * LINEAR)
        self.layers = nn.ModuleList(
            _halving(*step, 5 if number < times - LINEAR - 1 else 3, 2 if number < ACROSS else 1)
            for number, step in enumerate(pairwise(filters))
        )
        with_he_weights(self)

    def begin(self, stage: int) -> None:
        """Take one tower for both images first, and then one for each."""
        if stage == 1:
            self.towers.untie()

    def features(self, fixed: Tensor, moving: Tensor) -> Tensor:
        """Return the last cells that went through a rectifier: (B, 112) of 256 x 256 x 26 voxels."""
        return self._rectified(fixed, moving).flatten(1)

    def forward(self, fixed: Tensor, moving: Tensor) -> Tensor:
        """Return (B, 6) responses."""
        x = self._rectified(fixed, moving)
        for layer in self.layers[-LINEAR:]:
            x = layer(x)
        return x.mean(dim=(2, 3, 4))  # one cell; several where slices are many

    def _rectified(self, fixed: Tensor, moving: Tensor) -> Tensor:
        x: Tensor = self.towers(fixed, moving)  # (B, 4, 256, 256, 26)
        for layer in self.layers[:-LINEAR]:
            x = functional.relu(layer(x))  # (B, 7, 4, 4, 1) in the end
        return x


class _Tower(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv3d(1, 1, 5, padding=2)
        self.second = nn.Conv3d(1, 1, 5, padding=2)

    def forward(self, image: Tensor) -> Tensor:
        x = functional.relu(self.first(image))
        return torch.cat([x, functional.relu(self.second(x))], dim=1)


def _halving(before: int, after: int, kernel: int, across: int) -> nn.Conv3d:
    return nn.Conv3d(before, after, kernel, stride=(2, 2, across), padding=kernel // 2)
