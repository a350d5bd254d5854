"""What is drawn for a whole data set, and that more of it leaves the rest as it was."""

import numpy as np
import pytest

from cephalign.augmentation.plan import Request, draw_plan
from cephalign.errors import InputError

PAIRS = [[(70.0, -45, 130), (-3, 12, 8)], [(1, 2, 3), (4, 5, 6)], [(-90, 20, 44), (0, 0, 55)]]
SCANS = [[pair[0]] for pair in PAIRS]


def test_fewer_copies_are_the_first_of_more():
    """The paper's sweep: 4, 9, ..., 124 copies of each original."""
    many = draw_plan(Request(count=29, seed=6), PAIRS)
    for count in (4, 9, 14):
        few = draw_plan(Request(count=count, seed=6), PAIRS)
        assert few.motions == tuple(copies[:count] for copies in many.motions)
        assert few.subsets == many.subsets


def test_originals_do_not_depend_on_those_after_them():
    alone = draw_plan(Request(count=5, seed=2), PAIRS[:1])
    assert alone.motions == draw_plan(Request(count=5, seed=2), PAIRS).motions[:1]


def test_every_motion_is_another():
    """Of every scan of a pair, copy, original and seed: the paper moves 'each image'."""
    plans = [draw_plan(Request(count=20, seed=seed), PAIRS) for seed in (0, 1, 2**32, 2**32 + 1)]
    motions = [motion for p in plans for copies in p.motions for copy in copies for motion in copy]
    assert len(motions) == 4 * 3 * 20 * 2
    assert len({motion.axis for motion in motions}) == len(motions)
    assert len({motion.angle_deg for motion in motions}) == len(motions)
    assert len({motion.shift_mm for motion in motions}) == len(motions)


def test_each_scan_turns_about_its_own_centre():
    for centres, copies in zip(PAIRS, draw_plan(Request(count=3), PAIRS).motions, strict=True):
        for copy in copies:
            assert [motion.centre_mm for motion in copy] == [tuple(map(float, c)) for c in centres]


def test_single_scans():
    plan = draw_plan(Request(count=2, seed=1), SCANS)
    assert [[len(copy) for copy in copies] for copies in plan.motions] == [[1, 1]] * 3


def test_the_bounds_are_those_asked_for():
    wide = draw_plan(Request(count=200, angle_deg=60, shift_mm=25), PAIRS)
    motions = [motion for copies in wide.motions for copy in copies for motion in copy]
    assert 58 < np.abs([motion.angle_deg for motion in motions]).max() <= 60
    assert 24.5 < np.abs([motion.shift_mm for motion in motions]).max() <= 25


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"count": 0}, "count"),
        ({"count": -4}, "count"),
        ({"seed": -1}, "seed"),
        ({"angle_deg": -1.0}, "angle"),
        ({"angle_deg": 180.5}, "angle"),
        ({"angle_deg": float("nan")}, "angle"),
        ({"shift_mm": -0.1}, "shift"),
        ({"shift_mm": float("inf")}, "shift"),
        ({"shift_mm": float("nan")}, "shift"),
    ],
)
def test_impossible_requests(request_, said):
    with pytest.raises(InputError, match=f"impossible {said}"):
        Request(**request_)
