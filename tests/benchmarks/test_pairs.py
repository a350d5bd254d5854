"""The pairs with known motion: the truth is true, no header tells it, and a seed gives the same again."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from benchmarks.pairs import CT_SHAPE, Pair, head_points, recontrasted_pair, remap_contrast
from cephalign.geometry import Grid, Volume

# Points of the scan's anatomy, in mm from the middle of the grid along its axes, far from its faces.
LANDMARKS_MM = np.array([[-40.0, -30, -20], [45, -20, 15], [10, 50, -5], [-35, 35, 22]])
BLOB_MM = 5.0


@pytest.fixture(scope="module")
def scan() -> Volume:
    """Four round blobs on an oblique, left-handed grid of thick slices, away from the origin."""
    turned = Rotation.from_euler("xyz", [8, -5, 12], degrees=True).as_matrix()
    matrix = np.eye(4)
    matrix[:3, :3] = turned @ np.diag([-1.3, 1.3, 3.1])
    matrix[:3, 3] = [35, -60, 110]
    grid = Grid((120, 130, 34), matrix)
    world = np.moveaxis(np.indices(grid.shape), 0, -1) @ matrix[:3, :3].T + matrix[:3, 3]
    data = sum(np.exp(-((world - point) ** 2).sum(-1) / (2 * BLOB_MM**2)) for point in world_landmarks(grid))
    return Volume((900 * data).astype(np.int16), grid)


def world_landmarks(grid: Grid) -> np.ndarray:
    return grid.centre + LANDMARKS_MM @ grid.directions.T


@pytest.fixture(scope="module")
def pair(scan: Volume) -> Pair:
    return recontrasted_pair(scan, 4)


def centre_of_blob(volume: Volume, near: np.ndarray, radius_mm: float = 14.0) -> np.ndarray:
    """Return the middle of what is brighter than the noise around a point: round blobs stay round."""
    matrix = volume.grid.world_from_voxel
    world = np.moveaxis(np.indices(volume.grid.shape), 0, -1) @ matrix[:3, :3].T + matrix[:3, 3]
    weight = volume.data * (volume.data > 100) * (((world - near) ** 2).sum(-1) < radius_mm**2)
    return (world * weight[..., None]).sum((0, 1, 2)) / weight.sum()


def test_a_landmark_goes_where_the_truth_says(scan: Volume, pair: Pair) -> None:
    for point in world_landmarks(scan.grid):
        expected = pair.moving_from_fixed.map(point)
        assert np.linalg.norm(centre_of_blob(pair.moving, expected) - expected) < 0.25
        # The opposite direction, and no motion at all, are elsewhere.
        assert np.linalg.norm(pair.moving_from_fixed.inverse().map(point) - expected) > 5
        assert np.linalg.norm(point - expected) > 5


def test_headers_do_not_tell_the_motion(scan: Volume, pair: Pair) -> None:
    other = recontrasted_pair(scan, 5)
    assert pair.moving.grid == other.moving.grid
    assert pair.moving.grid.shape == CT_SHAPE
    np.testing.assert_allclose(pair.moving.grid.centre, scan.grid.centre, atol=1e-9)
    assert pair.fixed is scan
    assert pair.moving_from_fixed.distance(other.moving_from_fixed, pair.points).mean() > 5


def test_a_seed_gives_the_same_pair_again(scan: Volume, pair: Pair) -> None:
    again = recontrasted_pair(scan, 4)
    assert np.array_equal(again.moving.data, pair.moving.data)
    assert again.moving_from_fixed == pair.moving_from_fixed
    assert np.array_equal(again.points, pair.points)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_contrast_rises_falls_and_rises_again(seed: int) -> None:
    ramp = np.linspace(0, 1500, 4001).reshape(1, 1, -1)
    curve = remap_contrast(ramp, np.random.default_rng(seed)).ravel()
    slopes = np.sign(np.diff(curve[:3900]))
    turns = slopes[slopes != 0]
    assert (np.diff(turns) != 0).sum() >= 3
    # No intensity tells by itself which one it was.
    assert np.corrcoef(ramp.ravel(), curve)[0, 1] < 0.5


def test_head_points_lie_in_the_bright_part(scan: Volume) -> None:
    """The largest connected part: one blob, since the blobs do not touch."""
    points = head_points(scan, 200)
    nearest = np.linalg.norm(points[:, None] - world_landmarks(scan.grid), axis=-1)
    assert points.shape == (200, 3)
    assert len(set(nearest.argmin(1))) == 1
    assert nearest.min(1).max() < 4 * BLOB_MM


def test_real_pair_covers_the_head(data_dir) -> None:
    from benchmarks.pairs import rire_t1

    points = head_points(rire_t1(data_dir))
    extent = np.ptp(points, axis=0)
    assert np.all(extent > [130, 180, 95])
    assert np.all(extent < [200, 260, 110])
