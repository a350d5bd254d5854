"""The real pair: a turned header comes out of the answer again; mutual information knows the right one."""

import numpy as np
import pytest
from scipy import ndimage

from benchmarks.method import Start
from benchmarks.moved import moved_header
from benchmarks.real import STARTS, RealStart
from benchmarks.real_table import mutual_information
from cephalign.geometry import Grid, Rigid, Volume


@pytest.fixture(scope="module")
def scan() -> Volume:
    matrix = np.array([[-0.8, 0, 0, 40], [0, -0.8, 0, -15], [0, 0, 2.5, 70], [0, 0, 0, 1]])
    noise = np.random.default_rng(3).normal(size=(60, 70, 24))
    return Volume(ndimage.gaussian_filter(noise, (4, 4, 1.5)).astype(np.float32), Grid((60, 70, 24), matrix))


def test_a_turned_header_puts_every_voxel_on_the_other_side(scan: Volume) -> None:
    turn = RealStart("half", Start.CENTRES, 180).turned_from_scan(scan)
    moved = moved_header(scan, turn)
    last = np.array(scan.grid.shape) - 1
    np.testing.assert_allclose(moved.grid.centre, scan.grid.centre)
    first_voxel, last_voxel = scan.grid.corners[0], scan.grid.corners[-1]
    # Left is right and top is bottom, front stays front.
    np.testing.assert_allclose(
        moved.grid.corners[0], [last_voxel[0], first_voxel[1], last_voxel[2]], atol=1e-9
    )
    assert np.array_equal(moved.data[tuple(last)], scan.data[tuple(last)])


def test_an_answer_to_the_turned_scan_is_one_to_the_scan(scan: Volume) -> None:
    truth = Rigid.from_euler([4, -7, 12], [3, 5, -2], scan.grid.centre)
    turn = STARTS[-1].turned_from_scan(scan)
    # The anatomy at a world point of the scan lies at turn.map(point) in the turned one.
    answer = turn @ truth
    point = scan.grid.centre + np.array([11.0, -9, 6])
    np.testing.assert_allclose((turn.inverse() @ answer).map(point), truth.map(point))


def test_mutual_information_is_highest_at_the_truth(scan: Volume) -> None:
    inverted = Volume((5 - scan.data) ** 2, scan.grid)
    points = np.random.default_rng(0).uniform(-0.4, 0.4, (5000, 3)) * scan.grid.extent + scan.grid.centre
    at = {
        shift: mutual_information(scan, inverted, Rigid.from_rotation(np.eye(3), [shift, 0, 0]), points)
        for shift in (-2.0, -0.5, 0.0, 0.5, 2.0)
    }
    assert max(at, key=at.get) == 0.0
    assert at[0.0] > at[0.5] > at[2.0] > 0
