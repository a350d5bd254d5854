"""The pose start: shapes, and an oracle in the place of the network."""

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from cephalign.errors import InputError
from cephalign.geometry import Grid, Rigid, Volume
from cephalign.geometry.grid import apply_affine
from cephalign.models.card import Card
from cephalign.models.pose.locate import APART_DEG, Locator
from cephalign.models.pose.orientation import Orientation, OrientationConfig, OrientationNetwork
from cephalign.models.weights import load_weights, save_weights
from cephalign.prep.coarse import FoundHead
from cephalign.prep.head import head_mask

SMALL_ORIENTATION = OrientationConfig(filters=(8, 8, 16), hidden=16)


def test_orientation_says_rotations():
    torch.manual_seed(0)
    said = OrientationNetwork(SMALL_ORIENTATION)(torch.rand(5, 3, 16, 16, 16))
    assert said.upright.shape == (5,)
    assert said.centre_mm.shape == (5, 3)
    products = said.head_from_cube @ said.head_from_cube.transpose(1, 2)
    np.testing.assert_allclose(products.detach().numpy(), np.broadcast_to(np.eye(3), (5, 3, 3)), atol=1e-5)
    np.testing.assert_allclose(torch.linalg.det(said.head_from_cube).detach().numpy(), 1, atol=1e-5)


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
    """Stands for the network: it is told where each cube lies, and says what is true of it, nearly."""

    def __init__(self, head_from_scan, monkeypatch):
        self.head_from_scan, self.grids = head_from_scan, []
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


def test_a_network_that_knows_leads_to_the_pose(monkeypatch):
    volume, scan_from_head = a_head()
    oracle = Oracle(scan_from_head.inverse(), monkeypatch)
    locator = Locator(OrientationNetwork(SMALL_ORIENTATION))
    monkeypatch.setattr(locator.orientation, "forward", oracle.orientation)
    guesses = locator.locate(volume, head_mask(volume))
    points = scan_from_head.map(np.random.default_rng(3).normal(0, 60, (50, 3)))
    assert guesses[0].distance(scan_from_head.inverse(), points).max() < 1e-3


def test_guesses_are_clearly_different_and_the_same_every_time(with_threads):
    torch.manual_seed(4)
    locator = Locator(OrientationNetwork(SMALL_ORIENTATION))
    volume, _ = a_head()
    mask = head_mask(volume)
    one, two = (with_threads(threads, lambda: locator.locate(volume, mask)) for threads in (1, 2))
    assert one == two
    for n, guess in enumerate(one):
        for other in one[:n]:
            assert (guess @ ~other).angle_deg > APART_DEG


def test_weights_become_the_network_again(tmp_path):
    torch.manual_seed(5)
    network = OrientationNetwork(SMALL_ORIENTATION)
    file = tmp_path / "orientation.safetensors"
    save_weights(file, network, Card("orientation", "orientation", config=vars(network.config)))
    volume, _ = a_head()
    mask = head_mask(volume)
    assert Locator.of(load_weights(file)).locate(volume, mask) == Locator(network.eval()).locate(volume, mask)
    save_weights(file, network, Card("features", "features", config={}))
    with pytest.raises(InputError, match="weights of another network"):
        Locator.of(load_weights(file))
