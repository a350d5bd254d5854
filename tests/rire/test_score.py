"""Errors against a standard: known shifts give known distances, at the right points."""

import numpy as np
import pytest

from cephalign.errors import InputError
from cephalign.geometry import Grid, Modality, Rigid, Volume
from cephalign.rire.layout import Place
from cephalign.rire.score import find_landmarks, read_landmarks, score

FIXED = Grid((60, 62, 26), np.diag([-3.1, -3.2, 4.0, 1.0]))
MOVING = Grid((70, 66, 29), np.diag([-2.7, -2.9, 4.2, 1.0]))
STANDARD = Rigid.from_euler((3, -5, 8), (7, -4, 9), FIXED.centre)
HEAD = "landmark\tx_ras_mm\ty_ras_mm\tz_ras_mm\n"


@pytest.fixture(scope="module")
def fixed() -> Volume:
    """A bright ball of 70 mm radius, which is enough of a head to find one."""
    points = np.moveaxis(np.indices(FIXED.shape), 0, -1) * [-3.1, -3.2, 4.0]
    ball = np.linalg.norm(points - FIXED.centre, axis=-1) < 70
    noise = np.random.default_rng(4).normal(0, 5, FIXED.shape)
    return Volume((np.where(ball, 500, 0) + np.abs(noise)).astype(np.int16), FIXED, Modality.T1)


def test_a_shift_is_its_length(fixed):
    shifted = Rigid.from_euler((0, 0, 0), (2.0, -1.0, 2.0)) @ STANDARD
    found = score(shifted, STANDARD, fixed, MOVING)
    assert found.points == "head"
    assert found.found == pytest.approx(3.0)
    assert found.corners == pytest.approx(3.0)
    assert found.corners.shape == (8,)


def test_head_points_fill_the_head(fixed):
    """A turn by 2 degrees moves a point by its distance from the axis: up to 70 mm, a mean of 3/16 pi 70."""
    turned = STANDARD @ Rigid.from_euler((0, 0, 2), centre=FIXED.centre)
    found = score(turned, STANDARD, fixed, MOVING)
    radians = np.deg2rad(2)
    assert found.found.shape == (2000,)
    assert found.found.max() == pytest.approx(70 * radians, rel=0.06)
    assert found.found.mean() == pytest.approx(3 / 16 * np.pi * 70 * radians, rel=0.06)
    assert found.corners.max() > found.found.max()


def test_doing_nothing_and_centring(fixed):
    found = score(STANDARD, STANDARD, fixed, MOVING, FIXED.centre[None])
    assert found.found == pytest.approx(0)
    assert found.identity == pytest.approx(np.linalg.norm([7, -4, 9]))
    assert found.centres == pytest.approx(np.linalg.norm(MOVING.centre - FIXED.centre - [7, -4, 9]))


def test_landmarks_out_of_sight_are_left_out(fixed):
    centre = FIXED.centre
    landmarks = centre + np.array([[0, 0, 0], [10, 0, 0], [0, 0, 60]])  # the last lies above the last slice
    found = score(STANDARD, STANDARD, fixed, MOVING, landmarks)
    assert (found.points, len(found.found)) == ("landmarks", 2)
    none_left = score(STANDARD, STANDARD, fixed, MOVING, landmarks[2:])
    assert none_left.points == "head"


def test_landmarks_are_read(tmp_path):
    (tmp_path / "patient_001_mr_T1_landmarks.tsv").write_text(
        HEAD + "left globe\t1.5\t-2\t3e1\nchiasm\t0\t0\t4\n"
    )
    place = Place(tmp_path)
    assert np.array_equal(find_landmarks(place, "patient_001", "mr_T1"), [[1.5, -2, 30], [0, 0, 4]])
    assert find_landmarks(place, "patient_001", "mr_T2") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no table of landmarks"),
        (HEAD, "no table of landmarks"),
        ("name\tx\ty\tz\na\t1\t2\t3\n", "no table of landmarks"),
        (HEAD + "a\t1\t2\n", "3 numbers"),
        (HEAD + "a\t1\t2\tthree\n", "landmark a cannot be read"),
        (HEAD + "a\t1\t2\tnan\n", "finite"),
    ],
)
def test_landmarks_that_are_none(tmp_path, text, said):
    (tmp_path / "mr_T1_landmarks.tsv").write_text(text)
    with pytest.raises(InputError, match=said):
        read_landmarks(tmp_path / "mr_T1_landmarks.tsv")
