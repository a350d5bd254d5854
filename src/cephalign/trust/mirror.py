"""Whether the moving scan fits better as its mirror image: a flip in a header that no rotation undoes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cephalign.align.ascent import climb
from cephalign.align.information import MutualInformation
from cephalign.align.levels import FAR, FINE, NEAR, compare
from cephalign.align.scan import Scan
from cephalign.align.symmetry import head_frame
from cephalign.align.view import Side
from cephalign.geometry import Rigid
from cephalign.geometry.grid import Float

# With how many steps each: a value is wanted, not a place.
LEVELS = ((FAR, 12), (NEAR, 10), (FINE, 6))


def mirrored_similarity(fixed: Scan, moving: Scan, end: Rigid) -> float:
    """Return the best mutual information, at the fine level, of the fixed scan and the mirrored moving one.

    A head looks much like its mirror image. So the mirror image is laid where the scan lies, with each of the
    fixed head's principal axes in turn for the normal of the mirror, and climbs from there.

    Parameters
    ----------
    fixed, moving : Scan
    end : Rigid
        `moving_from_fixed`.

    Returns
    -------
    float
        Nats; minus infinity where the mirror image does not overlap.
    """
    # The mirror stands in the moving world; a rotation takes the place of any other one.
    mirror = np.diag([-1.0, 1.0, 1.0, 1.0])
    poses = np.array([mirror @ end.matrix @ one for one in _reflections(fixed)])
    values = np.full(len(poses), -np.inf)
    for level, steps in LEVELS:
        mi = compare(fixed, moving, level)
        reflected = MutualInformation(
            mi.fixed, _reflected(mi.moving, mirror), centre=mi.centre, radius_mm=mi.radius_mm
        )
        poses, values = climb(reflected, poses, replace(level.climb, steps=steps))
        best = int(np.argmax(values))
        poses, values = poses[best : best + 1], values[best : best + 1]
    return float(values[0])


def _reflections(scan: Scan) -> Float:
    """Return (3, 4, 4) reflections of the scan's world, each along a principal axis of its head."""
    world_from_head = head_frame(scan).matrix
    signs = (np.diag([*np.where(np.arange(3) == axis, -1.0, 1.0), 1.0]) for axis in range(3))
    return np.array([world_from_head @ sign @ np.linalg.inv(world_from_head) for sign in signs])


def _reflected(side: Side, mirror: Float) -> Side:
    """Return a side in a world seen in a mirror."""
    image = replace(side.image, voxel_from_world=side.image.voxel_from_world @ np.linalg.inv(mirror))
    return replace(side, image=image, points=side.points @ mirror[:3, :3].T)
