"""The split: the paper's shares, and chance that depends on the generator alone."""

import numpy as np
import pytest

from cephalign.augmentation.split import draw_split


def split(count, seed=0):
    return draw_split(np.random.default_rng(seed), count)


def test_the_papers_sixteen_patients():
    subsets = split(16)
    assert {subset: subsets.count(subset) for subset in set(subsets)} == {
        "train": 7,
        "validation": 3,
        "test": 6,
    }


@pytest.mark.parametrize("count", range(1, 60))
def test_shares(count):
    subsets = split(count)
    assert len(subsets) == count
    assert subsets.count("test") == pytest.approx(0.4 * count, abs=0.51)
    to_train = count - subsets.count("test")
    assert subsets.count("validation") == pytest.approx(0.3 * to_train, abs=0.51)
    assert subsets.count("train") >= 1


def test_every_original_may_fall_into_each_subset():
    rng = np.random.default_rng(7)
    draws = np.array([draw_split(rng, 10) for _ in range(2000)])
    for subset, share in (("train", 0.4), ("validation", 0.2), ("test", 0.4)):
        np.testing.assert_allclose((draws == subset).mean(axis=0), share, atol=0.05)
    # Which neighbours share a subset is chance too.
    assert 0.2 < (draws[:, 0] == draws[:, 1]).mean() < 0.4


def test_the_generator_decides():
    assert split(16, 1) == split(16, 1)
    assert len({split(16, seed) for seed in range(10)}) == 10
