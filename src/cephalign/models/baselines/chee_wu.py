"""AIRNet: a DenseNet for either image, and layers on both that say an affine matrix.

E. Chee, Z. Wu, 'AIRNet: self-supervised affine registration for 3D medical images using neural networks',
arXiv 1810.02583 (2018).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from cephalign.geometry import Rigid
from cephalign.geometry.fit import nearest_rotation
from cephalign.models.baselines.poolings import cells_left, halvings
from cephalign.models.features import FeaturesConfig, motion_of, responses_of
from cephalign.models.pair_network import RESPONSES, PairNetwork

LAYERS = (1, 2, 4, 8, 16, 32)  # of each dense block
GROWTH, FIRST, BETWEEN = 8, 16, 8
HIDDEN = (1024, 512, 128, 64)
# The last halvings are of slices too: by then voxels are about as wide as thick.
ACROSS = 3
HERE = np.zeros(3)


class CheeWu(PairNetwork):
    """The network of the paper.

    Parameters
    ----------
    config : FeaturesConfig
        Images of 256 x 256 x 26 voxels are halved seven times; smaller ones less often, with fewer blocks.

    Notes
    -----
    The trunk is that of two independent public re-implementations, which agree. Chosen here: convolutions are
    shared and normalisations are each modality's own; the last layer is linear and begins at the identity;
    translations are over half the longest edge of the image, so that all twelve numbers are about one; images
    are not standardised, but lie between air and the brightest tissue as all networks see them. As
    published, twelve free numbers are learnt; a rigid motion is then made of them by the nearest rotation.
    """

    def __init__(self, config: FeaturesConfig) -> None:
        super().__init__()
        self.half_mm = max(np.multiply(config.shape, config.spacing_mm)) / 2
        self.poolings = halvings(config.shape, ACROSS)
        depths = [1 if kernel[2] == 1 else 3 for kernel in self.poolings]  # of the convolutions' kernels
        layers = LAYERS[: len(self.poolings) - 1]
        given = (FIRST, *(BETWEEN for _ in layers[1:]))
        self.first = nn.Conv3d(1, FIRST, (3, 3, depths[0]), padding="same", bias=False)
        self.dense = nn.ModuleList(map(_Dense, given, layers, depths[1:]))
        self.narrow = nn.ModuleList(
            nn.Conv3d(channels + GROWTH * count, BETWEEN, 1, bias=False)
            for channels, count in zip(given, layers, strict=True)
        )
        self.fixed_norms, self.moving_norms = (
            nn.ModuleList(nn.BatchNorm3d(n) for n in (FIRST, *(BETWEEN for _ in layers))) for _ in range(2)
        )
        widths = (2 * BETWEEN * cells_left(config.shape, self.poolings), *HIDDEN)
        self.hidden = nn.Sequential(*(_layer(*step) for step in pairwise(widths)))
        self.last = nn.Linear(HIDDEN[-1], 12)
        nn.init.zeros_(self.last.weight)
        with torch.no_grad():
            self.last.bias.copy_(torch.eye(3, 4).flatten())

    def features(self, fixed: Tensor, moving: Tensor) -> Tensor:
        """Return the flattened last blocks of both: (B, 192) of (B, 1, 256, 256, 26) images."""
        return torch.cat(
            [self._encoded(fixed, self.fixed_norms), self._encoded(moving, self.moving_norms)], dim=1
        )

    def forward(self, fixed: Tensor, moving: Tensor) -> Tensor:
        """Return (B, 12) matrices, row by row."""
        out: Tensor = self.last(self.hidden(self.features(fixed, moving)))
        return out

    def loss(self, batch: Mapping[str, Tensor], stage: int) -> Tensor:
        """Return the mean squared error of the matrices."""
        said = self(batch["fixed"], batch[self.STAGES[stage]]).float()
        return functional.mse_loss(said, self._matrices(batch["responses"]))

    def responses(self, said: Tensor) -> Tensor:
        """Return the (B, 6) responses of the rigid motions nearest to (B, 12) matrices."""
        rows = []
        for matrix in said.detach().double().cpu().numpy().reshape(-1, 3, 4):
            if not np.isfinite(matrix).all():  # learning has diverged
                rows.append(np.full(RESPONSES, np.nan))
                continue
            motion = Rigid.from_rotation(nearest_rotation(matrix[:, :3]), matrix[:, 3] * self.half_mm)
            rows.append(responses_of(motion, HERE, HERE))
        return torch.from_numpy(np.array(rows)).to(said)

    def _matrices(self, responses: Tensor) -> Tensor:
        """Return the (B, 12) numbers that (B, 6) responses stand for."""
        six = responses.double().cpu().numpy()
        matrices = np.array([motion_of(one, HERE, HERE).matrix[:3] for one in six])
        matrices[..., 3] /= self.half_mm
        return torch.from_numpy(matrices.reshape(-1, 12)).to(responses)

    def _encoded(self, image: Tensor, norms: nn.ModuleList) -> Tensor:
        norm, *others = norms
        pooling, *poolings = self.poolings
        x = _pooled(norm(self.first(image)), pooling)  # (B, 16, 128, 128, 26) of (B, 1, 256, 256, 26)
        for dense, narrow, norm, pooling in zip(self.dense, self.narrow, others, poolings, strict=True):
            x = _pooled(norm(narrow(dense(x))), pooling)  # (B, 8, 2, 2, 3) in the end
        return x.flatten(1)


class _Dense(nn.Module):
    """Convolutions, each of which sees what all before it saw and said."""

    def __init__(self, channels: int, layers: int, depth: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv3d(channels + GROWTH * number, GROWTH, (3, 3, depth), padding="same", bias=False)
            for number in range(layers)
        )

    def forward(self, x: Tensor) -> Tensor:
        for convolution in self.convolutions:
            x = torch.cat([x, convolution(functional.relu(x))], dim=1)
        return x


def _pooled(x: Tensor, kernel: tuple[int, int, int]) -> Tensor:
    return functional.max_pool3d(functional.relu(x), kernel)


def _layer(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU())
