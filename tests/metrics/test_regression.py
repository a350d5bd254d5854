"""R^2 as scikit-learn has it, pooled and of each response."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import r2_score

from cephalign.errors import InputError
from cephalign.metrics.regression import r_squared


@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(2, 30), columns=st.integers(1, 6))
def test_it_is_scikit_learns(seed, rows, columns):
    rng = np.random.default_rng(seed)
    true = rng.normal(rng.normal(0, 5, columns), 3, (rows, columns))
    said = true + rng.normal(0, 1, true.shape)
    found = r_squared(true, said)
    np.testing.assert_allclose(found.each, r2_score(true, said, multioutput="raw_values"))
    assert found.pooled == pytest.approx(r2_score(true.ravel(), said.ravel()))
    assert found.mean == pytest.approx(r2_score(true, said))


def test_other_means_raise_the_pooled_one_and_not_each():
    """Always saying the means explains no response, and nearly all of the pooled list."""
    rng = np.random.default_rng(1)
    true = rng.normal((0, 100), 1, (50, 2))
    found = r_squared(true, np.broadcast_to(true.mean(axis=0), true.shape))
    assert found.pooled > 0.999
    np.testing.assert_allclose(found.each, 0, atol=1e-12)


def test_a_response_that_never_changes_has_none():
    true = np.array([[1.0, 2.0], [1.0, 3.0]])
    assert np.isnan(r_squared(true, true).each[0])
    assert r_squared(true, true).each[1] == 1


@pytest.mark.parametrize("shapes", [((3, 2), (3, 3)), ((3,), (3,)), ((1, 2), (1, 2))])
def test_what_does_not_go_together_is_refused(shapes):
    with pytest.raises(InputError, match="do not go together"):
        r_squared(*(np.zeros(shape) for shape in shapes))
