"""The paper's DCNN, a three-dimensional convolutional network: 128 features of an image and their uses.

Islam et al. 2021, 'Registration of multi-modal images' and 'Identification of image modality'. Batch
normalisation is Ioffe and Szegedy's (arXiv 1502.03167), the leaky ReLU Maas, Hannun and Ng's (ICML 2013).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from cephalign.errors import InputError
from cephalign.models.convolution import Convolution
from cephalign.models.pair_network import RESPONSES, PairNetwork

# Along each axis of what is averaged in the end: with less, all a kernel sees is padding.
LEAST_CELLS = 2


@dataclass(frozen=True)
class DcnnConfig:
    """The size of an encoder; by default that of the paper's images.

    Parameters
    ----------
    shape : tuple of int
        Voxels of an image along [i, j, k]; k counts the slices.
    channels : int
        Values of a voxel.
    filters : tuple of int
        Of each block's convolution; the last are the features. Between two blocks voxels are halved.
    in_plane_pools : int
        So many of the first halvings leave the slices as they are.
    leaky_slope : float
        Of the rectifier below zero.

    Raises
    ------
    InputError
        Where an image is too small to be halved so often, or a number makes no sense.
    """

    shape: tuple[int, int, int] = (256, 256, 26)
    channels: int = 1
    filters: tuple[int, ...] = (8, 16, 32, 64, 128, 128)
    in_plane_pools: int = 2
    leaky_slope: float = 0.1

    def __post_init__(self) -> None:
        if not self.filters or min(*self.filters, self.channels) < 1 or self.in_plane_pools < 0:
            raise InputError(
                "impossible size of a DCNN",
                expected="filters and channels of at least 1, in_plane_pools of at least 0",
                got=f"filters {self.filters}, channels {self.channels}, in_plane_pools {self.in_plane_pools}",
            )
        halvings = len(self.filters) - 1
        across = max(halvings - self.in_plane_pools, 0)
        least = tuple(LEAST_CELLS * 2**times for times in (halvings, halvings, across))
        if len(self.shape) != 3 or any(n < m for n, m in zip(self.shape, least, strict=False)):
            raise InputError(
                "the images are too small for the DCNN",
                expected=f"at least {' x '.join(map(str, least))} voxels for {len(self.filters)} blocks",
                got=" x ".join(map(str, self.shape)),
                do="take larger images, fewer filters, or more in_plane_pools where the slices are too few",
            )


class Encoder(nn.Module):
    """One image to 128 features: blocks of convolution, batch normalisation and leaky ReLU, pooled between.

    Parameters
    ----------
    config : DcnnConfig
    generator : torch.Generator
        Draws the first weights.

    Notes
    -----
    The paper's Fig. 4, which shows the blocks, was not at hand; what its text leaves open is ours:

    - One convolution of 3 x 3 x 3 a block; filters double from 8 to 128, and the last two blocks have 128. A
      cell of the last block has seen 158 x 158 x 42 voxels, a head's breadth and all slices.
    - Pooling by 2, the first two times within slices only: RIRE's MR of 1.25 x 1.25 x 4 mm then has voxels
      about as wide as thick, and 26 slices cannot be halved five times.
    - Features are taken after the last block's rectifier, as averages over the image.
    - Convolutions have no bias, since the normalisation takes it away. First weights are uniform (Glorot and
      Bengio, AISTATS 2010) and biases 0, as in MATLAB.
    """

    def __init__(self, config: DcnnConfig, generator: torch.Generator) -> None:
        super().__init__()
        self.config = config
        steps = pairwise((config.channels, *config.filters))
        self.blocks = nn.ModuleList(_block(*step, config.leaky_slope, generator) for step in steps)
        self.pools = nn.ModuleList(
            nn.MaxPool3d((2, 2, 1) if number < config.in_plane_pools else 2)
            for number in range(len(config.filters) - 1)
        )

    def forward(self, images: Tensor) -> Tensor:
        """Return the (B, 128) features of (B, 1, 256, 256, 26) images.

        Raises
        ------
        InputError
            For images of another size.
        """
        wanted = (self.config.channels, *self.config.shape)
        if tuple(images.shape[1:]) != wanted:
            raise InputError(
                "not images for this DCNN", expected=f"(B, {wanted})", got=f"{tuple(images.shape)}"
            )
        x = self.blocks[0](images)  # (B, 8, 256, 256, 26) from (B, 1, 256, 256, 26)
        # In turn (B, 16, 128, 128, 26), (B, 32, 64, 64, 26), (B, 64, 32, 32, 13), (B, 128, 16, 16, 6) and,
        # from the last convolution, (B, 128, 8, 8, 3).
        for pool, block in zip(self.pools, self.blocks[1:], strict=True):
            x = block(pool(x))
        out: Tensor = x.mean(dim=(2, 3, 4))  # (B, 128)
        return out


class PairRegressor(PairNetwork):
    """Two images to the six numbers of a rigid motion: one encoder for both, a linear layer on 256 features.

    Parameters
    ----------
    config : DcnnConfig
    generator : torch.Generator
        Draws the first weights.

    Notes
    -----
    How the paper's network, of one channel, is shown a pair is not stated. Its features are taken from each
    image alone and put one after the other, so both images go through the same encoder here. In training they
    go as one batch: normalised by the batch's moments, images of two modalities must share them, as they
    share the running moments afterwards.
    """

    def __init__(self, config: DcnnConfig, generator: torch.Generator) -> None:
        super().__init__()
        self.encoder = Encoder(config, generator)
        self.last = _linear(2 * config.filters[-1], RESPONSES, generator)

    def features(self, fixed: Tensor, moving: Tensor) -> Tensor:
        """Return the (B, 256) features of B pairs, for the regressors in `heads`.

        In the paper the fixed images are MR, the moving ones CT.
        """
        both = self.encoder(torch.cat([fixed, moving]))  # (2 B, 128)
        return torch.cat(both.chunk(2), dim=1)  # (B, 256)

    def forward(self, fixed: Tensor, moving: Tensor) -> Tensor:
        """Return (B, 6) angles and translations, in the units of the targets in training."""
        out: Tensor = self.last(self.features(fixed, moving))  # (B, 6)
        return out


class Classifier(nn.Module):
    """One image to the logits of its class: the paper's identification of modality.

    Parameters
    ----------
    config : DcnnConfig
    classes : int
    generator : torch.Generator
        Draws the first weights.

    Notes
    -----
    The softmax is outside: with cross-entropy in training, and where probabilities are wanted.
    """

    def __init__(self, config: DcnnConfig, classes: int, generator: torch.Generator) -> None:
        super().__init__()
        self.encoder = Encoder(config, generator)
        self.last = _linear(config.filters[-1], classes, generator)

    def forward(self, images: Tensor) -> Tensor:
        """Return the (B, classes) logits of (B, 1, 256, 256, 26) images."""
        out: Tensor = self.last(self.encoder(images))  # (B, classes)
        return out


@dataclass(frozen=True)
class PaperSchedule:
    """How the paper trains: stochastic gradient descent with momentum.

    Parameters
    ----------
    epochs : int
    momentum : float
    rate, dropped_rate : float
        Learning rate before and after the drop.
    drop_after : int
        Epochs before the drop.

    Notes
    -----
    Stated neither are the size of a batch nor the weight decay (MATLAB's default is 1e-4).
    """

    epochs: int = 30
    momentum: float = 0.9
    rate: float = 1e-3
    dropped_rate: float = 1e-4
    drop_after: int = 20

    def rate_at(self, epoch: int) -> float:
        """Return the learning rate of an epoch; the first is 0."""
        return self.rate if epoch < self.drop_after else self.dropped_rate


def _block(before: int, after: int, slope: float, generator: torch.Generator) -> nn.Sequential:
    convolution = Convolution(before, after)
    nn.init.xavier_uniform_(convolution.weight, generator=generator)
    return nn.Sequential(convolution, nn.BatchNorm3d(after), nn.LeakyReLU(slope))


def _linear(inputs: int, outputs: int, generator: torch.Generator) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    nn.init.xavier_uniform_(layer.weight, generator=generator)
    nn.init.zeros_(layer.bias)
    return layer
