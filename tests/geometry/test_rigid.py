import dataclasses

import nibabel as nib
import numpy as np
import pytest
import SimpleITK
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from cephalign.errors import GeometryError
from cephalign.geometry import Rigid

rigid = st.from_type(Rigid)
mm = st.floats(-300, 300)
points = st.tuples(mm, mm, mm)
angle = st.floats(-180, 180)

HEAD = np.array([[-70.0, 12, 33], [80, -95, 4], [3, 60, -110], [0.5, -0.25, 0.125]])
CENTRE = (-12.0, 31.0, 8.5)
SHIFT = (4.0, -7.0, 11.0)


def assert_same(a, b, mm=1e-9):
    assert a.distance(b, HEAD).max() < mm


@given(rigid, rigid, points)
def test_compose_maps_right_to_left(a_from_b, b_from_c, point):
    np.testing.assert_allclose((a_from_b @ b_from_c).map(point), a_from_b.map(b_from_c.map(point)), atol=1e-9)


@given(rigid, points)
def test_inverse_brings_back(moving_from_fixed, point):
    fixed_from_moving = moving_from_fixed.inverse()
    np.testing.assert_allclose(fixed_from_moving.map(moving_from_fixed.map(point)), point, atol=1e-9)
    assert_same(moving_from_fixed @ ~moving_from_fixed, Rigid.identity())


@given(rigid, points, points)
def test_distances_are_kept(transform, one, other):
    before = np.linalg.norm(np.subtract(one, other))
    after = np.linalg.norm(transform.map(one) - transform.map(other))
    assert after == pytest.approx(before, abs=1e-9)


@given(rigid, points)
def test_round_trips_about_any_centre(transform, centre):
    shift = transform.map(centre) - centre
    assert_same(Rigid.from_euler(transform.euler(), shift, centre), transform, mm=1e-4)
    assert_same(Rigid.from_quaternion(transform.quaternion(), shift, centre), transform)
    assert_same(Rigid.from_axis_angle(*transform.axis_angle(), shift, centre), transform)
    assert_same(Rigid.from_parameters(transform.parameters(centre), centre), transform)


@given(angle, angle, st.sampled_from([90, -90]), st.sampled_from([0, 1e-12, 1e-9, 1e-7, 1e-4, 1e-2]))
def test_gimbal_lock(x, z, y, off_deg):
    transform = Rigid.from_euler((x, y - np.copysign(off_deg, y), z), SHIFT, CENTRE)
    assert_same(Rigid.from_euler(transform.euler(), transform.translation), transform, mm=1e-4)


@given(points, st.sampled_from([180, -180, 180 - 1e-7, 1e-7, 0]))
def test_half_turns_and_tiny_turns(axis, angle_deg):
    assume(np.linalg.norm(axis) > 1)
    transform = Rigid.from_axis_angle(axis, angle_deg, SHIFT, CENTRE)
    assert transform.angle_deg == pytest.approx(abs(angle_deg), abs=1e-6)
    assert_same(Rigid.from_axis_angle(*transform.axis_angle(), transform.translation), transform)
    assert_same(Rigid.from_quaternion(transform.quaternion(), transform.translation), transform)
    assert_same(Rigid.from_parameters(transform.parameters(CENTRE), CENTRE), transform)


@given(rigid)
def test_ranges_of_angles(transform):
    x, y, z = transform.euler()
    assert -180 <= x <= 180 and -90 <= y <= 90 and -180 <= z <= 180
    assert transform.quaternion()[3] >= 0
    axis, angle_deg = transform.axis_angle()
    assert np.linalg.norm(axis) == pytest.approx(1)
    assert 0 <= angle_deg <= 180 + 1e-9


@pytest.mark.parametrize(
    "transform",
    [
        Rigid.from_euler((20, -35, 110), centre=CENTRE),
        Rigid.from_quaternion((0.3, -0.2, 0.7, -2), centre=CENTRE),
        Rigid.from_axis_angle((1, 5, -2), 77, centre=CENTRE),
        Rigid.from_parameters((0.3, -1.2, 0.4, 0, 0, 0), CENTRE),
    ],
)
def test_a_turn_leaves_its_centre(transform):
    np.testing.assert_allclose(transform.map(CENTRE), CENTRE, atol=1e-12)
    np.testing.assert_allclose((transform.translation != 0), True)


def test_translation_is_where_the_centre_goes():
    for transform in (
        Rigid.from_euler((20, -35, 110), SHIFT, CENTRE),
        Rigid.from_parameters((0.3, -1.2, 0.4, *SHIFT), CENTRE),
    ):
        np.testing.assert_allclose(transform.map(CENTRE), np.add(CENTRE, SHIFT), atol=1e-12)


def test_displacement_of_a_turn_is_the_chord():
    quarter = Rigid.from_axis_angle((0, 0, 3), 90, centre=(10, 20, 0))
    np.testing.assert_allclose(quarter.map((15, 20, -40)), (10, 25, -40), atol=1e-12)
    np.testing.assert_allclose(
        quarter.displacement([(15, 20, -40), (10, 20, 99)]), (5 * 2**0.5, 0), atol=1e-12
    )
    assert quarter.displacement(np.zeros((2, 3, 3))).shape == (2, 3)


def test_distance_is_that_of_the_mapped_points():
    one, other = Rigid.from_euler((1, 2, 3), SHIFT), Rigid.from_euler((1, 2, 3), np.add(SHIFT, (3, 0, -4)))
    np.testing.assert_allclose(one.distance(other, HEAD), 5)
    np.testing.assert_array_equal(one.distance(other, HEAD), other.distance(one, HEAD))


@given(angle, angle, angle)
def test_euler_angles_are_those_of_itk(x, y, z):
    """ITK's ComputeZYX turns about x, then y, then z, which are fixed axes, as we do."""
    itk = SimpleITK.Euler3DTransform()
    itk.SetComputeZYX(True)
    itk.SetCenter(CENTRE)
    itk.SetRotation(*np.deg2rad([x, y, z]))
    itk.SetTranslation(SHIFT)
    ours = Rigid.from_euler((x, y, z), SHIFT, CENTRE)
    np.testing.assert_allclose(ours.map(HEAD), [itk.TransformPoint(p.tolist()) for p in HEAD], atol=1e-10)


@given(angle, angle, angle)
def test_euler_angles_are_those_of_scipy(x, y, z):
    rotation = Rotation.from_euler("z", z, degrees=True)
    rotation *= Rotation.from_euler("y", y, degrees=True) * Rotation.from_euler("x", x, degrees=True)
    np.testing.assert_allclose(Rigid.from_euler((x, y, z)).rotation, rotation.as_matrix(), atol=1e-14)


@given(points, angle)
def test_axis_and_angle_are_those_of_itk(axis, angle_deg):
    assume(np.linalg.norm(axis) > 1)
    itk = SimpleITK.VersorRigid3DTransform()
    itk.SetCenter(CENTRE)
    itk.SetRotation(axis, np.deg2rad(angle_deg))
    itk.SetTranslation(SHIFT)
    ours = Rigid.from_axis_angle(axis, angle_deg, SHIFT, CENTRE)
    np.testing.assert_allclose(ours.map(HEAD), [itk.TransformPoint(p.tolist()) for p in HEAD], atol=1e-6)


@given(rigid)
def test_quaternions_are_those_of_nibabel(transform):
    x, y, z, w = transform.quaternion()
    np.testing.assert_allclose(nib.quaternions.quat2mat([w, x, y, z]), transform.rotation, atol=1e-12)


def with_linear(linear, translation=SHIFT):
    return nib.affines.from_matvec(linear, translation)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (with_linear([[1, 0.01, 0], [0, 1, 0], [0, 0, 1]]), "not rigid.*shear"),
        (with_linear(np.diag([1.001, 1, 1])), "not rigid.*scaling"),
        (with_linear(np.diag([2, 2, 2])), "not rigid"),
        (with_linear(np.zeros((3, 3))), "not rigid"),
        (with_linear(np.diag([-1, 1, 1])), "reflection"),
        (with_linear(-Rigid.from_euler((10, 20, 30)).rotation), "reflection"),
        (with_linear(np.eye(3), (0, np.nan, 0)), "NaN"),
        (with_linear(np.eye(3), (np.inf, 0, 0)), "infinity"),
        (np.vstack([np.eye(4)[:3], [0, 0, 0.1, 1]]), "last row"),
        (np.eye(3), "4 x 4"),
    ],
)
def test_refused(matrix, message):
    with pytest.raises(GeometryError, match=message):
        Rigid(matrix)


@pytest.mark.parametrize(
    "build",
    [
        lambda: Rigid.from_quaternion((0, 0, 0, 0)),
        lambda: Rigid.from_quaternion((np.nan, 0, 0, 1)),
        lambda: Rigid.from_axis_angle((0, 0, 0), 30),
        lambda: Rigid.from_axis_angle((np.nan, 0, 1), 30),
        lambda: Rigid.from_axis_angle((0, 0, 1), np.nan),
        lambda: Rigid.from_euler((np.nan, 0, 0)),
        lambda: Rigid.from_parameters((0, 0, 0, 0, np.nan, 0), CENTRE),
        lambda: Rigid.from_rotation(np.diag([1, 1, -1])),
    ],
)
def test_builders_refuse_what_turns_nothing(build):
    with pytest.raises(GeometryError):
        build()


def test_rounded_digits_are_made_rigid_again():
    exact = Rigid.from_euler((11, -23, 47), SHIFT, CENTRE)
    read = Rigid(exact.matrix.round(6))
    np.testing.assert_allclose(read.rotation.T @ read.rotation, np.eye(3), atol=1e-15)
    assert_same(read, exact, mm=5e-4)


def test_what_is_rigid_is_kept_to_the_last_bit():
    exact = Rigid.from_euler((11, -23, 47), SHIFT, CENTRE)
    assert Rigid(exact.matrix.copy()) == exact
    assert hash(Rigid(exact.matrix.copy())) == hash(exact)
    assert exact != exact.inverse()


def test_frozen():
    given = np.eye(4)
    transform = Rigid(given)
    given[0, 3] = 99
    assert transform == Rigid.identity()
    with pytest.raises(ValueError, match="read-only"):
        transform.rotation[0, 0] = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        transform.matrix = given
