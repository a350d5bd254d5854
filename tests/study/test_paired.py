"""How sure a difference of two methods is."""

from __future__ import annotations

import numpy as np

from cephalign.study.paired import interval


def test_one_head_s_pairs_count_as_one():
    """Ten copies of a head say no more than one does, if all its copies say the same."""
    by_head = np.random.default_rng(5).normal(1.0, 2.0, size=20)
    low, high = interval(by_head, np.arange(20), np.random.default_rng(1))
    repeated = interval(np.repeat(by_head, 10), np.repeat(np.arange(20), 10), np.random.default_rng(1))
    np.testing.assert_allclose(repeated, (low, high))
    error = by_head.std() / np.sqrt(20)
    np.testing.assert_allclose(
        [low, high], by_head.mean() + np.array([-1.96, 1.96]) * error, atol=0.2 * error
    )


def test_pairs_of_a_head_in_many_splits_are_weighed_as_often():
    low, high = interval([1.0, 1.0, 1.0, 5.0], [7, 7, 7, 7], np.random.default_rng(0))
    assert low == high == 2.0
