"""The map from intensities to bins: it rises, keeps to its limits, and its slope is its own."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cephalign.align.bins import BinScale

# As a CT: air, a narrow brain, bone.
RNG = np.random.default_rng(7)
HEAD = np.concatenate([RNG.normal(-900, 30, 300), RNG.normal(35, 8, 900), RNG.uniform(300, 1800, 300)])
BINS = 64


def at(scale, *values):
    return [t.numpy() for t in scale(torch.tensor(values, dtype=torch.float32))]


@given(share=st.floats(0, 1), bins=st.integers(2, 256))
def test_rises_from_the_first_bin_to_the_last(share, bins):
    scale = BinScale.of(HEAD, bins, share)
    position, rise = at(scale, *np.linspace(-2000, 4000, 500))
    assert scale.bins == bins
    assert (np.diff(position) >= 0).all()
    assert position[0] == 0
    assert bins - 1.01 < position[-1] < bins - 1
    assert (rise >= 0).all()
    assert rise[0] == rise[-1] == 0


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_slope_is_that_of_the_position(share):
    scale, step = BinScale.of(HEAD, BINS, share), 0.2
    inner = np.linspace(scale.low + 1, scale.high - 1, 999)
    piece = (inner - scale.low) / (scale.high - scale.low) * 256 % 1
    inner = inner[(piece > 0.05) & (piece < 0.95)]
    rise = at(scale, *(inner + step))[0] - at(scale, *(inner - step))[0]
    np.testing.assert_allclose(at(scale, *inner)[1], rise / (2 * step), rtol=0.02, atol=1e-4)


def test_no_ranks_is_even_in_intensity_and_only_ranks_even_in_points():
    even, ranked = BinScale.of(HEAD, BINS), BinScale.of(HEAD, BINS, 1.0)
    thirds = np.linspace(even.low, even.high, 4)
    np.testing.assert_allclose(at(even, *thirds)[0], np.linspace(0, 63, 4), atol=1e-3)
    counts = np.bincount(at(ranked, *HEAD)[0].astype(int) // 16, minlength=4)
    np.testing.assert_allclose(counts / counts.sum(), 0.25, atol=0.05)


def test_the_brain_of_a_ct_gets_bins_by_rank():
    brain = (15.0, 55.0)
    few, many = (np.ptp(at(BinScale.of(HEAD, BINS, share), *brain)[0]) for share in (0.0, 0.5))
    assert few < 2
    assert many > 12


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_one_value_everywhere_breaks_nothing(share):
    position, rise = at(BinScale.of(np.full(50, 7.0), BINS, share), 6.0, 7.0, 8.0)
    assert np.isfinite([position, rise]).all()
    assert position[0] < position[2]
