"""Whether two scans show one head: its surface must be the same in both.

Mutual information lays any two heads together, and well. But no two people have one skin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from cephalign.align.scan import Scan
from cephalign.geometry import Grid, Rigid
from cephalign.geometry.grid import Float, apply_affine

# Ears, a neck that bends and what touches the skin may differ in this part of the surface.
KEPT_PERCENT = 80.0
# Surfaces of one head, rightly laid, lie 2 to 3.6 mm apart with slices of 4 to 7 mm, those of two people 3.7
# to 13 mm, those of a head and itself the wrong way up 10 mm and more.
LARGEST_GAP_MM = 3.7


@dataclass(frozen=True, eq=False)
class Surface:
    """Where a scan's head ends.

    Parameters
    ----------
    points : (N, 3) array
        World positions of the outermost voxels of the head.
    height_mm : (I, J, K) array
        Signed distance from it on `grid`, negative inside.
    grid : Grid
    """

    points: Float
    height_mm: Float
    grid: Grid

    @classmethod
    def of(cls, scan: Scan) -> Surface:
        """Find it; a head that goes on beyond the scan has no surface there."""
        head, grid = scan.head.data, scan.head.grid
        inner = ndimage.binary_erosion(np.pad(head, 1, mode="edge"))[1:-1, 1:-1, 1:-1]
        points = apply_affine(grid.world_from_voxel, np.argwhere(head & ~inner))
        height = ndimage.distance_transform_edt(~head, sampling=grid.spacing)
        height -= ndimage.distance_transform_edt(head, sampling=grid.spacing)
        return cls(points, height, grid)

    def heights_of(self, points: Float) -> Float:
        """Return how far beyond the head (N, 3) world points lie, in mm, of those that the scan holds."""
        index = apply_affine(self.grid.voxel_from_world, points)
        seen = ((index >= 1) & (index <= np.array(self.grid.shape) - 2)).all(axis=1)
        found: Float = ndimage.map_coordinates(self.height_mm, index[seen].T, order=1)
        return found


def surface_gap(fixed: Surface, moving: Surface, moving_from_fixed: Rigid) -> float:
    """Return how far two heads' surfaces lie apart, in mm.

    Both ways, surface against signed distance: the 80th percentile of what deviates from the median, and half
    the difference of the two medians, by which one head is larger; together as a root of squares. The masks'
    voxels of some 3 mm alone come to about 1 mm. Infinity where a surface lies wholly beyond the other scan.
    """
    one = fixed.heights_of((~moving_from_fixed).map(moving.points))
    other = moving.heights_of(moving_from_fixed.map(fixed.points))
    if not (one.size and other.size):
        return np.inf
    medians = np.median(one), np.median(other)
    rough = [
        np.percentile(np.abs(heights - median), KEPT_PERCENT)
        for heights, median in zip((one, other), medians, strict=True)
    ]
    return float(np.hypot(np.mean(rough), (medians[0] - medians[1]) / 2))
