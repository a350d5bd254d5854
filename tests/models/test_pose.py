"""The pose start: fits against SciPy, shapes, and an oracle in the place of the networks."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from cephalign.errors import InputError
from cephalign.geometry import Grid, Rigid, Volume
from cephalign.geometry.grid import apply_affine
from cephalign.models.pose.coordinates import (
    Coordinates,
    CoordinatesConfig,
    CoordinatesNetwork,
    cell_centres,
    cell_means,
)
from cephalign.models.pose.fit import rigid_fit
from cephalign.models.pose.locate import APART_DEG, Locator
from cephalign.models.pose.orientation import Orientation, OrientationConfig, OrientationNetwork
from cephalign.models.weights import Card, load_weights, save_weights
from cephalign.prep.coarse import FoundHead
from cephalign.prep.head import head_mask

SMALL_ORIENTATION = OrientationConfig(filters=(8, 8, 16), hidden=16)
SMALL_COORDINATES = CoordinatesConfig(filters=(8, 8, 16))


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(4, 40))
def test_fit_is_scipys(seed, count):
    rng = np.random.default_rng(seed)
    points, weights = rng.normal(0, 50, (count, 3)), rng.uniform(0.1, 2, count)
    truth = Rigid.from_rotation(Rotation.random(rng=rng).as_matrix(), rng.normal(0, 80, 3))
    images = truth.map(points) + rng.normal(0, 3, (count, 3))
    share = weights / weights.sum()
    middles = share @ images, share @ points
    expected, _ = Rotation.align_vectors(images - middles[0], points - middles[1], weights=weights)
    found = rigid_fit(points, images, weights)
    np.testing.assert_allclose(found.rotation, expected.as_matrix(), atol=1e-9)
    np.testing.assert_allclose(found.map(middles[1]), middles[0], atol=1e-9)


def test_fit_never_mirrors():
    points = np.random.default_rng(1).normal(0, 50, (30, 3))
    found = rigid_fit(points, points * [-1, 1, 1], np.ones(30))
    assert np.linalg.det(found.rotation) == pytest.approx(1)


def test_orientation_says_rotations():
    torch.manual_seed(0)
    said = OrientationNetwork(SMALL_ORIENTATION)(torch.rand(5, 3, 16, 16, 16))
    assert said.upright.shape == (5,)
    assert said.centre_mm.shape == (5, 3)
    products = said.head_from_cube @ said.head_from_cube.transpose(1, 2)
    np.testing.assert_allclose(products.detach().numpy(), np.broadcast_to(np.eye(3), (5, 3, 3)), atol=1e-5)
    np.testing.assert_allclose(torch.linalg.det(said.head_from_cube).detach().numpy(), 1, atol=1e-5)


def test_coordinates_are_stated_at_the_cells_centres():
    config = CoordinatesConfig()
    torch.manual_seed(0)
    said = CoordinatesNetwork(SMALL_COORDINATES)(torch.rand(2, 3, 32, 32, 32))
    centres = cell_centres(config)
    assert said.head_mm.shape == (2, *centres.shape)
    assert said.spread_mm.shape == (2, len(centres))
    assert (said.spread_mm > 0).all()
    indices = torch.from_numpy(np.indices((config.side,) * 3)).float()
    np.testing.assert_allclose(cell_means(indices, config).numpy().T, centres, rtol=1e-6)


def a_head():
    """Return an egg, unlike along all axes, on an askew grid, and where it lies."""
    scan_from_head = Rigid.from_euler((30, -50, 100), (40, -15, 25))
    matrix = Rigid.from_euler((5, 10, -8), (0, 0, 0)).matrix.copy()
    spacing = np.array([2.5, 3.0, 4.5])
    shape = tuple(np.ceil(280 / spacing).astype(int).tolist())
    matrix[:3, :3] *= spacing
    matrix[:3, 3] = scan_from_head.translation - matrix[:3, :3] @ ((np.array(shape) - 1) / 2)
    grid = Grid(shape, matrix)
    world = apply_affine(grid.world_from_voxel, np.moveaxis(np.indices(shape), 0, -1))
    x, y, z = np.moveaxis(scan_from_head.inverse().map(world), -1, 0)
    inside = (x / 70) ** 2 + ((y + 10) / 90) ** 2 + ((z - 20) / 80) ** 2 < 1
    noise = np.random.default_rng(2).normal(0, 5, shape)
    return Volume((inside * (300 + y) + noise).astype(np.float32), grid), scan_from_head


class Oracle:
    """Stands for both networks: it is told where each cube lies, and says what is true of it, nearly."""

    def __init__(self, head_from_scan, monkeypatch):
        self.head_from_scan, self.grids, self.looks = head_from_scan, [], 0
        cut = FoundHead.cube

        def remembered(found, *args):
            cube = cut(found, *args)
            self.grids.append(cube.grid)
            return cube

        monkeypatch.setattr(FoundHead, "cube", remembered)

    def orientation(self, cubes):
        said = []
        for grid in self.grids[-len(cubes) :]:
            rotation = self.head_from_scan.rotation @ (grid.world_from_voxel[:3, :3] / grid.spacing)
            upright = -Rotation.from_matrix(rotation).magnitude()
            said.append((upright, rotation, self.head_from_scan.map(grid.centre)))
        return Orientation(*(torch.tensor(np.array(part)) for part in zip(*said, strict=True)))

    def coordinates(self, cubes):
        self.looks += 1
        centres = cell_centres(CoordinatesConfig())
        said, spread = [], []
        for grid in self.grids[-len(cubes) :]:
            said.append(self.head_from_scan.map(apply_affine(grid.world_from_voxel, centres)))
            rotation = self.head_from_scan.rotation @ (grid.world_from_voxel[:3, :3] / grid.spacing)
            spread.append(np.full(len(centres), 5 + 50 * Rotation.from_matrix(rotation).magnitude()))
        return Coordinates(torch.tensor(np.array(said)), torch.tensor(np.array(spread)))


def test_networks_that_know_lead_to_the_pose(monkeypatch):
    volume, scan_from_head = a_head()
    oracle = Oracle(scan_from_head.inverse(), monkeypatch)
    locator = Locator(OrientationNetwork(SMALL_ORIENTATION), CoordinatesNetwork(CoordinatesConfig()))
    monkeypatch.setattr(locator.orientation, "forward", oracle.orientation)
    monkeypatch.setattr(locator.coordinates, "forward", oracle.coordinates)
    guesses = locator.locate(volume, head_mask(volume))
    points = scan_from_head.map(np.random.default_rng(3).normal(0, 60, (50, 3)))
    assert guesses[0].head_from_scan.distance(scan_from_head.inverse(), points).max() < 1e-3
    assert guesses[0].spread_mm == pytest.approx(5, abs=1)
    assert [guess.spread_mm for guess in guesses] == sorted(guess.spread_mm for guess in guesses)


def test_the_first_network_alone_leads_to_the_pose(monkeypatch):
    volume, scan_from_head = a_head()
    oracle = Oracle(scan_from_head.inverse(), monkeypatch)
    locator = Locator(OrientationNetwork(SMALL_ORIENTATION))
    monkeypatch.setattr(locator.orientation, "forward", oracle.orientation)
    guesses = locator.locate(volume, head_mask(volume))
    points = scan_from_head.map(np.random.default_rng(3).normal(0, 60, (50, 3)))
    assert guesses[0].head_from_scan.distance(scan_from_head.inverse(), points).max() < 1e-3
    assert np.isinf(guesses[0].spread_mm)


def test_guesses_are_clearly_different_and_the_same_every_time(with_threads):
    torch.manual_seed(4)
    locator = Locator(OrientationNetwork(SMALL_ORIENTATION), CoordinatesNetwork(SMALL_COORDINATES))
    volume, _ = a_head()
    mask = head_mask(volume)
    one, two = (with_threads(threads, lambda: locator.locate(volume, mask)) for threads in (1, 2))
    assert one == two
    for n, guess in enumerate(one):
        for other in one[:n]:
            turn = (guess.head_from_scan @ ~other.head_from_scan).rotation
            assert np.rad2deg(Rotation.from_matrix(turn).magnitude()) > APART_DEG


def test_weights_become_the_networks_again(tmp_path):
    torch.manual_seed(5)
    networks = OrientationNetwork(SMALL_ORIENTATION), CoordinatesNetwork(SMALL_COORDINATES)
    weights = []
    for name, network in zip(("orientation", "coordinates"), networks, strict=True):
        file = tmp_path / f"{name}.safetensors"
        save_weights(file, network, Card(name, name, config=vars(network.config)))
        weights.append(load_weights(file))
    volume, _ = a_head()
    mask = head_mask(volume)
    before = Locator(*(network.eval() for network in networks)).locate(volume, mask)
    assert Locator.of(*weights).locate(volume, mask) == before
    assert Locator.of(weights[0]).coordinates is None
    with pytest.raises(InputError, match="weights of another network"):
        Locator.of(*weights[::-1])
