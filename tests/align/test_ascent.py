"""The climb, on problems whose maximum is known: it gets there, never down, and only where scans overlap."""

from dataclasses import replace

import numpy as np
import pytest

from cephalign.align.ascent import Climb, climb
from cephalign.align.information import Evaluated
from cephalign.align.levels import NEAR, compare
from cephalign.geometry import Rigid

FAR_ENOUGH = Climb(steps=60, enough_mm=1e-5, longest_mm=5.0)
TOP = np.array([3.0, -2.0, 1.0, 7.0, -4.0, 0.5])


class Hill:
    """A stand-in for the mutual information: a function of the first six numbers of each pose's matrix."""

    def __init__(self, overlap=lambda p: 1.0):
        self.overlap, self.seen = overlap, []

    def __call__(self, poses):
        p = poses.reshape(len(poses), 16)[:, :6]
        self.seen.append(p)
        value, gradient, curvature = zip(*(self.at(one) for one in p), strict=True)
        overlap = np.array([self.overlap(one) for one in p])
        return Evaluated(np.array(value), overlap, np.array(gradient), np.array(curvature))

    def moved(self, poses, steps):
        moved = poses.reshape(len(poses), 16).copy()
        moved[:, :6] += steps
        return moved.reshape(-1, 4, 4)


class Bowl(Hill):
    """Quadratic, of curvatures 1 to 400, turned so that no parameter goes alone."""

    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(6, 6)))[0]
    stiffness = turn @ np.diag([1, 3, 10, 40, 150, 400.0]) @ turn.T

    def at(self, p):
        pull = self.stiffness @ (TOP - p)
        return -0.5 * (TOP - p) @ pull, pull, self.stiffness


class Flattened(Bowl):
    """A bowl that flattens out and so bends the other way far from its top; the curvature told is a guess."""

    def at(self, p):
        value, pull, _ = super().at(p)
        return -np.log1p(-value / 300), pull / (300 - value), np.diag(np.diag(self.stiffness)) / 300


def poses_at(*parameters):
    poses = np.tile(np.eye(4), (len(parameters), 1, 1)).reshape(-1, 16)
    poses[:, :6] = parameters
    return poses.reshape(-1, 4, 4)


def parameters_of(poses):
    return poses.reshape(-1, 16)[:, :6]


STARTS = poses_at(TOP, TOP + 1, TOP - [4, 0, -4, 2, 0, 3], TOP - [0, 0, 9, -9, 0, 0])


@pytest.mark.parametrize("hill", [Bowl, Flattened])
def test_it_gets_to_the_top(hill):
    found, values = climb(hill(), STARTS, FAR_ENOUGH)
    np.testing.assert_allclose(parameters_of(found), [TOP] * 4, atol=1e-3)
    np.testing.assert_allclose(values, hill().at(TOP)[0], atol=1e-4)


def test_it_takes_few_steps_where_the_curvature_is_right():
    found, _ = climb(Bowl(), STARTS[1:], Climb(steps=8, enough_mm=1e-5, longest_mm=20))
    np.testing.assert_allclose(parameters_of(found), [TOP] * 3, atol=0.05)


@pytest.mark.parametrize("hill", [Bowl, Flattened])
@pytest.mark.parametrize("steps", [0, 1, 3, 10])
def test_it_never_goes_down_and_says_where_it_is(hill, steps):
    found, values = climb(hill(), STARTS, replace(FAR_ENOUGH, steps=steps))
    assert (values >= hill()(STARTS).value).all()
    np.testing.assert_array_equal(values, hill()(found).value)
    if steps == 0:
        np.testing.assert_array_equal(found, STARTS)


def test_companions_do_not_matter():
    together, _ = climb(Flattened(), STARTS, FAR_ENOUGH)
    for n in range(len(STARTS)):
        alone, _ = climb(Flattened(), STARTS[n : n + 1], FAR_ENOUGH)
        np.testing.assert_allclose(parameters_of(alone)[0], parameters_of(together)[n], atol=1e-9)


def test_starts_are_left_as_they_are():
    before = STARTS.copy()
    climb(Bowl(), STARTS, FAR_ENOUGH)
    np.testing.assert_array_equal(STARTS, before)


def test_no_step_is_longer_than_allowed():
    hill = Bowl()
    climb(hill, poses_at(TOP + 40), Climb(steps=3, enough_mm=1e-5, longest_mm=2.5))
    start, *tried = (seen[0] for seen in hill.seen)
    assert len(tried) == 3
    for n, place in enumerate(tried, 1):
        assert np.linalg.norm(place - start) <= 2.5 * n + 1e-9


def test_it_stops_where_steps_are_short():
    patient, hasty = Flattened(), Flattened()
    climb(patient, STARTS, FAR_ENOUGH)
    climb(hasty, STARTS, Climb(steps=60, enough_mm=0.5, longest_mm=5.0))
    assert len(hasty.seen) < len(patient.seen) < 60


def test_it_does_not_go_where_scans_hardly_overlap():
    """The top lies beyond a wall: it climbs up to the wall and stays on this side of it."""

    def overlap(p):
        return 0.3 if p[0] > TOP[0] + 0.5 else 0.1

    hill = Bowl(overlap)
    found, values = climb(hill, poses_at(TOP + 3), Climb(60, 1e-5, 5.0, least_overlap=0.25))
    assert np.isfinite(values).all()
    assert parameters_of(found)[0, 0] > TOP[0] + 0.5
    assert values[0] > hill.at(TOP + 3)[0]


def test_a_start_that_hardly_overlaps_is_refused():
    hill = Bowl(lambda p: 0.1 if p[0] > TOP[0] + 2 else 1.0)
    starts = poses_at(TOP + 3, TOP + 1)
    found, values = climb(hill, starts, FAR_ENOUGH)
    assert values[0] == -np.inf
    np.testing.assert_array_equal(found[0], starts[0])
    np.testing.assert_allclose(parameters_of(found)[1], TOP, atol=1e-3)


def test_on_a_head(scans, pair, head_error):
    off = [
        Rigid.from_euler((6, -4, 5), (5, 4, -6), scans[0].centre),
        Rigid.from_euler((-5, 5, 8), (0, -8, 3)),
    ]
    starts = [pair.moving_from_fixed @ turn for turn in off]
    assert min(map(head_error, starts)) > 8
    patient = Climb(steps=60, enough_mm=0.01, longest_mm=8)
    found, values = climb(compare(*scans, NEAR), np.array([s.matrix for s in starts]), patient)
    assert max(head_error(Rigid(pose)) for pose in found) < 1.5
    assert (values > 0.1).all()


def test_on_a_head_beyond_the_other_scan(scans):
    beyond = Rigid.from_euler((0, 0, 0), (900, 0, 0)).matrix[None]
    found, values = climb(compare(*scans, NEAR), beyond, NEAR.climb)
    assert values[0] == -np.inf
    np.testing.assert_array_equal(found, beyond)
