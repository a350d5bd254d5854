"""AlexNet: A. Krizhevsky, I. Sutskever, G. E. Hinton, NeurIPS 2012, in the single-stream form of 2014."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from cephalign.models.classifiers.pooling import shrunk

FILTERS, HIDDEN, LEFT, DROPPED = (64, 192, 384, 256, 256), 4096, (3, 3, 2), 0.5


class AlexNet(nn.Module):
    """Five convolutions, three poolings, three fully connected layers.

    Parameters
    ----------
    classes : int

    Notes
    -----
    Slices are thick: the first convolution spans 11 x 11 x 3 voxels and steps over 4 x 4 x 1. The last
    convolution is averaged to 3 x 3 x 2 cells, or as many as there are of fewer, before the layers of 4096.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        a, b, c, d, e = FILTERS
        self.first = nn.Conv3d(1, a, (11, 11, 3), stride=(4, 4, 1), padding=(5, 5, 1))
        self.second = nn.Conv3d(a, b, 5, padding=2)
        self.others = nn.ModuleList(nn.Conv3d(*step, 3, padding=1) for step in ((b, c), (c, d), (d, e)))
        self.last = nn.Sequential(
            nn.Dropout(DROPPED),
            nn.Linear(e * LEFT[0] * LEFT[1] * LEFT[2], HIDDEN),
            nn.ReLU(),
            nn.Dropout(DROPPED),
            nn.Linear(HIDDEN, HIDDEN),
            nn.ReLU(),
            nn.Linear(HIDDEN, classes),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Return (B, classes) logits of (B, 1, I, J, K) images."""
        x = shrunk(functional.relu(self.first(images)))
        x = shrunk(functional.relu(self.second(x)))
        for convolution in self.others:
            x = functional.relu(convolution(x))
        x = functional.adaptive_avg_pool3d(shrunk(x), LEFT)
        out: Tensor = self.last(x.flatten(1))
        return out
