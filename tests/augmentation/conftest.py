"""Scans whose value is known at every point: oblique, of thick slices, and far from the world's origin."""

import numpy as np
import pytest

from cephalign.geometry import Grid, Modality, Rigid, Volume
from cephalign.geometry.grid import apply_affine


@pytest.fixture(scope="session")
def grid():
    """Return a maker of grids: some 60 mm of world about a centre."""

    def make(shape=(40, 36, 14), spacing=(1.6, 1.8, 4.5), turn_deg=(12, -17, 24), centre=(70, -45, 130)):
        matrix = np.eye(4)
        matrix[:3, :3] = Rigid.from_euler(turn_deg).rotation @ np.diag(spacing * np.array([-1, -1, 1]))
        matrix[:3, 3] = np.array(centre) - matrix[:3, :3] @ ((np.array(shape) - 1) / 2)
        return Grid(shape, matrix)

    return make


@pytest.fixture(scope="session")
def points():
    """Return the function that gives the world points of a grid's voxels."""

    def points(grid):
        return apply_affine(grid.world_from_voxel, np.moveaxis(np.indices(grid.shape), 0, -1))

    return points


@pytest.fixture(scope="session")
def pattern():
    """Return a smooth function of world points, with waves much longer than a slice is thick."""

    def pattern(xyz):
        x, y, z = np.moveaxis(xyz, -1, 0)
        return 500 + 200 * np.sin(x / 40) + 150 * np.cos(y / 35 + z / 60) + 2 * z

    return pattern


@pytest.fixture(scope="session")
def patterned(grid, points, pattern):
    """An MR that shows the pattern."""
    return Volume(pattern(points(grid())).astype(np.float32), grid(), Modality.T1)
