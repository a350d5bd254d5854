"""Whether a head stands upright in a cube, and if nearly so, how it stands.

Any rotation is within 45 degrees of one of the 60 of the icosahedron: the network is shown a head under
each of them, and only has to know the upright ones. Telling any rotation from a single look takes far more
learning.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional

from cephalign.models.pose.residual import SLOPE, Residual
from cephalign.models.pose.rotations import rotations_of
from cephalign.prep.coarse import CHANNELS

# Network outputs of about one are so many mm.
UNIT_MM = 100.0


@dataclass(frozen=True)
class OrientationConfig:
    """What the network looks at, and its size.

    Parameters
    ----------
    side : int
        Voxels along each edge of the cube.
    spacing_mm : float
    filters : tuple of int
        Of each level; voxels are halved before the first and between them.
    hidden : int
        Units of the layer before the last.
    """

    side: int = 16
    spacing_mm: float = 16.0
    filters: tuple[int, ...] = (40, 80, 160)
    hidden: int = 256


class Orientation(NamedTuple):
    """What the network says of B cubes.

    Parameters
    ----------
    upright : (B,) tensor
        Log-odds that the head is within some 50 degrees of upright.
    head_from_cube : (B, 3, 3) tensor
        Rotation from the cube's axes to those of the head; means little where the head is not upright.
    centre_mm : (B, 3) tensor
        Where the cube's middle lies in the head's frame.
    """

    upright: Tensor
    head_from_cube: Tensor
    centre_mm: Tensor


class OrientationNetwork(nn.Module):
    """An encoder and two layers on all that is left of the cube.

    Parameters
    ----------
    config : OrientationConfig
    """

    def __init__(self, config: OrientationConfig) -> None:
        super().__init__()
        self.config = config
        first, *_, last = config.filters
        self.stem = nn.Conv3d(CHANNELS, first, 2, stride=2)
        steps = ((first, first), *pairwise(config.filters))
        self.blocks = nn.ModuleList(Residual(*step) for step in steps)
        left = config.side // 2 ** len(config.filters)
        self.hidden = nn.Linear(last * left**3, config.hidden)
        self.last = nn.Linear(config.hidden, 10)

    def forward(self, cubes: Tensor) -> Orientation:
        """Judge (B, 3, N, N, N) cubes, channels as in `CoarseHead`."""
        x = self.stem(cubes)  # (B, 40, N/2, N/2, N/2)
        for number, block in enumerate(self.blocks):
            x = block(functional.avg_pool3d(x, 2) if number else x)  # (B, 160, N/8, N/8, N/8) in the end
        x = functional.leaky_relu(self.hidden(x.flatten(1)), SLOPE)
        out = self.last(x).float()  # (B, 10)
        return Orientation(out[:, 0], rotations_of(out[:, 1:7]), out[:, 7:] * UNIT_MM)
