"""Fields of view that end where nothing is known of a head."""

import numpy as np
import pytest

from cephalign.geometry import Grid, Rigid
from cephalign.geometry.grid import apply_affine
from cephalign.simulate.acquire.lay import within_known

POSE = Rigid.from_euler([8, -5, 20], [12, -9, 4])


def grid_along(axes):
    """A grid of 60 x 50 x 40 voxels whose axes i, j, k lie near these world axes, around the head."""
    matrix = np.eye(4)
    turn = Rigid.from_euler([4, 3, -6]).rotation
    matrix[:3, :3] = turn @ np.array(axes, float).T * [3.0, 4.0, 5.5]
    matrix[:3, 3] = np.array([3.0, -10, 8]) - matrix[:3, :3] @ [29.5, 24.5, 19.5]
    return Grid((60, 50, 40), matrix)


@pytest.mark.parametrize(
    "axes",
    [
        [(-1, 0, 0), (0, -1, 0), (0, 0, 1)],
        [(-1, 0, 0), (0, 0, 1), (0, -1, 0)],
        [(0, 0, -1), (-1, 0, 0), (0, -1, 0)],
    ],
)
def test_voxels_stay_where_they_are_and_the_rest_goes(axes):
    grid = grid_along(axes)
    cut = within_known(grid, POSE, -20.0)
    assert sum(a != b for a, b in zip(cut.shape, grid.shape, strict=True)) == 1
    first = apply_affine(grid.voxel_from_world @ cut.world_from_voxel, (0, 0, 0))
    assert np.allclose(first, np.rint(first), atol=1e-9)
    assert np.allclose(cut.world_from_voxel[:3, :3], grid.world_from_voxel[:3, :3])
    # The middle of the lowest slice lies above the height, and not by a whole slice.
    axis = int(np.argmax(np.array(grid.shape) - cut.shape))
    middle = (np.array(cut.shape) - 1) / 2
    ends = []
    for number in (0, cut.shape[axis] - 1):
        middle[axis] = number
        ends.append(float((~POSE).map(apply_affine(cut.world_from_voxel, middle))[2]))
    assert -20 <= min(ends) < -20 + grid.spacing[axis]


def test_a_head_that_is_known_whole_is_not_cut():
    grid = grid_along(np.eye(3))
    assert within_known(grid, POSE, -np.inf) is grid
    assert within_known(grid, POSE, -500.0) == grid


def test_a_third_stays():
    grid = grid_along(np.eye(3))
    assert within_known(grid, POSE, 500.0).shape == (60, 50, 14)
