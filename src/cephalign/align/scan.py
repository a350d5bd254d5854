"""A scan made ready for alignment: its voxels as a tensor, and where its head is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cephalign.align.image import LevelImage, level_image
from cephalign.geometry import Volume
from cephalign.geometry.grid import Float, apply_affine
from cephalign.prep.head import dilated, head_mask

# The skin's edge tells where a head is: points are taken this far beyond it too.
AROUND_MM = 6.0


@dataclass(frozen=True, eq=False)
class Scan:
    """What every start and every refinement needs of one scan.

    Parameters
    ----------
    volume : Volume
    image : LevelImage
        Its voxels at full resolution.
    head : Volume
        Bool mask of the head on a coarse grid.
    around : Volume
        The same with a margin, from which points of comparison are drawn.
    centre : (3,) array
        World position of the middle of the head.
    radius_mm : float
        Root mean square distance of the head's voxels from it.
    """

    volume: Volume
    image: LevelImage
    head: Volume
    around: Volume
    centre: Float
    radius_mm: float

    @property
    def body(self) -> Float:
        """(N, 3) world positions of the mask's voxels."""
        return apply_affine(self.head.grid.world_from_voxel, np.argwhere(self.head.data))


def prepare(volume: Volume) -> Scan:
    """Find the head and turn the voxels into a tensor.

    Raises
    ------
    InputError
        Nothing like a head, NaN or infinity, constant, too thin.
    """
    head = head_mask(volume)
    around = Volume(dilated(head.data, AROUND_MM, head.grid.spacing), head.grid, volume.modality)
    body = apply_affine(head.grid.world_from_voxel, np.argwhere(head.data))
    centre = body.mean(axis=0)
    radius_mm = float(np.sqrt(((body - centre) ** 2).sum(axis=1).mean()))
    return Scan(volume, level_image(volume), head, around, centre, radius_mm)
