"""The grids and motions on which every transform format is tried."""

import numpy as np
import pytest

from cephalign.geometry import Grid, Rigid


def _grid(shape, axes, spacing, origin, turn_deg=(0, 0, 0)):
    world_from_voxel = np.eye(4)
    turn = Rigid.from_euler(turn_deg).rotation
    world_from_voxel[:3, :3] = turn @ np.array(axes).T * spacing
    world_from_voxel[:3, 3] = origin
    return Grid(shape, world_from_voxel)


R, A, S = np.eye(3)
GRIDS = {
    "RAS": _grid((41, 44, 39), (R, A, S), 4.0, (-80, -88, -76)),
    "LAS": _grid((40, 43, 38), (-R, A, S), 4.2, (80, -88, -76)),
    "LPS": _grid((64, 64, 36), (-R, -A, S), (2.7, 2.7, 4.5), (85, 90, -70)),
    "PIR": _grid((38, 42, 45), (-A, -S, R), (4.1, 3.9, 4.3), (90, 80, -85)),
    "oblique": _grid((44, 44, 40), (-R, -A, S), 4.0, (90, 70, -82), (11, -17, 23)),
    "anisotropic": _grid((128, 128, 26), (-R, -A, S), (1.3, 1.3, 6.0), (83, 83, -75), (4, 0, 0)),
    "off-centre": _grid((40, 40, 36), (R, A, S), 4.5, (150, -420, 900)),
}


@pytest.fixture(params=GRIDS)
def fixed(request) -> Grid:
    return GRIDS[request.param]


@pytest.fixture(params=GRIDS)
def moving(request) -> Grid:
    return GRIDS[request.param]


@pytest.fixture
def moving_from_fixed(fixed, moving) -> Rigid:
    """A motion with nothing symmetric in it that takes the fixed head roughly onto the moving one."""
    turn = Rigid.from_euler((9.1, -21.7, 33.3), centre=fixed.centre)
    shift = np.eye(4)
    shift[:3, 3] = moving.centre - fixed.centre + (5.3, -7.9, 11.1)
    return Rigid(shift) @ turn
