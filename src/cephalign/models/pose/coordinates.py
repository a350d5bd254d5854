"""For each cell of a cube, where in a head it is: a nearly upright head, on 8 mm voxels."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from cephalign.geometry.grid import Float
from cephalign.models.pose.residual import SLOPE, Residual
from cephalign.models.pose.rotations import rotations_of
from cephalign.prep.coarse import CHANNELS

# Network outputs of about one are so many mm.
UNIT_MM = 100.0
# Logarithm of the spread in units: 0.7 mm to 2 m.
LOG_SPREADS = (-5.0, 3.0)


@dataclass(frozen=True)
class CoordinatesConfig:
    """What the network looks at, and its size.

    Parameters
    ----------
    side : int
        Voxels along each edge of the cube.
    spacing_mm : float
    cell : int
        Voxels along each edge of a cell; of each cell, the network says where it is. They are wide, since a
        finer lattice learns as much from a head in several times the time.
    filters : tuple of int
        Of each level, the first on cells, which are then joined two by two by two; so the cells along an edge
        are a multiple of two to the power of the further levels.
    hidden : int
        Units of the layer before the pose of the whole.
    """

    side: int = 32
    spacing_mm: float = 8.0
    cell: int = 4
    filters: tuple[int, ...] = (48, 96, 192)
    hidden: int = 256

    @property
    def cells(self) -> int:
        """Along each edge of the cube."""
        return self.side // self.cell


class Coordinates(NamedTuple):
    """What the network says of B cubes, at N = cells^3 places, in the order of `cell_centres`.

    Parameters
    ----------
    head_mm : (B, N, 3) tensor
        Where in the head's frame.
    spread_mm : (B, N) tensor
        How far off it expects to be: the scale of a Laplace distribution of the distance.
    """

    head_mm: Tensor
    spread_mm: Tensor


class CoordinatesNetwork(nn.Module):
    """From cells to a whole and back (as Lin et al., CVPR 2017), knowing where in the cube each cell is.

    The whole gives a pose, and with it coordinates of every cell; each cell then says how far they are off. A
    convolution alone would have to learn to multiply a rotation with a place, and does so very slowly.

    Parameters
    ----------
    config : CoordinatesConfig
    """

    def __init__(self, config: CoordinatesConfig) -> None:
        super().__init__()
        self.config = config
        filters = config.filters
        at = (torch.arange(config.cells) - (config.cells - 1) / 2) / (config.cells / 2)
        self.places: Tensor
        places = torch.stack(torch.meshgrid(at, at, at, indexing="ij"))
        self.register_buffer("places", places, persistent=False)
        self.stem = nn.Conv3d(CHANNELS, filters[0], config.cell, stride=config.cell)
        self.where = nn.Conv3d(3, filters[0], 1)
        self.down = nn.ModuleList(Residual(*step) for step in ((filters[0], filters[0]), *pairwise(filters)))
        ways_up = list(pairwise(reversed(filters)))
        self.narrow = nn.ModuleList(nn.Conv3d(a, b, 1) for a, b in ways_up)
        self.up = nn.ModuleList(Residual(b, b) for _, b in ways_up)
        self.last = nn.Conv3d(filters[0], 4, 1)
        left = config.cells // 2 ** len(ways_up)
        self.hidden = nn.Linear(filters[-1] * left**3, config.hidden)
        self.pose = nn.Linear(config.hidden, 9)

    def forward(self, cubes: Tensor) -> Coordinates:
        """Read (B, 3, side, side, side) cubes, channels as in `CoarseHead`."""
        x = self.stem(cubes) + self.where(self.places)  # (B, 48, 8, 8, 8)
        kept: list[Tensor] = []
        for number, block in enumerate(self.down):
            x = block(functional.avg_pool3d(x, 2) if number else x)  # (B, 192, 2, 2, 2) in the end
            kept.append(x)
        kept.pop()
        rough = self._rough(x)  # (B, 512, 3)
        for narrow, block in zip(self.narrow, self.up, strict=True):
            above = functional.interpolate(narrow(x), scale_factor=2.0, mode="nearest")
            x = block(above + kept.pop())  # (B, 48, 8, 8, 8) in the end
        out = self.last(x).float().flatten(2).transpose(1, 2)  # (B, 512, 4)
        return Coordinates((rough + out[..., :3]) * UNIT_MM, out[..., 3].clamp(*LOG_SPREADS).exp() * UNIT_MM)

    def _rough(self, whole: Tensor) -> Tensor:
        """Return (B, N, 3) coordinates, over `UNIT_MM`, of cells, as the whole head seems to lie."""
        said = self.pose(functional.leaky_relu(self.hidden(whole.flatten(1)), SLOPE)).float()  # (B, 9)
        upright = said.new_tensor([1.0, 0, 0, 0, 1, 0])
        half_mm = self.config.spacing_mm * self.config.side / 2
        places = self.places.flatten(1).T * (half_mm / UNIT_MM)  # (N, 3) from the cube's middle
        rotations = rotations_of(said[:, :6] + upright)
        # Multiplied out, since a matrix product would be in half precision in training.
        rough: Tensor = (rotations[:, None] * places[None, :, None]).sum(3) + said[:, None, 6:]
        return rough


def cell_centres(config: CoordinatesConfig) -> Float:
    """Return (N, 3) voxel indices of the cells' middles."""
    cells = np.indices((config.cells,) * 3, dtype=np.float64).reshape(3, -1).T
    return cells * config.cell + (config.cell - 1) / 2


def cell_means(channel: Tensor, config: CoordinatesConfig) -> Tensor:
    """Average (B, side, side, side) values over the cells: (B, N)."""
    return functional.avg_pool3d(channel[:, None], config.cell).flatten(1)
