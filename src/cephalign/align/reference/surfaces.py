"""Whether two scans show one head: its surface must be the same in both.

Mutual information lays any two heads together, and well. But no two people have one skin.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from cephalign.align.scan import Scan
from cephalign.geometry import Rigid
from cephalign.geometry.grid import Float, apply_affine

# Ears, a neck that bends and what touches the skin may differ in this part of the surface.
KEPT_PERCENT = 80.0
# Surfaces of one head, rightly laid, lie 2 to 3.6 mm apart with slices of 4 to 7 mm, those of two people 3.7
# to 13 mm, those of a head and itself the wrong way up 10 mm and more.
LARGEST_GAP_MM = 3.7


def surface_gap(fixed: Scan, moving: Scan, moving_from_fixed: Rigid) -> float:
    """Return how far the heads' surfaces lie apart, in mm.

    Both ways, surface against signed distance: the 80th percentile of what deviates from the median, and half
    the difference of the two medians, by which one head is larger; together as a root of squares. The masks'
    voxels of some 3 mm alone come to about 1 mm. Infinity where neither surface lies in the other scan.
    """
    one, other = (
        _heights(of, into, into_from_of)
        for of, into, into_from_of in (
            (moving, fixed, ~moving_from_fixed),
            (fixed, moving, moving_from_fixed),
        )
    )
    if not (one.size and other.size):
        return np.inf
    medians = np.median(one), np.median(other)
    rough = [
        np.percentile(np.abs(heights - median), KEPT_PERCENT)
        for heights, median in zip((one, other), medians, strict=True)
    ]
    return float(np.hypot(np.mean(rough), (medians[0] - medians[1]) / 2))


def _heights(of: Scan, into: Scan, into_from_of: Rigid) -> Float:
    """Return how far beyond the head in one scan the surface voxels of the other's head lie, in mm."""
    # A head that goes on beyond the scan has no surface there.
    inner = ndimage.binary_erosion(np.pad(of.head.data, 1, mode="edge"))[1:-1, 1:-1, 1:-1]
    surface = apply_affine(of.head.grid.world_from_voxel, np.argwhere(of.head.data & ~inner))
    index = apply_affine(into.head.grid.voxel_from_world, into_from_of.map(surface))
    seen = ((index >= 1) & (index <= np.array(into.head.grid.shape) - 2)).all(axis=1)
    spacing = into.head.grid.spacing
    height = ndimage.distance_transform_edt(~into.head.data, sampling=spacing)
    height -= ndimage.distance_transform_edt(into.head.data, sampling=spacing)
    found: Float = ndimage.map_coordinates(height, index[seen].T, order=1)
    return found
