"""Starts by principal axes: proper turns, frames that belong to the head and not to its grid."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from cephalign.align.scan import prepare
from cephalign.align.symmetry import (
    axis_turns,
    head_frame,
    header_candidates,
    symmetry_candidates,
    turned_candidates,
)
from cephalign.geometry import Grid, Rigid, Volume
from cephalign.prep.resample import resample


def angle_deg(rotation):
    return np.rad2deg(Rotation.from_matrix(rotation).magnitude())


@pytest.fixture(scope="module")
def head(pair):
    return prepare(pair.fixed)


def test_turns_are_the_24_proper_ones():
    turns = axis_turns()
    assert turns.shape == (24, 3, 3)
    np.testing.assert_array_equal(turns[0], np.eye(3))
    np.testing.assert_allclose(np.linalg.det(turns), 1)
    assert np.isin(turns, (-1, 0, 1)).all()
    assert len({turn.tobytes() for turn in turns + 0.0}) == 24
    # A group: two turns make a third.
    assert {(a @ b + 0.0).tobytes() for a in turns for b in turns} == {t.tobytes() for t in turns + 0.0}


def test_frame_is_right_handed_with_its_axes_near_the_worlds(head):
    frame = head_frame(head)
    assert angle_deg(frame.rotation) < 63  # the farthest that any frame is from the nearest of 24 turns
    np.testing.assert_allclose(frame.map((0, 0, 0)), head.centre)
    inertia = (head.body - head.centre).T @ (head.body - head.centre)
    along = frame.rotation.T @ inertia @ frame.rotation
    off = along - np.diag(np.diag(along))
    assert np.abs(off).max() < 1e-6 * np.abs(along).max()


@pytest.mark.parametrize("flip", [(0,), (1,), (0, 1), (0, 1, 2)])
def test_the_order_of_voxels_does_not_matter(pair, head, flip):
    """The same voxels counted from the other end: LAS, RPS, LPS of one scan, left- and right-handed."""
    grid = pair.fixed.grid
    from_end = np.eye(4)
    for axis in flip:
        from_end[axis, axis], from_end[axis, 3] = -1, grid.shape[axis] - 1
    flipped = Volume(np.flip(pair.fixed.data, flip), Grid(grid.shape, grid.world_from_voxel @ from_end))
    one, other = head_frame(head), head_frame(prepare(flipped))
    assert one.distance(other, head.body[::97]).max() < 0.1


def test_axes_in_another_order_do_not_matter(pair, head):
    grid = pair.fixed.grid
    swapped = Volume(
        pair.fixed.data.transpose(2, 0, 1),
        Grid((grid.shape[2], *grid.shape[:2]), grid.world_from_voxel @ np.eye(4)[:, [2, 0, 1, 3]]),
    )
    assert head_frame(head).distance(head_frame(prepare(swapped)), head.body[::97]).max() < 0.1


def larger_grid(volume, turn_deg, spacing=3.0):
    """An oblique isotropic grid that holds all of a scan, however turned."""
    side = int(np.linalg.norm(volume.grid.extent) / spacing) + 1
    matrix = np.eye(4)
    matrix[:3, :3] = Rigid.from_euler(turn_deg).rotation @ np.diag([-spacing, spacing, spacing])
    matrix[:3, 3] = volume.grid.centre - matrix[:3, :3] @ np.full(3, (side - 1) / 2)
    return Grid((side,) * 3, matrix)


def test_an_oblique_grid_does_not_matter(pair, head):
    oblique = resample(pair.fixed, larger_grid(pair.fixed, (20, -15, 30)))
    one, other = head_frame(head), head_frame(prepare(oblique))
    assert angle_deg((one.inverse() @ other).rotation) < 3
    assert np.linalg.norm(one.translation - other.translation) < 2


@pytest.mark.parametrize("turn_deg", [(10, -5, 20), (90, 0, 0), (0, 170, 30), (120, 60, -140)])
def test_one_candidate_recovers_a_turn(pair, head, turn_deg):
    truth = Rigid.from_euler(turn_deg, (40, -25, 60), head.centre)
    grid = larger_grid(pair.fixed, (5, 10, -15))
    grid = Grid(grid.shape, Rigid.from_euler((0, 0, 0), (40, -25, 60)).matrix @ grid.world_from_voxel)
    turned = prepare(resample(pair.fixed, grid, truth.inverse()))
    candidates = symmetry_candidates(head, turned)
    assert len(candidates) == 24
    angles = [angle_deg((truth.inverse() @ candidate).rotation) for candidate in candidates]
    best = candidates[int(np.argmin(angles))]
    assert min(angles) < 3
    assert truth.distance(best, head.centre) < 2
    assert sum(angle < 40 for angle in angles) == 1


def test_all_candidates_lay_the_heads_together(scans):
    for candidate in (*symmetry_candidates(*scans), *header_candidates(*scans)[1:]):
        np.testing.assert_allclose(candidate.map(scans[0].centre), scans[1].centre, atol=1e-6)


def test_headers_come_first_as_they_are(scans):
    first, *others = header_candidates(*scans)
    assert first == Rigid.identity()
    assert min(angle_deg(other.rotation) for other in others) < 1e-6


def test_no_orientation_is_far_from_a_candidate(scans):
    rotations = Rotation.from_matrix([c.rotation for c in turned_candidates(*scans)])
    assert len(rotations) == 60
    for turn in Rotation.random(500, random_state=5):
        assert np.rad2deg((turn.inv() * rotations).magnitude()).min() < 45
