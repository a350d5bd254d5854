"""A start from the principal axes of both heads, right from any orientation up to the axes' signs and order.

Islam et al. 2021, 'Generation of ground truth data': the foreground's point cloud, its mean and its principal
components. The paper is silent on the sign and order of the axes; we make all 24 proper candidates and leave
the choice to coarse mutual information.
"""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
from scipy.spatial.transform import Rotation

from cephalign.align.scan import Scan
from cephalign.geometry import Rigid
from cephalign.geometry.grid import Float


def axis_turns() -> Float:
    """Return the (24, 3, 3) proper rotations that carry axes onto axes, identity first."""
    turns = [
        np.eye(3)[list(order)] * np.array(signs)[:, None]
        for order in permutations(range(3))
        for signs in product((1.0, -1.0), repeat=3)
    ]
    return np.array([turn for turn in turns if np.linalg.det(turn) > 0])


def head_frame(scan: Scan) -> Rigid:
    """Return scan_from_head: origin at the mean of the head's voxels, x, y, z along its principal axes.

    The mask's grid is not isotropic where slices are thick, but its voxels are weighted alike by volume, so
    the moments are those of an isotropic resampling.
    """
    return principal_frame(scan.body)


def principal_frame(points: Float) -> Rigid:
    """Return world_from_cloud of (N, 3) points: origin at their mean, x, y, z along their principal axes.

    Axes have neither sign nor order: each points along the nearest world axis, without a reflection.
    """
    mean = points.mean(axis=0)
    _, axes = np.linalg.eigh((points - mean).T @ (points - mean))
    axes[:, 0] *= np.linalg.det(axes)  # eigh may hand out a reflection
    turns = axis_turns()
    nearest = turns[np.argmax([np.trace(axes @ turn) for turn in turns])]
    frame = np.eye(4)
    frame[:3, :3] = axes @ nearest
    frame[:3, 3] = mean
    return Rigid(frame)


def symmetry_candidates(fixed: Scan, moving: Scan) -> list[Rigid]:
    """Return the 24 candidates of `moving_from_fixed` that lay the principal axes of both heads together."""
    moving_from_head, head_from_fixed = head_frame(moving), head_frame(fixed).inverse()
    return [moving_from_head @ Rigid.from_rotation(turn) @ head_from_fixed for turn in axis_turns()]


def header_candidates(fixed: Scan, moving: Scan) -> list[Rigid]:
    """Return the pose the headers state, and the same turned about the heads' centres, laid together.

    The first is right where both scans share a frame of reference; one of the others is near where a header
    states a wrong orientation or the patient lay differently.
    """
    return [Rigid.identity(), *turned_candidates(fixed, moving)]


def turned_candidates(fixed: Scan, moving: Scan) -> list[Rigid]:
    """Return 60 candidates that lay the heads' centres together, turned evenly over all orientations.

    No orientation is further than 45 degrees from one of the rotations of an icosahedron.
    """
    turns = Rotation.create_group("I").as_matrix()
    return [Rigid.from_rotation(turn, moving.centre - fixed.centre, fixed.centre) for turn in turns]
