"""The paper's foreground: isotropic, one threshold, and a frame that a head's orientation decides."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from cephalign.align.reference.foreground import cloud, isotropic, otsu, reoriented
from cephalign.align.symmetry import principal_frame
from cephalign.errors import InputError
from cephalign.geometry import Grid, Rigid, Volume
from cephalign.geometry.grid import apply_affine

AXES_MM = np.array([30.0, 45.0, 22.0])


@pytest.fixture
def ellipsoid(grid):
    """Return a bright ellipsoid that fits any of the grids, and its true frame."""
    world_from_body = Rigid.from_euler((12, -9, 15), grid.centre + np.array([1.5, -2, 0.5]))
    points = apply_affine(grid.world_from_voxel, np.moveaxis(np.indices(grid.shape), 0, -1))
    radius = np.linalg.norm((~world_from_body).map(points) / (0.45 * AXES_MM), axis=-1)
    return Volume((200 + 700 / (1 + np.exp(30 * (radius - 1)))).astype(np.float32), grid), world_from_body


def test_isotropic_is_in_cubes_from_0_to_1(ellipsoid):
    volume, _ = ellipsoid
    unit = isotropic(volume, 1.5)
    np.testing.assert_allclose(unit.grid.spacing, 1.5)
    np.testing.assert_allclose(unit.grid.centre, volume.grid.centre)
    assert unit.data.min() >= 0
    assert 0.95 < unit.data.max() <= 1


@pytest.mark.parametrize(
    ("value", "said"), [(7, "7 everywhere"), (np.nan, "NaN"), (np.inf, "NaN or infinite")]
)
def test_what_shows_nothing_is_refused(oblique_grid, value, said):
    with pytest.raises(InputError, match=said):
        isotropic(Volume(np.full(oblique_grid.shape, value, np.float32), oblique_grid), 2.0)


def test_otsu_is_the_best_of_all_thresholds():
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(0.2, 0.06, 5000), rng.normal(0.7, 0.1, 3000)]).clip(0, 1)
    levels = np.rint(values * 255)

    def within(level):
        low, high = levels[levels <= level], levels[levels > level]
        return low.var() * low.size + high.var() * high.size

    best = min(range(int(levels.min()), int(levels.max())), key=within)
    assert otsu(values.astype(np.float32)) == pytest.approx(best / 255)


def test_otsu_of_two_values_lies_midway_as_graythresh_has_it():
    """Every level from the lower value to the one below the upper parts them alike; the mean is taken."""
    values = np.array([51 / 255] * 30 + [204 / 255] * 10, dtype=np.float32)
    assert otsu(values) == pytest.approx((51 + 203) / 2 / 255)


def test_frame_is_that_of_the_body_and_moves_with_it(ellipsoid):
    volume, world_from_body = ellipsoid
    found = principal_frame(cloud(isotropic(volume, 1.0)))
    assert np.linalg.norm(found.translation - world_from_body.translation) < 0.5
    assert (~found @ world_from_body).angle_deg < 2
    assert np.linalg.det(found.rotation) == pytest.approx(1)


@pytest.mark.parametrize("angle_deg", [0, 10, 25, 40])
def test_axes_lie_along_the_nearest_world_axes(angle_deg):
    """Whatever order and signs the eigenvectors come in."""
    rng = np.random.default_rng(angle_deg)
    for scale in (AXES_MM, AXES_MM[::-1], AXES_MM[[2, 0, 1]]):
        turn = Rotation.from_rotvec(np.deg2rad(angle_deg) * np.array([0.48, -0.6, 0.64])).as_matrix()
        points = rng.normal(size=(4000, 3))
        points = np.linalg.solve(np.linalg.cholesky(np.cov(points.T)), (points - points.mean(0)).T).T
        frame = principal_frame((points * scale) @ turn.T + (40, -70, 15))
        np.testing.assert_allclose(frame.rotation, turn, atol=1e-6)
        np.testing.assert_allclose(frame.translation, (40, -70, 15), atol=1e-6)


def test_beyond_45_degrees_the_axes_are_mistaken_for_others():
    """The documented limit of the rule, which is why Fig. 7's alignment fails there."""
    points = np.random.default_rng(1).normal(size=(4000, 3)) * AXES_MM
    turn = Rotation.from_rotvec([0, 0, np.deg2rad(80)]).as_matrix()
    before, after = principal_frame(points), principal_frame(points @ turn.T)
    left = before.rotation @ after.rotation.T @ turn
    assert np.rad2deg(Rotation.from_matrix(left).magnitude()) == pytest.approx(90, abs=3)


def test_reoriented_shows_the_whole_scan_around_the_frames_origin(ellipsoid):
    volume, world_from_body = ellipsoid
    unit = isotropic(volume, 1.5)
    shown = reoriented(unit, world_from_body)
    np.testing.assert_allclose(shown.grid.centre, 0, atol=1e-9)
    np.testing.assert_allclose(shown.grid.world_from_voxel[:3, :3], 1.5 * np.eye(3))
    corners = apply_affine(shown.grid.voxel_from_world, (~world_from_body).map(unit.grid.corners))
    assert (corners > -1e-6).all()
    assert (corners < np.array(shown.grid.shape) - 1 + 1e-6).all()
    # The ellipsoid lies along the axes now.
    inside = apply_affine(shown.grid.world_from_voxel, np.argwhere(shown.data > 0.5))
    np.testing.assert_allclose(np.abs(inside).max(axis=0), 0.45 * AXES_MM, atol=2.0)
    assert isinstance(shown.grid, Grid)
