"""Points of comparison: as many as asked for, in the head, away from the scan's border, evenly spread."""

import numpy as np
import pytest

from cephalign.align.points import head_points
from cephalign.errors import InputError
from cephalign.geometry import Grid, Volume
from cephalign.geometry.grid import apply_affine

FINE_PER_COARSE = 3


@pytest.fixture
def ball(grid):
    """A ball in the middle of a grid, on a coarse grid over the same extent; and the ball's voxels."""
    coarse = grid.resized(FINE_PER_COARSE * grid.spacing)
    voxels = np.moveaxis(np.indices(coarse.shape), 0, -1)
    points = apply_affine(coarse.world_from_voxel, voxels)
    return Volume(np.linalg.norm(points - grid.centre, axis=-1) < 0.42 * grid.extent.min(), coarse)


def test_as_many_as_asked_for_and_in_the_mask(grid, ball):
    points = head_points(ball, grid, 3000)
    assert points.shape == (3000, 3)
    nearest = np.rint(apply_affine(ball.grid.voxel_from_world, points)).astype(int)
    assert ball.data[tuple(nearest.T)].all()


def test_the_same_every_time_and_more_are_added_at_the_end(grid, ball):
    points = head_points(ball, grid, 1000)
    np.testing.assert_array_equal(points, head_points(ball, grid, 1000))
    np.testing.assert_array_equal(points, head_points(ball, grid, 5000)[:1000])


def test_they_lie_evenly(grid, ball):
    """Every voxel of the mask gets some, and every eighth of the ball its share."""
    voxels = np.argwhere(ball.data)
    points = head_points(ball, grid, 40 * len(voxels))
    index = apply_affine(ball.grid.voxel_from_world, points)
    counts = np.zeros(ball.grid.shape, int)
    np.add.at(counts, tuple(np.rint(index).astype(int).T), 1)
    assert counts[ball.data].min() > 0
    middle = (np.array(ball.grid.shape) - 1) / 2
    for side in np.ndindex(2, 2, 2):
        share = np.mean(((index > middle) == side).all(axis=1))
        assert share == pytest.approx(1 / 8, rel=0.04)
    # So the middle of the points is the middle of the mask.
    off = points.mean(axis=0) - apply_affine(ball.grid.world_from_voxel, np.argwhere(ball.data)).mean(axis=0)
    assert np.linalg.norm(off) < 0.02 * grid.extent.min()


def test_they_keep_away_from_the_scans_border(grid):
    whole = Volume(np.ones(grid.resized(4.0).shape, bool), grid.resized(4.0))
    for border in (0.0, 1.0, 3.5):
        voxel = apply_affine(grid.voxel_from_world, head_points(whole, grid, 2000, border))
        top = np.array(grid.shape) - 1
        assert (voxel >= border - 1e-9).all()
        assert (voxel <= top - border + 1e-9).all()
        # And only so far.
        assert (voxel.min(axis=0) < border + 0.2 * top).all()
        assert (voxel.max(axis=0) > 0.8 * top - border).all()


def test_a_head_wholly_in_the_border_is_refused(oblique_grid):
    coarse = oblique_grid.resized(4.0)
    mask = np.zeros(coarse.shape, bool)
    mask[0] = True
    with pytest.raises(InputError, match="wholly in the scan's border"):
        head_points(Volume(mask, coarse), oblique_grid, 100, border_vox=5.0)


def test_a_small_piece_of_a_large_grid():
    grid = Grid((200, 180, 90), np.diag([-1.1, -1.2, 2.3, 1]))
    mask = np.zeros(grid.shape, bool)
    mask[150:153, 20, 70:72] = True
    points = head_points(Volume(mask, grid), grid, 500)
    low, high = (apply_affine(grid.world_from_voxel, v) for v in ((152.5, 20.5, 69.5), (149.5, 19.5, 71.5)))
    assert (points >= low).all()
    assert (points <= high).all()
