"""Mutual information: its value against an independent one, its slopes against its values."""

import numpy as np
import pytest
from scipy import ndimage

from cephalign.align.image import level_image, splined
from cephalign.align.information import PARZEN_SIGMA_BINS, MutualInformation
from cephalign.align.levels import FAR, NEAR, compare
from cephalign.align.view import ROW, Side
from cephalign.geometry import Grid, Rigid, Volume
from cephalign.geometry.grid import apply_affine

BINS = 24


def side_of(volume, points, *, cubic=True, rank_share=0.0):
    image = level_image(volume)
    return Side.of(splined(image) if cubic else image, points, BINS, rank_share)


@pytest.fixture(scope="module")
def smooth():
    """Two smooth scans, of different contrast, on askew grids, compared at points far from their borders."""

    def grid(turn_deg, spacing, shift):
        shape = tuple(round(160 / mm) for mm in spacing)
        matrix = Rigid.from_euler(turn_deg, shift).matrix.copy()
        matrix[:3, :3] *= spacing
        matrix[:3, 3] -= matrix[:3, :3] @ ((np.array(shape) - 1) / 2)
        return Grid(shape, matrix)

    def seen(xyz, phase):
        x, y, z = np.moveaxis(xyz, -1, 0)
        return np.sin(x / 13 + phase) + np.cos(y / 17 - phase) * np.sin(z / 19 + 1) + 0.01 * (x + y - z)

    moving_from_fixed = Rigid.from_euler((12, -20, 8), (25, -14, 40))
    grids = grid((10, 5, -8), (4, 3, 5), (6, -4, 9)), grid((-6, 11, 15), (3, 5, 4), (30, -10, 45))
    spots = np.random.default_rng(3).uniform(-38, 38, (2 * ROW, 3))
    sides = []  # each a scan and its points
    for which, (g, pose) in enumerate(
        zip(grids, (Rigid.identity(), moving_from_fixed.inverse()), strict=True)
    ):
        world = apply_affine(g.world_from_voxel, np.moveaxis(np.indices(g.shape), 0, -1))
        data = seen(pose.map(world), 0.3)
        data = np.cos(1.3 * data) if which else data
        points = spots if which == 0 else moving_from_fixed.map(spots)
        sides.append((Volume(data.astype(np.float32), g), points))
    return (*sides, moving_from_fixed)


def compared(fixed, moving, **how):
    sides = (side_of(*fixed, **how), side_of(*moving, **how))
    return MutualInformation(*sides, centre=np.array((5.0, -8.0, 3.0)), radius_mm=60.0)


def near(pose, count=4, seed=1):
    """(count, 4, 4) poses within some degrees and mm of one."""
    rng = np.random.default_rng(seed)
    return np.array(
        [(pose @ Rigid.from_euler(rng.uniform(-5, 5, 3), rng.uniform(-4, 4, 3))).matrix for _ in range(count)]
    )


@pytest.mark.parametrize("rank_share", [0.0, 0.5])
@pytest.mark.parametrize("cubic", [False, True])
def test_gradient_is_the_slope_of_the_value(smooth, cubic, rank_share):
    fixed, moving, truth = smooth
    mi = compared(fixed, moving, cubic=cubic, rank_share=rank_share)
    poses, step = near(truth), 0.05
    at = mi(poses)
    np.testing.assert_allclose(at.overlap, 1, atol=1e-6)  # else points would come and go within a step
    numeric = np.empty((len(poses), 6))
    for parameter in range(6):
        steps = np.zeros((len(poses), 6))
        steps[:, parameter] = step
        ahead, behind = (mi(mi.moved(poses, sign * steps), slopes=False).value for sign in (1, -1))
        numeric[:, parameter] = (ahead - behind) / (2 * step)
    size = np.linalg.norm(numeric, axis=1, keepdims=True)
    assert size.min() > 1e-3
    # Bins and voxels are joined by straight lines: the slope jumps at each joint.
    np.testing.assert_allclose(at.gradient / size, numeric / size, atol=0.02)


def test_gradient_vanishes_at_the_truth(smooth):
    fixed, moving, truth = smooth
    mi = compared(fixed, moving)
    there, beside = mi(truth.matrix[None]), mi(near(truth))
    assert there.value[0] > beside.value.max()
    assert np.linalg.norm(there.gradient) < 0.3 * np.linalg.norm(beside.gradient, axis=1).min()


def test_steps_are_mm_about_where_the_centre_goes(smooth):
    fixed, moving, truth = smooth
    mi = compared(fixed, moving)
    turned, shifted = mi.moved(
        np.array([truth.matrix] * 2), np.array([[0.6, 0, 0, 0, 0, 0], [0, 0, 0, 0, -2, 0]])
    )
    arrival = truth.map(mi.centre)
    expected = Rigid.from_axis_angle((1, 0, 0), np.rad2deg(0.6 / 60), centre=arrival) @ truth
    np.testing.assert_allclose(turned, expected.matrix, atol=1e-12)
    np.testing.assert_allclose(shifted, (Rigid.from_euler((0, 0, 0), (0, -2, 0)) @ truth).matrix, atol=1e-12)


def test_small_steps_stay_rigid(smooth):
    fixed, moving, truth = smooth
    mi = compared(fixed, moving)
    poses = truth.matrix[None]
    for _ in range(500):
        poses = mi.moved(poses, np.array([[0.3, -2.0, 1.1, 0.1, 0.2, -0.3]]))
    np.testing.assert_allclose(poses[0, :3, :3].T @ poses[0, :3, :3], np.eye(3), atol=1e-12)


def test_value_is_that_of_the_definition(smooth):
    """Counted once more, by other means."""
    *smooth, truth = smooth
    fixed, moving = (side_of(*one, cubic=False) for one in smooth)
    pose = Rigid(near(truth, 1)[0])
    histogram = np.zeros((BINS, BINS))
    for at, into, move in ((fixed, moving, pose), (moving, fixed, pose.inverse())):
        pairs = []
        for side, points in ((at, at.points), (into, move.map(at.points))):
            index = apply_affine(side.image.voxel_from_world, points).T
            value = ndimage.map_coordinates(side.image.values.numpy().T, index, order=1)
            value = (value - side.scale.low) / (side.scale.high - side.scale.low) * (BINS - 1)
            pairs.append(np.clip(value, 0, BINS - 1))
        own, other = pairs if at is fixed else pairs[::-1]
        for a, b in np.ndindex(2, 2):
            rows, columns = np.floor(own).astype(int) + a, np.floor(other).astype(int) + b
            weight = np.abs(1 - a - own % 1) * np.abs(1 - b - other % 1)
            np.add.at(histogram, (np.minimum(rows, BINS - 1), np.minimum(columns, BINS - 1)), weight)
    numbers = np.arange(BINS)
    kernel = np.exp(-0.5 * ((numbers[:, None] - numbers) / PARZEN_SIGMA_BINS) ** 2)
    kernel /= kernel.sum(axis=0)
    joint = kernel @ histogram @ kernel.T / histogram.sum()
    expected = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
    definition = (joint * np.log(joint / expected)).sum()
    found = compared(*smooth, cubic=False)(pose.matrix[None])
    assert found.value[0] == pytest.approx(definition, rel=1e-4)


@pytest.mark.parametrize("level", [FAR, NEAR])
def test_many_poses_at_once_are_each_as_alone(scans, pair, level):
    mi = compare(*scans, level)
    poses = near(pair.moving_from_fixed, 5)
    together = mi(poses)
    for n in range(len(poses)):
        alone = mi(poses[n : n + 1])
        for name in ("value", "overlap", "gradient", "curvature"):
            all_of, one = getattr(together, name)[n], getattr(alone, name)[0]
            np.testing.assert_allclose(all_of, one, rtol=1e-6, atol=1e-9, err_msg=name)


def test_exchanging_the_scans_inverts(scans, pair):
    forward, backward = compare(*scans, NEAR), compare(*scans[::-1], NEAR)
    poses = near(pair.moving_from_fixed, 3)
    one, other = forward(poses), backward(np.linalg.inv(poses))
    np.testing.assert_allclose(one.value, other.value, rtol=1e-6)
    np.testing.assert_allclose(one.overlap, other.overlap)


def test_curvature_is_that_of_slopes(scans, pair):
    """The sum of outer products has no negative direction, and no direction of zero in a head."""
    at = compare(*scans, NEAR)(near(pair.moving_from_fixed, 2))
    np.testing.assert_array_equal(at.curvature, at.curvature.transpose(0, 2, 1))
    assert np.linalg.eigvalsh(at.curvature).min() > 0


def test_overlap_is_the_part_of_the_points_inside(smooth):
    fixed, moving, truth = smooth
    mi = compared(fixed, moving)
    away = [Rigid.from_euler((0, 0, 0), (mm, 0, 0)) @ truth for mm in (0, 80, 1000)]
    overlap = mi(np.array([pose.matrix for pose in away])).overlap
    assert overlap[0] == pytest.approx(1)
    assert 0.2 < overlap[1] < 0.8
    assert overlap[2] < 1e-3


def test_nothing_overlaps_and_nothing_breaks(smooth):
    fixed, moving, truth = smooth
    at = compared(fixed, moving)((Rigid.from_euler((0, 0, 0), (1e4, 0, 0)) @ truth).matrix[None])
    assert all(np.isfinite(array).all() for array in (at.value, at.gradient, at.curvature))
    assert abs(at.value[0]) < 1e-6
    assert not at.gradient.any()


def test_units_do_not_matter(smooth):
    fixed, moving, truth = smooth
    poses = near(truth)
    scan, points = moving

    def value(function):
        changed = Volume(function(scan.data), scan.grid)
        return compared(fixed, (changed, points), cubic=False, rank_share=0.5)(poses).value

    plain = value(lambda v: v)
    np.testing.assert_allclose(value(lambda v: 1000 - 350 * v), plain, rtol=2e-3)
    np.testing.assert_allclose(value(lambda v: np.exp(0.7 * v)), plain, rtol=0.1)


def test_one_thread_and_two_give_the_same_bytes(scans, pair, with_threads):
    poses = near(pair.moving_from_fixed, 3)

    def evaluated():
        at = compare(*scans, NEAR)(poses)
        return b"".join(a.tobytes() for a in (at.value, at.overlap, at.gradient, at.curvature))

    assert with_threads(1, evaluated) == with_threads(2, evaluated) == with_threads(3, evaluated)
