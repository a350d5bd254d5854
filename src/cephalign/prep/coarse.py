"""A head on a coarse cube of voxels, in any units, from any scanner: what the networks look at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from cephalign.geometry import Grid, Volume
from cephalign.geometry.grid import Float, apply_affine
from cephalign.prep.blocks import block_means
from cephalign.prep.head import dilated, head_mask
from cephalign.prep.resample import outside

# Voxels are averaged to this part of the cube's spacing first: what lies between samples must not be missed.
POOLED_SHARE = 0.75
# The skin belongs to the head, and masks may miss it.
AROUND_MM = 6.0
# Metal and hot vessels may go this far beyond the brightest tissue.
BRIGHTEST = 1.5
CHANNELS = 3


@dataclass(frozen=True, eq=False)
class CoarseHead:
    """A head on a cube.

    Parameters
    ----------
    channels : (3, N, N, N) float32 array
        Intensity, about 0 in air and 1 in the brightest tissue; the intensity's rank within the head, 0 to 1,
        and 0 outside of it; whether the scan holds the place.
    grid : Grid
        Where the cube lies in the scan's world; isotropic.
    """

    channels: NDArray[np.float32]
    grid: Grid


@dataclass(frozen=True, eq=False)
class FoundHead:
    """A scan on blocks of a few mm, with its head: all that cubes are cut from.

    Parameters
    ----------
    image : (I, J, K) float32 array
        Intensity as in `CoarseHead`.
    rank : (I, J, K) float32 array
    grid : Grid
    centre : (3,) array
        Middle of the head, RAS+ mm.
    """

    image: NDArray[np.float32]
    rank: NDArray[np.float32]
    grid: Grid
    centre: Float

    @classmethod
    def of(cls, volume: Volume, spacing_mm: float, mask: Volume | None = None) -> FoundHead:
        """Find the head.

        Parameters
        ----------
        volume : Volume
        spacing_mm : float
            Of the cubes to be cut.
        mask : Volume, optional
            `head_mask(volume)`, where it is at hand.

        Raises
        ------
        InputError
            As `head_mask`.
        """
        mask = mask or head_mask(volume)
        grid = volume.grid.resized(np.maximum(volume.grid.spacing, POOLED_SHARE * spacing_mm))
        image = block_means(volume.data, grid.shape)
        body = np.argwhere(mask.data)
        around = dilated(mask.data, AROUND_MM, mask.grid.spacing).astype(np.float32)
        within = block_means(around, grid.shape) > 0.5
        if not within.any():  # a body thinner than the blocks
            within = block_means(around, grid.shape) > 0
        # Air is what lies about the head: the corners of a scanner's round field are padded with less.
        air, bright = np.percentile(image[within], (1, 99)).tolist()
        scaled = np.clip((image - air) / max(bright - air, 1e-6 * max(1.0, abs(air))), 0, BRIGHTEST)
        rank = np.zeros(grid.shape, dtype=np.float32)
        ordered = np.sort(image[within])
        rank[within] = np.searchsorted(ordered, image[within], side="right") / ordered.size
        centre = apply_affine(mask.grid.world_from_voxel, body.mean(axis=0))
        return cls(scaled.astype(np.float32), rank, grid, centre)

    def cube(
        self, side: int, spacing_mm: float, turn: ArrayLike | None = None, shift_mm: ArrayLike = 0.0
    ) -> CoarseHead:
        """Sample a cube about the head's middle.

        Parameters
        ----------
        side : int
            Voxels along each edge.
        spacing_mm : float
        turn : (3, 3) array, optional
            Rotation whose columns are the directions of the cube's axes in the world; else the world's axes.
        shift_mm : (3,) array
            From the head's middle to the cube's, RAS+ mm.
        """
        matrix = np.eye(4)
        matrix[:3, :3] = np.eye(3) if turn is None else np.asarray(turn, dtype=float)
        matrix[:3, :3] *= spacing_mm
        matrix[:3, 3] = self.centre + np.asarray(shift_mm) - matrix[:3, :3] @ np.full(3, (side - 1) / 2)
        grid = Grid((side, side, side), matrix)
        return CoarseHead(self.sampled(grid), grid)

    def sampled(self, grid: Grid) -> NDArray[np.float32]:
        """Return the channels of `CoarseHead` on any grid, (3, I, J, K)."""
        there, beyond = self._places(grid)
        channels = [_interpolated(one, there, ~beyond) for one in (self.image, self.rank)]
        return np.stack([*channels, (~beyond).astype(np.float32)])

    def intensity(self, grid: Grid) -> NDArray[np.float32]:
        """Return the first of the channels of `CoarseHead` on any grid, (I, J, K)."""
        there, beyond = self._places(grid)
        return _interpolated(self.image, there, ~beyond)

    def known(self, grid: Grid) -> NDArray[np.bool_]:
        """Return the last of the channels of `CoarseHead` on any grid, (I, J, K)."""
        return ~self._places(grid)[1]

    def _places(self, grid: Grid) -> tuple[Float, NDArray[np.bool_]]:
        """Return what takes a voxel of a grid to the scan's, (4, 4), and which lie beyond it, (I, J, K)."""
        there = self.grid.voxel_from_world @ grid.world_from_voxel
        return there, outside(there, grid.shape, self.grid.shape)


def _interpolated(image: NDArray[np.float32], there: Float, known: NDArray[np.bool_]) -> NDArray[np.float32]:
    values: NDArray[np.float32] = ndimage.affine_transform(
        image,
        there[:3, :3],
        there[:3, 3],
        output_shape=known.shape,
        output=np.float32,
        order=1,
        mode="nearest",
    )
    return values * known
