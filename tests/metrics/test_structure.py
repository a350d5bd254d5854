"""Structural similarity: as written out from its definition, and refusals."""

import numpy as np
import pytest
from scipy import ndimage

from cephalign.errors import InputError
from cephalign.metrics.structure import structural_similarity


@pytest.fixture
def images():
    rng = np.random.default_rng(8)
    x = ndimage.gaussian_filter(rng.normal(size=(21, 17, 13)), 2) * 8
    return x, x + rng.normal(scale=0.2, size=x.shape)


def test_as_defined(images):
    x, y = images

    def mean(values):
        return ndimage.gaussian_filter(values, 1.5, truncate=3.5)

    mx, my = mean(x), mean(y)
    vx, vy, vxy = mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my
    c1, c2 = (0.01 * 3) ** 2, (0.03 * 3) ** 2
    ssim = (2 * mx * my + c1) * (2 * vxy + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
    assert structural_similarity(x, y, 3.0) == pytest.approx(ssim[5:-5, 5:-5, 5:-5].mean(), abs=1e-9)


def test_the_same_image_is_alike_and_another_is_not(images):
    x, y = images
    assert structural_similarity(x, x, 3.0) == pytest.approx(1)
    assert structural_similarity(x, y[::-1], 3.0) < structural_similarity(x, y, 3.0) < 1


@pytest.mark.parametrize(
    ("other", "value_range", "said"),
    [
        ((21, 17, 12), 1.0, "cannot be compared"),
        ((21, 17, 13), 0.0, "range"),
        ((21, 17, 13), np.nan, "range"),
    ],
)
def test_refuses(other, value_range, said):
    with pytest.raises(InputError, match=said):
        structural_similarity(np.zeros((21, 17, 13)), np.zeros(other), value_range)
