"""Fig. 7: heads are cleaned of what is not theirs, and ways are counted by which was better."""

import numpy as np
import pytest

from cephalign.geometry import Grid, Rigid, Volume
from cephalign.simulate.pair import simulated_pair
from cephalign.simulate.presets.preset import HU
from cephalign.study.fig7 import counts, head_only, turned_whole


def test_cleaning_leaves_the_head_and_takes_the_table(preset):
    coarse = {"matrix": (52, 52), "spacing_mm": (5.6, 5.6), "slices": (18, 18), "distance_mm": (6.0, 6.0)}
    with_table = preset(t1=coarse, ct={**coarse, "hardware": {"table": 1.0}, "storages": (HU,)})
    scan = simulated_pair(np.random.default_rng(83), with_table).moving
    clean = head_only(scan)
    assert clean.data.dtype == scan.data.dtype
    middle = tuple(n // 2 for n in scan.grid.shape)
    assert clean.data[middle] == scan.data[middle]
    gone = clean.data != scan.data
    assert (clean.data[gone] == -1000).all()
    # Its shell, of which so thick slices show the half.
    assert (scan.data[gone] > -700).sum() > 50


def test_nothing_is_lost_by_a_turn():
    matrix = np.array([[-2.0, 0.3, 0, 40], [0.3, 2.0, 0.2, -60], [0, -0.1, 5.0, 12], [0, 0, 0, 1]])
    matrix[:3, :3] = np.linalg.qr(matrix[:3, :3])[0] * (2.0, 2.1, 5.0)
    data = np.zeros((30, 28, 12), np.float32)
    data[3:-3, 3:-3, 2:-2] = np.random.default_rng(6).uniform(50, 100, (24, 22, 8))
    scan = Volume(data, Grid(data.shape, matrix))
    motion = Rigid.from_axis_angle((1, 2, -1), 80.0, (30, 0, -4), tuple(scan.grid.centre))
    turned = turned_whole(scan, motion)
    np.testing.assert_allclose(turned.grid.spacing, scan.grid.spacing)
    assert abs(turned.data.sum() / data.sum() - 1) < 0.02
    middle = np.argwhere(turned.data > 40).mean(axis=0)
    world = turned.grid.world_from_voxel[:3, :3] @ middle + turned.grid.world_from_voxel[:3, 3]
    assert np.abs(world - motion.map(scan.grid.centre)).max() < 1.0


@pytest.mark.parametrize(
    ("ends", "counted"),
    [([(8, 3), (5, 5.5), (4, 9)], (1, 1, 1)), ([(90, 60)], (0, 0, 1)), ([(2, 2), (3, 2.5)], (2, 0, 0))],
)
def test_counts_which_way_was_better(ends, counted):
    cells = [{"without": {"end": without}, "with": {"end": aligned}} for without, aligned in ends]
    assert counts(cells) == counted
