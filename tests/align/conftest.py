"""Grids that lie askew, a smooth pattern in space, and one small pair of scans for all."""

import numpy as np
import pytest

from cephalign.align.scan import prepare
from cephalign.geometry import Grid, Rigid, Volume
from cephalign.geometry.grid import apply_affine
from cephalign.simulate.pair import simulated_pair


def _grid(shape, spacing, turn_deg, origin, flips=(1, 1, 1)):
    matrix = np.eye(4)
    matrix[:3, :3] = Rigid.from_euler(turn_deg).rotation @ np.diag(np.array(spacing) * flips)
    matrix[:3, 3] = origin
    return Grid(shape, matrix)


GRIDS = {
    "oblique": _grid((41, 39, 33), (1.1, 1.3, 1.2), (11, -17, 23), (19, -27, 12)),
    "LPS, thick slices": _grid((52, 47, 12), (0.9, 0.9, 4.0), (0, 0, 0), (31, 22, -20), (-1, -1, 1)),
    "left-handed": _grid((37, 31, 40), (1.4, 1.2, 0.8), (-21, 8, 5), (-9, 14, 44), (1, -1, 1)),
}


@pytest.fixture(params=GRIDS)
def grid(request):
    return GRIDS[request.param]


@pytest.fixture
def oblique_grid():
    return GRIDS["oblique"]


@pytest.fixture
def shown():
    """Return a scan of a smooth pattern, which tells each direction from every other, on a grid."""

    def pattern(points):
        x, y, z = np.moveaxis(points, -1, 0)
        return 400 * np.sin(x / 19 + 0.3) + 300 * np.cos(y / 23 - 0.2) * np.sin(z / 31 + 1) + 0.9 * x

    def on(grid):
        points = apply_affine(grid.world_from_voxel, np.moveaxis(np.indices(grid.shape), 0, -1))
        return Volume(pattern(points).astype(np.float32), grid)

    on.at = pattern
    return on


@pytest.fixture(scope="session")
def pair():
    """An MR and a CT of one head, in voxels of some 3 x 3 x 4 mm."""
    rng = np.random.default_rng(70)
    return simulated_pair(rng, "small", angle_deg=25, shift_mm=25, least_angle_deg=10)


@pytest.fixture(scope="session")
def scans(pair):
    return prepare(pair.fixed), prepare(pair.moving)


@pytest.fixture(scope="session")
def head_error(pair, scans):
    """Return the mean distance in mm, over the head, between a pose and the truth of `pair`."""
    body = scans[0].body[::11]
    return lambda pose: float(pose.distance(pair.moving_from_fixed, body).mean())
