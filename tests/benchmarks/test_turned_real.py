"""Real scans in any orientation: they are whole, and the truth is true."""

import numpy as np
import pytest
from scipy import ndimage

from benchmarks.moved import resampled
from benchmarks.turned_real import FAMILIES, FINEST_MM, any_motion
from cephalign.geometry import Grid, Volume
from cephalign.geometry.grid import apply_affine


def test_a_turned_scan_is_whole():
    """A ball near one corner is as large as before, and where it was moved to."""
    grid = Grid((50, 40, 20), np.diag([-2.5, -2.5, 6.0, 1.0]))
    places = apply_affine(grid.world_from_voxel, np.moveaxis(np.indices(grid.shape), 0, -1))
    ball = np.linalg.norm(places - apply_affine(grid.world_from_voxel, (9, 9, 4)), axis=-1) < 20
    scan = Volume((1000 * ball).astype(np.float32), grid)
    motion = any_motion(np.random.default_rng(4), grid.centre)
    moved = resampled(scan, motion, FINEST_MM)

    def amount_and_place(volume):
        total = volume.data.sum(dtype=float)
        share = volume.data.astype(float) / total
        middle = (np.indices(volume.grid.shape) * share).sum(axis=(1, 2, 3))
        return total * volume.grid.spacing.prod(), apply_affine(volume.grid.world_from_voxel, middle)

    (amount, place), (moved_amount, moved_place) = map(amount_and_place, (scan, moved))
    assert moved_amount == pytest.approx(amount, rel=0.02)
    np.testing.assert_allclose(moved_place, motion.map(place), atol=0.5)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_point_shows_the_same_before_and_after(data_dir, family):
    """Where the fixed scan's points go, the moving scan shows what its own unmoved original would."""
    one, other = map(FAMILIES[family](), range(2))
    assert one.moving_from_fixed.distance(other.moving_from_fixed, one.points).mean() > 30
    shown = [
        ndimage.map_coordinates(
            pair.moving.data.astype(float),
            apply_affine(pair.moving.grid.voxel_from_world, pair.moving_from_fixed.map(one.points)).T,
            order=1,
        )
        for pair in (one, other)
    ]
    ranks = [np.argsort(np.argsort(values)) for values in shown]
    assert np.corrcoef(*ranks)[0, 1] > 0.9
