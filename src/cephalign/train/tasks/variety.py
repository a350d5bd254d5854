"""Cubes made a little unlike the simulator's, as real scans are: of odd shapes and shades."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cephalign.geometry.grid import Float
from cephalign.prep.coarse import BRIGHTEST

# Standard deviation of how much longer, or more sheared, a head is; the logarithm of its size has half of it.
STRETCH = 0.1
# Standard deviations of the logarithms of the exponent that darkens or brightens middle shades, and of the
# brightness as a whole, which hangs on a scan's brightest voxels.
GAMMA, GAIN = 0.15, 0.1
BLURRED, BLUR_VOX = 0.3, (0.3, 0.8)
NOISE = 0.04


def distortions(rng: np.random.Generator, count: int) -> Float:
    """Draw (S, 3, 3) matrices that stretch and shear a little."""
    sizes = np.exp(rng.normal(0, STRETCH / 2, (count, 1, 1)))
    return np.asarray(sizes * (np.eye(3) + rng.normal(0, STRETCH, (count, 3, 3)) * (np.eye(3) + 1) / 2))


def varied(rng: np.random.Generator, cubes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Change shades, sharpness and noise of each cube; what a scan does not hold stays empty.

    Parameters
    ----------
    rng : numpy Generator
    cubes : (S, 3, N, N, N) array
        As in `CoarseHead`; the rank is left as it is, but for the blur.

    Returns
    -------
    (S, 3, N, N, N) array
    """
    out = cubes.copy()
    for cube in out:
        image, rank, known = cube
        gamma, gain = np.exp(rng.normal(0, (GAMMA, GAIN)))
        image[:] = gain * image**gamma + rng.normal(0, rng.uniform(0, NOISE), image.shape)
        if rng.random() < BLURRED:
            sigma = rng.uniform(*BLUR_VOX)
            image[:], rank[:] = ndimage.gaussian_filter(image, sigma), ndimage.gaussian_filter(rank, sigma)
        image[:] = np.clip(image, 0, BRIGHTEST) * known
        rank *= known
    return out
