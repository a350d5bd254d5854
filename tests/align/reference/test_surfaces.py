"""Surfaces of one head lie together, those of two do not, and what a scan cuts off is no surface."""

import numpy as np
import pytest

from cephalign.align.reference.surfaces import Surface, surface_gap
from cephalign.align.scan import prepare
from cephalign.geometry import Grid, Rigid, Volume
from cephalign.geometry.grid import apply_affine


def ellipsoid(axes_mm, motion, slices=40):
    """A scan of a bright ellipsoid; `motion` takes its own frame to the scan's world."""
    matrix = motion.matrix @ Rigid.from_euler((4, -7, 10)).matrix @ np.diag([-2.6, 2.5, 3.0, 1.0])
    matrix[:3, 3] = motion.map((95.0, -115.0, -60.0))
    grid = Grid((78, 92, slices), matrix)
    points = (~motion).map(apply_affine(grid.world_from_voxel, np.moveaxis(np.indices(grid.shape), 0, -1)))
    radius = np.linalg.norm(points / axes_mm, axis=-1)
    return Surface.of(prepare(Volume((900 / (1 + np.exp(40 * (radius - 1)))).astype(np.float32), grid)))


AXES_MM = np.array([70.0, 88.0, 75.0])
MOTION = Rigid.from_euler((5, 12, -8), (30, -20, 45))


@pytest.fixture(scope="module")
def fixed():
    return ellipsoid(AXES_MM, Rigid.from_euler((0, 0, 0), (12, 31, -8)))


@pytest.fixture(scope="module")
def moving_from_fixed():
    return MOTION @ Rigid.from_euler((0, 0, 0), (-12, -31, 8))


def test_one_head_is_one_surface_within_a_voxel(fixed, moving_from_fixed):
    moving = ellipsoid(AXES_MM, MOTION, slices=34)  # cut off sooner
    assert surface_gap(fixed, moving, moving_from_fixed) < 2.0


def test_a_larger_head_and_one_of_another_shape_show(fixed, moving_from_fixed):
    for axes in (AXES_MM + 6, AXES_MM + np.array([9, -9, 0])):
        assert surface_gap(fixed, ellipsoid(axes, MOTION), moving_from_fixed) > 4.0


def test_exchange_changes_nothing(fixed, moving_from_fixed):
    moving = ellipsoid(AXES_MM + np.array([4, -3, 0]), MOTION)
    assert surface_gap(fixed, moving, moving_from_fixed) == pytest.approx(
        surface_gap(moving, fixed, ~moving_from_fixed)
    )


def test_surfaces_that_do_not_meet(fixed):
    beyond = Rigid.from_euler((0, 0, 0), (900, 0, 0))
    assert surface_gap(fixed, ellipsoid(AXES_MM, MOTION), beyond) == np.inf
