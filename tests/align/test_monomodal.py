"""Mean squares: an image of one modality against itself, moved."""

import numpy as np
import pytest

from cephalign.align.monomodal import mean_squares
from cephalign.geometry import Rigid, Volume
from cephalign.geometry.grid import apply_affine
from cephalign.prep.head import head_mask
from cephalign.prep.resample import resample
from cephalign.simulate.pair import simulated_pair


def everywhere(fixed):
    return Volume(np.ones(fixed.grid.shape, dtype=bool), fixed.grid)


@pytest.fixture(scope="module")
def scans(preset):
    """A scan, its copy on another's grid, and how the copy lies."""
    thin = {"matrix": (64, 64), "spacing_mm": (3.5, 3.5), "slices": (26, 26)}
    pair = simulated_pair(np.random.default_rng(72), preset(t1=thin, ct=thin))
    moving_from_fixed = Rigid.from_euler((8, -6, 10), (4, -5, 3), pair.fixed.grid.centre)
    return pair.fixed, resample(pair.fixed, pair.moving.grid, moving_from_fixed.inverse()), moving_from_fixed


def test_finds_its_way_back(scans):
    fixed, moving, truth = scans
    mask = head_mask(fixed)
    points = (
        np.argwhere(mask.data)[::50] @ mask.grid.world_from_voxel[:3, :3].T
        + mask.grid.world_from_voxel[:3, 3]
    )
    found = mean_squares(fixed, moving, Rigid.identity(), everywhere(fixed))
    assert Rigid.identity().distance(truth, points).mean() > 8
    assert found.distance(truth, points).mean() < 0.5


def test_keeps_the_start_where_nothing_overlaps(scans):
    fixed, moving, _ = scans
    far = Rigid.from_euler((0, 0, 0), (900, 0, 0))
    assert mean_squares(fixed, moving, far, everywhere(fixed)) == far


def test_what_is_not_seen_is_not_compared(scans):
    fixed, moving, truth = scans
    data, seen = fixed.data.copy(), np.zeros(fixed.grid.shape, dtype=bool)
    seen[:, :, 5:-5] = True
    data[~seen] = 0
    blind = Volume(data, fixed.grid, fixed.modality)
    points = apply_affine(fixed.grid.world_from_voxel, np.argwhere(seen)[::900].astype(float))

    def off(mask):
        found = mean_squares(blind, moving, Rigid.identity(), Volume(mask, fixed.grid))
        return found.distance(truth, points).mean()

    assert off(seen) < 0.3 * off(np.ones_like(seen))
