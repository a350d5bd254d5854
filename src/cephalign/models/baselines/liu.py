"""An image of one modality made to look like another, by convolutions alone.

X. Liu, D. Jiang, M. Wang, Z. Song, 'Image synthesis-based multi-modal image registration framework by using
deep fully convolutional networks', Med. Biol. Eng. Comput. 57:1037 (2019). What is registered then is
`align.monomodal`.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from cephalign.models.pair_network import StagedNetwork

HIDDEN_LAYERS = 9


class Liu(StagedNetwork):
    """From CT to MR: ten convolutions of 3 x 3 x 3, with normalisation and ReLU between.

    Parameters
    ----------
    filters : int
        Of each but the last.

    Notes
    -----
    Published are ten layers, batch normalisation, ReLU, and the sum of squared differences that is learnt.
    Chosen here: how many filters; images whole instead of patches, since ours are small; the moving CT
    becomes MR. What lies beyond the MR's slab is neither learnt nor compared.
    """

    STAGES = ("moving",)

    def __init__(self, filters: int) -> None:
        super().__init__()
        steps = pairwise((1, *[filters] * HIDDEN_LAYERS))
        self.hidden = nn.Sequential(*(_block(*step) for step in steps))
        self.last = nn.Conv3d(filters, 1, 3, padding=1)

    def forward(self, moving: Tensor) -> Tensor:
        """Return (B, 1, I, J, K) images as the fixed scan would show them."""
        out: Tensor = self.last(self.hidden(moving))
        return out

    def loss(self, batch: Mapping[str, Tensor], stage: int) -> Tensor:
        """Return the mean square of what is wrong with images made of (B, 1, I, J, K) moving ones."""
        wrong: Tensor = (self(batch["moving"]).float() - batch["mono"])[seen(batch["mono"])]
        return wrong.square().mean()


def seen(images: Tensor) -> Tensor:
    """Return where (B, 1, I, J, K) images show anything: positive voxels, gaps among them, one about them."""
    near = functional.max_pool3d((images > 0).float(), 5, stride=1, padding=2)
    within: Tensor = -functional.max_pool3d(-near, 3, stride=1, padding=1) > 0
    return within


def _block(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv3d(before, after, 3, padding=1, bias=False), nn.BatchNorm3d(after), nn.ReLU())
