"""Laying a scan's grid over a head."""

from __future__ import annotations

import math

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from cephalign.errors import InputError
from cephalign.geometry import Grid, Rigid
from cephalign.geometry.grid import Float, apply_affine
from cephalign.simulate.acquire.coverage import Coverage, Plane
from cephalign.simulate.acquire.parts import Interval
from cephalign.simulate.head import Head
from cephalign.simulate.tissues import Tissue

# Axes i, j, k of a plane as columns in the scanner's world, as scanners store them.
AXES: dict[Plane, tuple[tuple[int, int, int], ...]] = {
    "axial": ((-1, 0, 0), (0, -1, 0), (0, 0, 1)),
    "coronal": ((-1, 0, 0), (0, 0, 1), (0, -1, 0)),
    "sagittal": ((0, 0, -1), (-1, 0, 0), (0, -1, 0)),
}
# The head is looked at on voxels this far apart, mm, and from this height on for where its middle lies: below
# are nose and neck.
LOOK_MM, MIDDLE_FROM_MM = 3.0, -10.0


def lay_grid(
    rng: np.random.Generator, coverage: Coverage, points: Float, world_from_head: Rigid
) -> tuple[Grid, float]:
    """Draw a grid over a head that has voxels at (n, 3) points in its own mm.

    Return it, and by how much, in mm along j, each slice lies off the one before: where a CT's gantry is
    tilted, so are its slices, and the grid with them, but the table moves along z.
    """
    matrix, slices = (_count(rng, span) for span in (coverage.matrix, coverage.slices))
    spacing = float(rng.uniform(*coverage.spacing_mm))
    distance = float(rng.uniform(*coverage.distance_mm)) if coverage.distance_mm else spacing
    plane = coverage.planes[rng.integers(len(coverage.planes))]
    turn = rng.uniform(-coverage.oblique_deg, coverage.oblique_deg, 3)
    tilt_deg = float(rng.uniform(*coverage.tilt_deg)) if rng.random() < coverage.tilt_chance else 0.0
    if tilt_deg:
        turn = np.array([tilt_deg, 0.0, 0.0])
        distance *= math.cos(math.radians(tilt_deg))
    directions = Rotation.from_euler("xyz", turn, degrees=True).as_matrix() @ np.array(AXES[plane], float)
    shape, sizes = (matrix, matrix, slices), np.array([spacing, spacing, distance])
    along = np.abs(directions.T @ world_from_head.rotation[:, 2])
    reach_mm = float((sizes * shape)[np.argmax(along)])  # along the scan axis closest to the head's z axis
    centre = world_from_head.map(_middle(rng, coverage, points, reach_mm))
    world_from_voxel = np.eye(4)
    world_from_voxel[:3, :3] = directions * sizes
    world_from_voxel[:3, 3] = centre - world_from_voxel[:3, :3] @ ((np.array(shape) - 1) / 2)
    drift_mm = distance * float(directions[2, 1] / directions[2, 2]) if tilt_deg else 0.0
    return Grid(shape, world_from_voxel), drift_mm


def within_known(grid: Grid, world_from_head: Rigid, known_from_mm: float) -> Grid:
    """Return the part of a grid that lies above a height in the head, as far as whole slices allow.

    A grid that lies across is cut where its middle meets the height; at least a third of it stays.
    """
    if not math.isfinite(known_from_mm):
        return grid
    head_from_voxel = (~world_from_head).matrix @ grid.world_from_voxel
    axis = int(np.argmax(np.abs(head_from_voxel[2, :3] / grid.spacing)))
    rise = head_from_voxel[2, axis]  # along z of the head, a voxel
    middle = (np.array(grid.shape) - 1) / 2
    middle[axis] = 0
    number = np.arange(grid.shape[axis])
    heights = float(apply_affine(head_from_voxel, middle)[2]) + rise * number
    least = math.ceil(grid.shape[axis] / 3)
    kept = number[heights >= min(known_from_mm, np.sort(heights)[-least])]
    shape, first = list(grid.shape), np.zeros(3)
    shape[axis], first[axis] = len(kept), kept[0]
    return grid.cropped(first, shape)


def _count(rng: np.random.Generator, span: Interval) -> int:
    return int(rng.integers(int(span[0]), int(span[1]) + 1))


def _middle(rng: np.random.Generator, coverage: Coverage, points: Float, reach_mm: float) -> Float:
    """Draw the place in the head, in its own mm, that the grid's centre lies over."""
    upper = points[points[:, 2] > MIDDLE_FROM_MM]
    upper = upper if len(upper) else points
    low, high = extent_of(upper)
    x, y = (low + high)[:2] / 2 + rng.uniform(-coverage.off_centre_mm, coverage.off_centre_mm, 2)
    return np.array([x, y, high[2] + rng.uniform(*coverage.above_vertex_mm) - reach_mm / 2])


def points_of(head: Head) -> Float:
    """Return (n, 3) head mm of some of a head's voxels.

    Raises
    ------
    InputError
        A head without tissue.
    """
    step = max(1, round(LOOK_MM / float(head.grid.spacing[0])))
    found = torch.nonzero(head.tissues[::step, ::step, ::step] != Tissue.AIR).cpu().numpy() * step
    if not len(found):
        raise InputError("nothing to scan", expected="a head with tissue", got="air only")
    return apply_affine(head.grid.world_from_voxel, found)


def extent_of(points: Float) -> Float:
    """Return (2, 3) lowest and highest corner around (n, 3) points."""
    columns = np.ascontiguousarray(points.T)  # ten times as fast as along rows of three
    return np.stack([columns.min(axis=1), columns.max(axis=1)])
