"""A tower of two convolutions for either image, and fully connected layers on both.

J. M. Sloan, K. A. Goatman, J. P. Siebert, 'Learning rigid image registration: utilizing convolutional neural
networks for medical image registration', BIOIMAGING 2018, 89-99; the first of its two networks.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from cephalign.models.baselines.poolings import cells_left
from cephalign.models.baselines.towers import Towers
from cephalign.models.features import FeaturesConfig
from cephalign.models.pair_network import RESPONSES, PairNetwork

HIDDEN, DROPPED = 64, 0.5
# Images are brought to so many voxels within slices, and cells then averaged.
MOST_IN_PLANE, POOLING = 64, (4, 4, 2)


class SloanCnn(PairNetwork):
    """The network of the paper.

    Parameters
    ----------
    config : FeaturesConfig
    filters : int
        Of each convolution.

    Notes
    -----
    Learnt first on pairs of one modality, with one tower for both; then on two, each with a tower of its own,
    as published. Chosen here: the second convolution is added to the first, as in a public re-implementation;
    flattened as they are, towers over 256 x 256 x 26 voxels would need 14 thousand million weights, so images
    are averaged to 64 x 64 voxels in plane, and the towers' ends over 4 x 4 x 2 of these; the pairs of one
    modality are MR, none CT.
    """

    STAGES = ("mono", "moving")

    def __init__(self, config: FeaturesConfig, filters: int = 64) -> None:
        super().__init__()
        self.averaged = (max(1, min(config.shape[:2]) // MOST_IN_PLANE),) * 2
        shape = tuple(n // m for n, m in zip(config.shape, (*self.averaged, 1), strict=True))
        self.towers = Towers(_Tower(filters))
        self.hidden = nn.Sequential(
            nn.Dropout(DROPPED),
            nn.Linear(2 * filters * cells_left(shape, [POOLING]), HIDDEN),
            nn.ReLU(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.ReLU(),
        )
        self.last = nn.Linear(HIDDEN, RESPONSES)

    def begin(self, stage: int) -> None:
        """Take one tower for both images first, and then one for each."""
        if stage == 1:
            self.towers.untie()

    def features(self, fixed: Tensor, moving: Tensor) -> Tensor:
        """Return the (B, 64) units before the last layer."""
        out: Tensor = self.hidden(self.towers(self._smaller(fixed), self._smaller(moving)))
        return out

    def forward(self, fixed: Tensor, moving: Tensor) -> Tensor:
        """Return (B, 6) responses."""
        out: Tensor = self.last(self.features(fixed, moving))
        return out

    def _smaller(self, image: Tensor) -> Tensor:
        return functional.avg_pool3d(image, (*self.averaged, 1))


class _Tower(nn.Module):
    def __init__(self, filters: int) -> None:
        super().__init__()
        self.first = nn.Conv3d(1, filters, 3, padding=1)
        self.second = nn.Conv3d(filters, filters, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        x = functional.relu(self.first(image))
        x = x + functional.relu(self.second(x))  # (B, 64, 64, 64, 26)
        return functional.avg_pool3d(x, POOLING).flatten(1)  # (B, 64 x 16 x 16 x 13)
