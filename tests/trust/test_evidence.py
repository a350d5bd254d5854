"""What speaks for a right answer and against wrong ones, on one simulated pair."""

from dataclasses import astuple, replace

import numpy as np
import pytest

from cephalign.align.levels import FINE, compare
from cephalign.align.refine import refine
from cephalign.align.scan import prepare
from cephalign.align.search import search
from cephalign.geometry import Rigid, Volume
from cephalign.parallel import undivided_operations
from cephalign.registration_starts import starts
from cephalign.simulate.pair import simulated_pair
from cephalign.trust.evidence import Evidence, gather
from cephalign.trust.halves import halves_end


@pytest.fixture(scope="module")
def pair():
    rng = np.random.default_rng(1901)
    return simulated_pair(rng, "small", angle_deg=25, shift_mm=25, least_angle_deg=10)


def registered(pair, moving):
    """Return both scans, what the search left, and the end."""
    with undivided_operations():
        scans = prepare(pair.fixed), prepare(moving)
        found = search(*scans, starts(*scans, "symmetry"))
        return *scans, found, refine(*scans, found.poses[0])[-1].moving_from_fixed


@pytest.fixture(scope="module")
def right(pair):
    return registered(pair, pair.moving)


@pytest.fixture(scope="module")
def seen(right):
    with undivided_operations():
        return gather(*right)


def test_a_right_answer(pair, right, seen):
    evidence, ends = seen
    assert pair.moving_from_fixed.distance(right[-1], pair.landmarks).mean() < 1
    assert evidence.gain > 0
    assert 0 < evidence.share < 1
    assert evidence.rival < 0.9
    assert evidence.overlap > 0.6
    assert evidence.blunt > 0
    assert evidence.sharp > evidence.blunt
    assert evidence.leaning < evidence.sharp
    assert evidence.gap_mm < 3.7
    assert evidence.spread_mm < 1.5
    assert evidence.halves_mm < 1
    assert evidence.slices_mm == pytest.approx(
        max(scan.grid.spacing.max() for scan in (pair.fixed, pair.moving))
    )
    assert 0.5 < evidence.volume_share <= 1
    assert len(ends) == 6
    body = right[0].body[::50]
    again, halves = ends[:4], ends[4:]
    off = [right[-1].distance(end, body) for end in again]
    assert evidence.spread_mm == pytest.approx(np.sqrt(np.mean(np.square(off))))
    assert evidence.halves_mm == pytest.approx(
        np.sqrt(np.mean(np.square(halves[0].distance(halves[1], body)))) / 2
    )


def test_the_same_on_any_number_of_threads(right, seen, with_threads):
    for count in (1, 2):
        again, ends = with_threads(count, lambda: gather(*right))
        assert again == seen[0]
        assert all(one == other for one, other in zip(ends, seen[1], strict=True))


def test_a_place_that_is_no_optimum(right, seen):
    """What was pushed aside falls on one side, and climbs come back from it."""
    fixed, moving, found, end = right
    aside = end @ Rigid.from_euler((0, 2, 0), (3, -2, 2), fixed.centre)
    with undivided_operations():
        evidence, _ = gather(fixed, moving, found, aside)
    assert evidence.similarity < seen[0].similarity
    assert evidence.leaning > 2 * seen[0].leaning
    assert evidence.spread_mm > 2
    assert evidence.drift_mm > seen[0].drift_mm + 1


def test_a_place_far_away(right, seen):
    fixed, moving, found, end = right
    away = end @ Rigid.from_euler((0, 0, 100), (20, 10, 0), fixed.centre)
    with undivided_operations():
        evidence, _ = gather(fixed, moving, found, away)
    assert evidence.similarity < 0.7 * seen[0].similarity
    assert evidence.gap_mm > 3.7
    assert evidence.mirrored > seen[0].mirrored
    assert np.isfinite(astuple(evidence)).all()


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_mirror_image_is_told_from_the_scan(pair, seen, axis):
    flipped = np.ascontiguousarray(np.flip(pair.moving.data, axis))
    moving = Volume(flipped, pair.moving.grid, pair.moving.modality)
    with undivided_operations():
        evidence, _ = gather(*registered(pair, moving))
    assert seen[0].mirrored < 0.95
    assert evidence.mirrored > 1.05


def test_halves_share_no_point(right):
    """Their answers lie on either side of the whole's, and differ."""
    fixed, moving, _, end = right
    with undivided_operations():
        fine = compare(fixed, moving, FINE)
        one, other = halves_end(fine, end, FINE.climb)
        few = replace(fine.fixed, points=fine.fixed.points[:512], positions=fine.fixed.positions[:512])
        fine.fixed = few
        assert halves_end(fine, end, FINE.climb) == ()
    assert one != other
    assert one.distance(other, fixed.body[::50]).mean() < 2


def test_numbers_have_names():
    assert len(Evidence.names()) == len(set(Evidence.names())) == 15
