"""How alike two images look: the structural similarity of the paper's Tables 1 and 2."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cephalign.errors import InputError

SIGMA_VOX = 1.5


def structural_similarity(reference: ArrayLike, predicted: ArrayLike, value_range: float) -> float:
    """Return the mean SSIM (Wang et al., IEEE TIP 13:600, 2004) of two images of one grid.

    Islam et al. 2021, Eq. 6, in windows as MATLAB's `ssim` has it: Gaussian of 1.5 voxels, constants
    (0.01 L)^2 and (0.03 L)^2, exponents 1. Borders that are empty in both images are alike and raise it.

    Parameters
    ----------
    reference, predicted : (I, J, K) array
        At least 11 voxels along each edge.
    value_range : float
        L, of the intensities.

    Raises
    ------
    InputError
        Images of different or too small shapes, a range that is not positive, or scikit-image is not there.
    """
    x, y = (np.asarray(image, dtype=np.float64) for image in (reference, predicted))
    least = 2 * int(3.5 * SIGMA_VOX + 0.5) + 1
    if x.shape != y.shape or min(x.shape) < least:
        raise InputError(
            "images that cannot be compared by SSIM",
            expected=f"one shape, at least {least} voxels along each edge",
            got=f"{x.shape} and {y.shape}",
        )
    if not value_range > 0:
        raise InputError("impossible range of intensities", expected="above 0", got=f"{value_range:g}")
    try:
        from skimage import metrics  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise InputError(
            "SSIM is taken from scikit-image, which is not installed", do="pip install 'cephalign[study]'"
        ) from error
    untyped: Any = metrics
    return float(
        untyped.structural_similarity(
            x, y, gaussian_weights=True, sigma=SIGMA_VOX, use_sample_covariance=False, data_range=value_range
        )
    )
