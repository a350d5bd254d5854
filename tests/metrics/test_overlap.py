"""Overlap scores: known figures, identities, and what they say of masks that are empty."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cephalign.errors import InputError
from cephalign.metrics.overlap import boundary_overlap, overlap

MASKS = st.tuples(*[arrays.arrays(bool, (5, 4, 3))] * 2)


def box(shape, low, high):
    mask = np.zeros(shape, dtype=bool)
    mask[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    return mask


def test_two_boxes():
    x, y = box((9, 9, 9), (1, 1, 1), (5, 5, 5)), box((9, 9, 9), (3, 1, 1), (8, 5, 5))
    found = overlap(x, y)  # 64 and 80 voxels, 32 of them common
    assert (found.precision, found.sensitivity) == (32 / 80, 32 / 64)
    assert found.contour_score == pytest.approx(2 * 32 / (64 + 80))
    assert found.jaccard == pytest.approx(32 / (64 + 80 - 32))


@given(MASKS)
def test_the_papers_scores_are_one(masks):
    """CMS is DSC, and JSC follows from it."""
    x, y = masks
    if x.any() and y.any():
        found = overlap(x, y)
        assert found.contour_score == pytest.approx(2 * (x & y).sum() / (x.sum() + y.sum()))
        assert found.jaccard == pytest.approx((x & y).sum() / (x | y).sum())


@given(MASKS, st.floats(0.1, 4))
def test_exchanged_masks_exchange_the_shares(masks, tolerance):
    for one, other in (
        (overlap(*masks), overlap(*reversed(masks))),
        (boundary_overlap(*masks, tolerance), boundary_overlap(*reversed(masks), tolerance)),
    ):
        assert np.array_equal(
            (one.precision, one.sensitivity), (other.sensitivity, other.precision), equal_nan=True
        )


@given(MASKS, st.floats(0.1, 4))
def test_boundaries_against_every_distance(masks, tolerance):
    x, y = masks
    if not (x.any() and y.any()):
        return

    def boundary(mask):
        padded = np.pad(mask, 1)
        inner = padded.copy()
        for axis in range(3):
            inner &= np.roll(padded, 1, axis) & np.roll(padded, -1, axis)
        return np.argwhere(padded & ~inner)

    apart = np.linalg.norm(boundary(x)[:, None] - boundary(y)[None], axis=-1)
    found = boundary_overlap(x, y, tolerance)
    assert found.sensitivity == pytest.approx((apart.min(axis=1) < tolerance).mean())
    assert found.precision == pytest.approx((apart.min(axis=0) < tolerance).mean())


def test_the_tolerance_is_a_part_of_the_diagonal():
    """Of 256 x 256 x 26 voxels 2.72: surfaces two voxels apart are the same, three are not."""
    shape = (256, 256, 26)
    x = box(shape, (40, 40, 4), (200, 210, 20))
    for step, least in ((2, 1.0), (3, 0.0)):
        y = np.roll(x, step, axis=0) & box(shape, (0, 40, 4), (256, 210, 20))
        found = boundary_overlap(x, y)
        assert found.contour_score == 1 if step == 2 else found.contour_score < 1
        assert overlap(x, y).contour_score == pytest.approx(1 - step / 160)
        assert least <= found.precision


def test_empty_masks():
    empty, full = np.zeros((3, 4), dtype=bool), np.ones((3, 4), dtype=bool)
    for score in (overlap, boundary_overlap):
        assert math.isnan(score(empty, full).sensitivity) and score(empty, full).precision == 0
        assert math.isnan(score(full, empty).precision) and score(full, empty).sensitivity == 0
        assert math.isnan(score(empty, empty).contour_score)


def test_what_is_refused():
    with pytest.raises(InputError, match=r"different shapes; expected \(3, 4\); got \(4, 3\)"):
        overlap(np.ones((3, 4), dtype=bool), np.ones((4, 3), dtype=bool))
    with pytest.raises(InputError, match="above 0 voxels; got 0"):
        boundary_overlap(np.ones((3, 4), dtype=bool), np.ones((3, 4), dtype=bool), 0)
