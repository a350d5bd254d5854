"""The `features` start: what the paper's DCNN makes of two scans, as a motion.

Islam et al. 2021, 'Registration of multi-modal images'. The paper resizes whole images to 256 x 256 x 26
voxels, so that what they show of a head, and how large, depends on the scanner. Ours are cut about the
middle of the head, with voxels of the same size from any scan.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from cephalign.geometry import Grid, Rigid
from cephalign.geometry.grid import Float
from cephalign.models.dcnn import DcnnConfig, PairRegressor
from cephalign.prep.coarse import FoundHead

# Network outputs of about one are so many degrees, or mm.
UNIT = 10.0


@dataclass(frozen=True)
class FeaturesConfig:
    """What the network looks at, and its size.

    Parameters
    ----------
    shape : tuple of int
        Voxels of an image along the world's axes.
    spacing_mm : tuple of float
    filters : tuple of int
        As in `DcnnConfig`.
    in_plane_pools : int
    """

    shape: tuple[int, ...] = (64, 64, 26)
    spacing_mm: tuple[float, ...] = (4.0, 4.0, 6.0)
    filters: tuple[int, ...] = (8, 16, 32, 64, 128, 128)
    in_plane_pools: int = 2

    @property
    def encoder(self) -> DcnnConfig:
        """The size of the paper's encoder for (B, 1, I, J, K) images."""
        i, j, k = self.shape
        return DcnnConfig((i, j, k), filters=self.filters, in_plane_pools=self.in_plane_pools)

    def network(self, generator: torch.Generator) -> PairRegressor:
        """Return the paper's network for pairs of (B, 1, I, J, K) images, before training."""
        return PairRegressor(self.encoder, generator)


def grid_about(centre: ArrayLike, config: FeaturesConfig) -> Grid:
    """Return where the network's image lies about a world point, (3,) RAS+ mm."""
    i, j, k = config.shape
    affine = np.diag([*config.spacing_mm, 1.0])
    affine[:3, 3] = np.asarray(centre) - affine[:3, :3] @ ((np.array(config.shape) - 1) / 2)
    return Grid((i, j, k), affine)


def image_about(
    found: FoundHead, centre: ArrayLike, config: FeaturesConfig, moved: Rigid | None = None
) -> NDArray[np.float32]:
    """Cut the image that the network sees.

    Parameters
    ----------
    found : FoundHead
        Made for cubes of the image's finest spacing.
    centre : (3,) array
        World point in the middle of the image, RAS+ mm.
    config : FeaturesConfig
    moved : Rigid, optional
        How the head is moved before it is looked at: `copy_from_original`.

    Returns
    -------
    (1, I, J, K) float32 array
        Intensities as in `CoarseHead`.
    """
    grid = grid_about(centre, config)
    if moved:
        grid = Grid(grid.shape, moved.inverse().matrix @ grid.world_from_voxel)
    return found.intensity(grid)[None]


def responses_of(moving_from_fixed: Rigid, fixed_centre: ArrayLike, moving_centre: ArrayLike) -> Float:
    """Return the (6,) numbers to be learnt: Euler angles in degrees, and a shift in mm, over `UNIT`.

    Parameters
    ----------
    moving_from_fixed : Rigid
    fixed_centre, moving_centre : (3,) array
        Middles of the images; of a head that is in the middle of both, the shift is none.
    """
    shift = moving_from_fixed.map(fixed_centre) - np.asarray(moving_centre)
    responses: Float = np.concatenate([moving_from_fixed.euler(), shift]) / UNIT
    return responses


def motion_of(responses: ArrayLike, fixed_centre: ArrayLike, moving_centre: ArrayLike) -> Rigid:
    """Return the `moving_from_fixed` that (6,) responses stand for: the inverse of `responses_of`."""
    six = np.asarray(responses, dtype=np.float64) * UNIT
    between = np.asarray(moving_centre) - np.asarray(fixed_centre)
    return Rigid.from_euler(six[:3], six[3:] + between, fixed_centre)
