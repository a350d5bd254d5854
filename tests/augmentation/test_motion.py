"""What is drawn keeps to its bounds and fills them evenly, and what is done is what was drawn."""

import numpy as np
import pytest
from scipy import stats

from cephalign.augmentation.motion import Motion, draw_motion, moved_copy, no_motion, truth_of_copies
from cephalign.errors import GeometryError
from cephalign.geometry import Modality, Rigid, Volume
from cephalign.geometry.grid import apply_affine
from cephalign.prep.resample import resample

CENTRE = (70.0, -45.0, 130.0)
MOTION = Motion((2.0, -1.0, 2.0), 13.0, (4.0, -3.0, 2.0), CENTRE)
OTHER = Motion((-0.6, 0.0, 0.8), -9.0, (-1.0, 5.0, 3.5), (-20.0, 35.0, 60.0))


def by_hand(motion, points):
    """Move points by the formula of Rodrigues."""
    axis = np.array(motion.axis) / np.linalg.norm(motion.axis)
    angle, arms = np.deg2rad(motion.angle_deg), np.asarray(points) - motion.centre_mm
    along = (arms @ axis)[..., None] * axis
    turned = along + np.cos(angle) * (arms - along) + np.sin(angle) * np.cross(axis, arms)
    return turned + motion.centre_mm + motion.shift_mm


@pytest.fixture(scope="module")
def drawn():
    rng = np.random.default_rng(60)
    return [draw_motion(rng, 15, 5, CENTRE) for _ in range(4000)]


def test_angles_and_shifts_are_uniform_within_their_bounds(drawn):
    angles = np.array([motion.angle_deg for motion in drawn])
    assert stats.kstest(angles, stats.uniform(-15, 30).cdf).pvalue > 0.01
    shifts = np.array([motion.shift_mm for motion in drawn])
    for along in shifts.T:
        assert stats.kstest(along, stats.uniform(-5, 10).cdf).pvalue > 0.01
    assert np.abs(angles).max() <= 15
    assert np.abs(shifts).max() <= 5


def test_axes_are_uniform_on_the_sphere(drawn):
    """Then, and only then, is the part along any direction uniform (Archimedes)."""
    axes = np.array([motion.axis for motion in drawn])
    np.testing.assert_allclose(np.linalg.norm(axes, axis=1), 1)
    for direction in [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1), (1, -1, 0), (-2, 1, 3)]:
        along = axes @ direction / np.linalg.norm(direction)
        assert stats.kstest(along, stats.uniform(-1, 2).cdf).pvalue > 0.01


def test_the_parts_of_a_motion_do_not_depend_on_each_other(drawn):
    table = np.array([[*motion.axis, motion.angle_deg, *motion.shift_mm] for motion in drawn])
    assert np.abs(np.corrcoef(table.T) - np.eye(7)).max() < 0.05


def test_what_was_asked_for_is_what_is_measured(drawn):
    for motion in drawn[:50]:
        rigid = motion.copy_from_original
        assert rigid.angle_deg == pytest.approx(abs(motion.angle_deg))
        np.testing.assert_allclose(rigid.map(CENTRE) - CENTRE, motion.shift_mm, atol=1e-12)
        points = np.array([CENTRE, (0, 0, 0), (110, -90, 15)])
        np.testing.assert_allclose(rigid.map(points), by_hand(motion, points), atol=1e-10)


def test_no_bound_no_motion():
    still = draw_motion(np.random.default_rng(3), 0, 0, CENTRE)
    np.testing.assert_allclose(still.copy_from_original.matrix, np.eye(4), atol=1e-13)
    assert no_motion(CENTRE).copy_from_original == Rigid.identity()


def test_an_axis_without_length_is_refused():
    with pytest.raises(GeometryError, match="no length"):
        Motion((0.0, 0.0, 0.0), 5.0, (0.0, 0.0, 0.0), CENTRE)


def test_a_copy_shows_at_each_point_what_the_original_showed_before(patterned, points, pattern):
    copy = moved_copy(patterned, MOTION)
    here = points(copy.grid)
    before = MOTION.copy_from_original.inverse().map(here)
    np.testing.assert_allclose(by_hand(MOTION, before), here, atol=1e-10)
    index = apply_affine(patterned.grid.voxel_from_world, before)
    inside = ((index >= 0) & (index <= np.array(patterned.grid.shape) - 1)).all(axis=-1)
    assert inside.mean() > 0.5
    off = np.abs(copy.data - pattern(before))[inside]
    # Linear interpolation misses at most h^2/8 of the curvature along each axis: 0.32, 0.41 and 2.5 mm^2.
    assert off.max() < 0.8
    assert np.abs(copy.data - pattern(here))[inside].mean() > 10


def test_a_spot_goes_where_the_motion_takes_it(grid, points):
    """It would go the other way if the transform were used upside down."""
    fine = grid((60, 62, 40), (1.2, 1.1, 1.9))
    spot = np.add(CENTRE, (14, -9, 11))
    apart = np.linalg.norm(points(fine) - spot, axis=-1)
    original = Volume((1000 * np.exp(-((apart / 5) ** 2))).astype(np.float32), fine)
    copy = moved_copy(original, MOTION)
    weight = copy.data.astype(float)
    middle = (points(fine) * weight[..., None]).sum(axis=(0, 1, 2)) / weight.sum()
    np.testing.assert_allclose(middle, by_hand(MOTION, spot), atol=0.05)
    assert np.linalg.norm(middle - spot) > 3


@pytest.mark.parametrize(("modality", "empty"), [(Modality.CT, -1000), (Modality.T2, 0)])
def test_a_copy_keeps_grid_type_and_modality_and_ends_in_empty_space(grid, modality, empty):
    data = np.random.default_rng(4).integers(-900 if empty else 40, 1500, grid().shape).astype(np.int16)
    data[0, 0, 0] = empty
    copy = moved_copy(Volume(data, grid(), modality), MOTION)
    assert copy.grid == grid()
    assert copy.data.dtype == np.int16
    assert copy.modality is modality
    shifted = Motion((1.0, 0.0, 0.0), 0.0, (500.0, 0.0, 0.0), CENTRE)
    assert (moved_copy(Volume(data, grid(), modality), shifted).data == empty).all()
    # Turned corners come from beyond the original.
    assert 0.02 < np.mean(copy.data == empty) < 0.5


def test_the_truth_of_copies_is_the_reference_and_both_motions():
    reference = Rigid.from_euler((8, -30, 170), (25, -60, 11), (5, 6, 7))
    in_fixed = np.random.default_rng(5).uniform(-90, 90, (20, 3))
    in_moving = reference.map(in_fixed)
    truth = truth_of_copies(reference, MOTION, OTHER)
    np.testing.assert_allclose(truth.map(by_hand(MOTION, in_fixed)), by_hand(OTHER, in_moving), atol=1e-10)
    assert truth.distance(reference, in_fixed).min() > 0.5


def test_copies_of_a_pair_agree_through_their_truth(grid, points, pattern):
    """Two scans of one anatomy in two frames are moved apart, and the truth brings them together."""
    reference = Rigid.from_euler((4, 7, -11), (-90, 80, -70), CENTRE)
    fixed_grid, moving_grid = grid(), grid((50, 48, 44), (1.4, 1.5, 1.6), (-6, 20, 3), reference.map(CENTRE))
    fixed = Volume(pattern(points(fixed_grid)).astype(np.float32), fixed_grid)
    moving = Volume(pattern(reference.inverse().map(points(moving_grid))).astype(np.float32), moving_grid)
    turned = Motion(OTHER.axis, OTHER.angle_deg, OTHER.shift_mm, tuple(moving_grid.centre))
    truth = truth_of_copies(reference, MOTION, turned)
    copies = moved_copy(fixed, MOTION), moved_copy(moving, turned)
    back = resample(copies[1], fixed_grid, truth).data
    middle = np.linalg.norm(points(fixed_grid) - CENTRE, axis=-1) < 15
    assert np.abs(back - copies[0].data)[middle].max() < 1.5
    wrong = resample(copies[1], fixed_grid, reference).data
    assert np.abs(wrong - copies[0].data)[middle].mean() > 10
