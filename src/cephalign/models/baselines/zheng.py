"""Pairwise domain adaptation: a pre-trained network, and a small block that learns to feed it other images.

J. Zheng, S. Miao, R. Liao, 'Learning CNNs with pairwise domain adaption for real-time 6DoF ultrasound
transducer detection and tracking from X-ray images', MICCAI 2017; J. Zheng et al., J. Med. Imag. 5:021204
(2018).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from cephalign.models.features import FeaturesConfig
from cephalign.models.first_weights import with_he_weights
from cephalign.models.pair_network import RESPONSES, PairNetwork, half_mean_squared_error

FILTERS = (16, 32, 64, 64, 128, 128, 128, 128)
# After the convolutions of these numbers, by how much; axes of fewer than four cells are left alone.
POOLINGS = {0: (2, 2, 1), 1: (2, 2, 2), 3: (2, 2, 2), 5: (2, 2, 2), 7: (2, 2, 1)}
ADAPTED_AFTER = 3
PARTS, HIDDEN = (4, 4, 3), 256


class Zheng(PairNetwork):
    """A VGG-11 (Simonyan and Zisserman, ICLR 2015) on a pair as two channels.

    Parameters
    ----------
    config : FeaturesConfig
        How many cells are left depends on the images.

    Notes
    -----
    In the original one X-ray image shows six numbers, and the synthetic images are simulated ones. Chosen
    here: synthetic pairs are those of one modality, on which all is learnt first. Then the block alone, a
    residual one of two 1 x 1 x 1 convolutions after the fourth convolution, learns to make of a pair of two
    modalities what the network saw of its synthetic partner, by the mean square of the difference, and the
    motion, both with a weight of one. Convolutions are normalised, as VGG-11's may be: without, and with
    averages over the whole image, it learnt nothing in as many steps as the others. Averages over 4 x 4 x 3
    parts of the image, or as many as cells are left, go to the fully connected layers.
    """

    STAGES = ("mono", "moving")

    def __init__(self, config: FeaturesConfig) -> None:
        super().__init__()
        steps = pairwise((2, *FILTERS))
        self.convolutions = nn.ModuleList(_normalised(*step) for step in steps)
        self.adaptation = _Adaptation(FILTERS[ADAPTED_AFTER])
        left = np.array(config.shape)
        for number in range(len(FILTERS)):
            left //= _kernel(left.tolist(), number)
        self.parts = tuple(np.minimum(left, PARTS).tolist())
        self.hidden = nn.Sequential(
            nn.Linear(FILTERS[-1] * math.prod(self.parts), HIDDEN),
            nn.ReLU(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.ReLU(),
        )
        with_he_weights(self.convolutions)
        with_he_weights(self.hidden)
        self.last = nn.Linear(HIDDEN, RESPONSES)
        self.adapted = False

    def begin(self, stage: int) -> None:
        """Learn all but the block first, and then the block alone."""
        self.adapted = stage == 1
        for parameter in self.parameters():
            parameter.requires_grad = not self.adapted
        for parameter in self.adaptation.parameters():
            parameter.requires_grad = self.adapted

    def train(self, mode: bool = True) -> Zheng:
        """Switch; what is learnt no more keeps its statistics."""
        super().train(mode)
        if self.adapted:
            self.convolutions.eval()
        return self

    def features(self, fixed: Tensor, moving: Tensor) -> Tensor:
        """Return the (B, 256) units before the last layer."""
        return self._from_middle(self._middle(fixed, moving, self.adapted))

    def forward(self, fixed: Tensor, moving: Tensor) -> Tensor:
        """Return (B, 6) responses."""
        out: Tensor = self.last(self.features(fixed, moving))
        return out

    def loss(self, batch: Mapping[str, Tensor], stage: int) -> Tensor:
        """Return half the mean squared error, and in the second stage how unlike the partners are."""
        if stage == 0:
            return super().loss(batch, stage)
        middle = self._middle(batch["fixed"], batch["moving"], adapted=True)
        with torch.no_grad():
            wanted = self._middle(batch["fixed"], batch["mono"], adapted=False)
        said = self.last(self._from_middle(middle)).float()
        unlike = functional.mse_loss(middle.float(), wanted.float())
        return half_mean_squared_error(said, batch["responses"]) + unlike

    def _middle(self, fixed: Tensor, moving: Tensor, adapted: bool) -> Tensor:
        """Return what the rest of the network is given: (B, 64, 64, 64, 13) of 256 x 256 x 26 voxels."""
        x = torch.cat([fixed, moving], dim=1)
        for number in range(ADAPTED_AFTER + 1):
            x = self._convolved(x, number)
        out: Tensor = self.adaptation(x) if adapted else x
        return out

    def _from_middle(self, x: Tensor) -> Tensor:
        for number in range(ADAPTED_AFTER + 1, len(FILTERS)):
            x = self._convolved(x, number)
        out: Tensor = self.hidden(functional.adaptive_avg_pool3d(x, self.parts).flatten(1))
        return out

    def _convolved(self, x: Tensor, number: int) -> Tensor:
        x = functional.relu(self.convolutions[number](x))
        return functional.max_pool3d(x, _kernel(x.shape[2:], number))


def _kernel(shape: Sequence[int], number: int) -> list[int]:
    kernel = POOLINGS.get(number, (1, 1, 1))
    return [m if n >= 4 else 1 for n, m in zip(shape, kernel, strict=True)]


def _normalised(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv3d(before, after, 3, padding=1, bias=False), nn.BatchNorm3d(after))


class _Adaptation(nn.Module):
    """What is added to features of other images; nothing before training."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.into = nn.Conv3d(channels, channels, 1)
        self.norm = nn.BatchNorm3d(channels)
        self.back = nn.Conv3d(channels, channels, 1)
        for parameter in self.back.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.back(functional.relu(self.norm(self.into(x))))
        return out
