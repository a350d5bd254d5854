"""VGG-19: K. Simonyan, A. Zisserman, ICLR 2015."""

from __future__ import annotations

from torch import Tensor, nn

from cephalign.models.classifiers.pooling import shrunk
from cephalign.models.first_weights import with_he_weights

# Filters of each block's convolutions, and how many there are.
BLOCKS = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))
HIDDEN, DROPPED = 4096, 0.5


class Vgg19(nn.Module):
    """Sixteen convolutions of 3 x 3 x 3, pooled between blocks, and three fully connected layers.

    Parameters
    ----------
    classes : int

    Notes
    -----
    Averages over the image go to the layers of 4096. First weights are He's: the authors began with those of
    a shallower network.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        blocks, channels = [], 1
        for filters, count in BLOCKS:
            layers: list[nn.Module] = []
            for _ in range(count):
                layers += [nn.Conv3d(channels, filters, 3, padding=1), nn.ReLU()]
                channels = filters
            blocks.append(nn.Sequential(*layers))
        self.blocks = nn.ModuleList(blocks)
        self.last = nn.Sequential(
            nn.Linear(channels, HIDDEN),
            nn.ReLU(),
            nn.Dropout(DROPPED),
            nn.Linear(HIDDEN, HIDDEN),
            nn.ReLU(),
            nn.Dropout(DROPPED),
            nn.Linear(HIDDEN, classes),
        )
        with_he_weights(self)

    def forward(self, images: Tensor) -> Tensor:
        """Return (B, classes) logits of (B, 1, I, J, K) images."""
        x = images
        for block in self.blocks:
            x = shrunk(block(x), kernel=2)
        out: Tensor = self.last(x.mean(dim=(2, 3, 4)))
        return out
