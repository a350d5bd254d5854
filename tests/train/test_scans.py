"""Cubes that are cut many at once are those that are cut one by one."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from cephalign.geometry import Grid, Modality, Rigid, Volume
from cephalign.geometry.grid import apply_affine
from cephalign.prep.coarse import FoundHead
from cephalign.train.tasks.scans import RESAMPLED_MM, SimulatedScan, resampled


@pytest.mark.parametrize("shape", [(9, 14, 11), (12, 10, 1)])
def test_many_at_once(shape):
    rng = np.random.default_rng(8)
    matrix = Rigid.from_euler((20, -35, 60), (12, -40, 33)).matrix.copy()
    matrix[:3, :3] *= (13, 11, 14)
    image, rank = rng.random((2, *shape), dtype=np.float32)
    found = FoundHead(image, rank, Grid(shape, matrix), apply_affine(matrix, (5.0, 6, 0)))
    scan = SimulatedScan(found, Rigid.from_euler((5, 7, -9), (20, 3, 1)), Modality.T1)
    turns = Rotation.random(4, rng=rng).as_matrix()
    cubes, head_from_voxel = scan.cubes(8, 15.0, turns, np.random.default_rng(9), 6.0)
    shifts = np.random.default_rng(9).normal(0, 6, (4, 3))
    for cube, affine, turn, shift in zip(cubes, head_from_voxel, turns, shifts, strict=True):
        one = found.cube(8, 15.0, scan.world_from_head.rotation @ turn.T, shift)
        np.testing.assert_allclose(cube, one.channels, atol=2e-5)
        np.testing.assert_allclose(affine, scan.world_from_head.inverse().matrix @ one.grid.world_from_voxel)
    assert {0.0, 1.0} == set(np.unique(cubes[:, 2]))


def test_a_resampled_scan_shows_everything_where_it_was():
    """Balls near two corners and the middle; empty space around."""
    matrix = Rigid.from_euler((10, -25, 40), (-50, 33, 8)).matrix.copy()
    matrix[:3, :3] *= (2.5, 3.0, 5.0)
    grid = Grid((60, 50, 30), matrix)
    world = apply_affine(matrix, np.moveaxis(np.indices(grid.shape), 0, -1))
    places = apply_affine(matrix, [(10.0, 9, 6), (50, 40, 24), (30, 25, 15)])
    balls = [np.linalg.norm(world - place, axis=-1) < 20 for place in places]
    volume = Volume((7 + 1000 * np.sum(balls, axis=0)).astype(np.float32), grid)
    shown = resampled(np.random.default_rng(4), volume)
    np.testing.assert_allclose(shown.grid.spacing, RESAMPLED_MM)
    assert shown.data.min() == 7 and (shown.data > 500).sum() * RESAMPLED_MM**3 == pytest.approx(
        (volume.data > 500).sum() * grid.spacing.prod(), rel=0.05
    )
    where = apply_affine(shown.grid.world_from_voxel, np.argwhere(shown.data > 500))
    for place in places:
        ball = where[np.linalg.norm(where - place, axis=1) < 30]
        np.testing.assert_allclose(ball.mean(axis=0), place, atol=1.0)
