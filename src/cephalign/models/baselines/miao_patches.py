"""Miao et al.'s network for one group of parameters: patches at fixed places, each seen alike."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import torch
from torch import Tensor, nn
from torch.nn import functional

from cephalign.models.baselines.poolings import cells_left

PATCHES = (3, 3, 2)
# A patch is a quarter of a slice wide and half the slices thick: all 18 hold a head about the middle.
SHARES = (4, 4, 2)
FILTERS, PATCH_HIDDEN, HIDDEN = 20, 100, 250
POOLINGS = ((2, 2, 1), (2, 2, 2))
Box = tuple[slice, slice, slice]


class PatchRegressor(nn.Module):
    """Two convolutions and 100 units for each patch of a pair, 250 units on all, a linear layer.

    Parameters
    ----------
    shape : sequence of three ints
        Voxels of an image; at least 3 x 3 x 2.
    outputs : int

    Notes
    -----
    The original's weights are those of patches of 52 x 52 pixels, whose convolutions leave 10 x 10 of. Chosen
    here: 64 x 64 x 13 of 256 x 256 x 26 voxels, smaller ones of smaller images; convolutions over as many
    voxels as they are given, and pooling by no more than there are, so that small ones do not vanish; the
    first pooling within slices. The first weights are Xavier's as published, but those of the last layer 0.
    """

    def __init__(self, shape: Sequence[int], outputs: int) -> None:
        super().__init__()
        self.boxes = boxes_of(shape)
        size = tuple(side.stop - side.start for side in self.boxes[0])
        self.poolings = poolings_of(size)
        self.convolutions = nn.ModuleList(
            nn.Conv3d(channels, FILTERS, 5, padding=2) for channels in (2, FILTERS)
        )
        self.patch_hidden = nn.Linear(FILTERS * cells_left(size, self.poolings), PATCH_HIDDEN)
        self.pair_hidden = nn.Linear(len(self.boxes) * PATCH_HIDDEN, HIDDEN)
        self.last = nn.Linear(HIDDEN, outputs)
        for layer in (*self.convolutions, self.patch_hidden, self.pair_hidden, self.last):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
        nn.init.zeros_(self.last.weight)

    def forward(self, pair: Tensor) -> tuple[Tensor, Tensor]:
        """Look at (B, 2, I, J, K) pairs.

        Returns
        -------
        hidden : (B, 250) tensor
            The units before the last layer.
        said : (B, outputs) tensor
        """
        patches = torch.stack([pair[:, :, *box] for box in self.boxes], dim=1)
        x = patches.flatten(0, 1)  # (18 B, 2, 64, 64, 13) of 256 x 256 x 26 voxels
        for convolution, kernel in zip(self.convolutions, self.poolings, strict=True):
            x = functional.max_pool3d(convolution(x), kernel)  # in the end (18 B, 20, 16, 16, 6)
        x = functional.relu(self.patch_hidden(x.flatten(1)))  # (18 B, 100)
        hidden = functional.relu(self.pair_hidden(x.view(len(pair), -1)))
        return hidden, self.last(hidden)


def boxes_of(shape: Sequence[int]) -> list[Box]:
    """Return where the patches lie in an image: side by side, about its middle."""
    sides = []
    for voxels, count, share in zip(shape, PATCHES, SHARES, strict=True):
        size = max(1, voxels // share)
        first = (voxels - count * size) // 2
        sides.append([slice(first + n * size, first + (n + 1) * size) for n in range(count)])
    return [(i, j, k) for i, j, k in product(*sides)]


def poolings_of(size: Sequence[int]) -> list[tuple[int, int, int]]:
    """Return the pooling kernels for a patch, none larger than what there is to pool."""
    cells, kernels = tuple(size), []
    for pooling in POOLINGS:
        i, j, k = (min(n, m) for n, m in zip(cells, pooling, strict=True))
        kernels.append((i, j, k))
        cells = (cells[0] // i, cells[1] // j, cells[2] // k)
    return kernels
