"""The rigid fit of points: SciPy's, and never a mirror."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from cephalign.geometry import Rigid
from cephalign.geometry.fit import rigid_fit


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(4, 40))
def test_fit_is_scipys(seed, count):
    rng = np.random.default_rng(seed)
    points, weights = rng.normal(0, 50, (count, 3)), rng.uniform(0.1, 2, count)
    truth = Rigid.from_rotation(Rotation.random(rng=rng).as_matrix(), rng.normal(0, 80, 3))
    images = truth.map(points) + rng.normal(0, 3, (count, 3))
    share = weights / weights.sum()
    middles = share @ images, share @ points
    expected, _ = Rotation.align_vectors(images - middles[0], points - middles[1], weights=weights)
    found = rigid_fit(points, images, weights)
    np.testing.assert_allclose(found.rotation, expected.as_matrix(), atol=1e-9)
    np.testing.assert_allclose(found.map(middles[1]), middles[0], atol=1e-9)


def test_fit_never_mirrors():
    points = np.random.default_rng(1).normal(0, 50, (30, 3))
    found = rigid_fit(points, points * [-1, 1, 1], np.ones(30))
    assert np.linalg.det(found.rotation) == pytest.approx(1)
