"""A flat regression of six numbers from the pair: Miao et al.'s network without its hierarchy.

S. Miao, Z. J. Wang, R. Liao, 'A CNN regression approach for real-time 2D/3D registration', IEEE Trans. Med.
Imaging 35:1352 (2016). With it, it is `miao_hierarchy`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from cephalign.models.baselines.poolings import cells_left
from cephalign.models.features import FeaturesConfig
from cephalign.models.pair_network import RESPONSES, PairNetwork

FILTERS, HIDDEN = 20, 250
POOLINGS = ((3, 3, 1), (3, 3, 3))


class Miao(PairNetwork):
    """Two convolutions of 5 x 5 x 5 with pooling, and one hidden layer.

    Parameters
    ----------
    config : FeaturesConfig

    Notes
    -----
    The original regresses from residuals between an X-ray and simulated ones of the pose so far, in 324 zones
    of orientation, in three groups of parameters, three times over. Two volumes have no such residuals, and
    how the compared method was made three-dimensional is not stated. This is the global network of its own
    ablation (without residuals, zones or groups), which its authors found weak: 15 to 52 % success instead of
    95 %. Chosen here: the pair as two channels; convolutions over as many voxels as they are given, so that
    small images do not vanish; Xavier's first weights, as published.
    """

    def __init__(self, config: FeaturesConfig) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv3d(channels, FILTERS, 5, padding=2) for channels in (2, FILTERS)
        )
        self.hidden = nn.Linear(FILTERS * cells_left(config.shape, POOLINGS), HIDDEN)
        self.last = nn.Linear(HIDDEN, RESPONSES)
        for layer in (*self.convolutions, self.hidden, self.last):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def features(self, fixed: Tensor, moving: Tensor) -> Tensor:
        """Return the (B, 250) units before the last layer."""
        x = torch.cat([fixed, moving], dim=1)
        for convolution, kernel in zip(self.convolutions, POOLINGS, strict=True):
            x = functional.max_pool3d(convolution(x), kernel)
        return functional.relu(self.hidden(x.flatten(1)))

    def forward(self, fixed: Tensor, moving: Tensor) -> Tensor:
        """Return (B, 6) responses."""
        out: Tensor = self.last(self.features(fixed, moving))
        return out
