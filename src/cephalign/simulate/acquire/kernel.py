"""What a scanner's reconstruction does: smooth or sharpen, and so to the noise."""

from __future__ import annotations

import math

import torch

# Sum of squares and middle weight of the 3 x 3 binomial filter.
BINOMIAL_SQUARES, BINOMIAL_MIDDLE = 0.140625, 0.25
# A Gaussian is followed so many standard deviations far; and its standard deviation, of full width at half
# maximum.
GAUSSIAN_REACH, SIGMA_OF_WIDTH = 3.0, 1 / math.sqrt(8 * math.log(2))


def filtered(image: torch.Tensor, kernel: float) -> torch.Tensor:
    """Return (K, J, I) slices, sharper if `kernel` is above 0, smoother if it is below (to -1)."""
    if not kernel:
        return image
    return image + kernel * (image - _binomial(image))


def noise_gain(kernel: float) -> float:
    """Return what `filtered` makes of the standard deviation of white noise."""
    own = 1 + kernel
    square = own * own - 2 * own * kernel * BINOMIAL_MIDDLE + kernel * kernel * BINOMIAL_SQUARES
    return math.sqrt(square)


def _binomial(image: torch.Tensor) -> torch.Tensor:
    """Return the means with weights 1, 2, 1 along rows and columns; the border goes on."""
    for axis in (1, 2):
        count = image.shape[axis]
        smooth = image * 0.5
        smooth.narrow(axis, 1, count - 1).add_(image.narrow(axis, 0, count - 1), alpha=0.25)
        smooth.narrow(axis, 0, count - 1).add_(image.narrow(axis, 1, count - 1), alpha=0.25)
        smooth.narrow(axis, 0, 1).add_(image.narrow(axis, 0, 1), alpha=0.25)
        smooth.narrow(axis, count - 1, 1).add_(image.narrow(axis, count - 1, 1), alpha=0.25)
        image = smooth
    return image


def blurred(array: torch.Tensor, sigmas: tuple[float, float, float]) -> torch.Tensor:
    """Blur with a Gaussian of `sigmas` voxels along each axis; the outermost layers go on outside."""
    for axis, sigma in enumerate(sigmas):
        weights = _gaussian(sigma)
        reach = len(weights) // 2
        count = array.shape[axis]
        first, last = (array.narrow(axis, end, 1) for end in (0, count - 1))
        padded = torch.cat([first] * reach + [array] + [last] * reach, axis)
        array = padded.narrow(axis, 0, count) * weights[0]
        for offset in range(1, len(weights)):
            array.add_(padded.narrow(axis, offset, count), alpha=weights[offset])
    return array


def blur_gain(sigmas: tuple[float, float, float]) -> float:
    """Return what `blurred` makes of the standard deviation of white noise."""
    return math.prod(math.sqrt(sum(w * w for w in _gaussian(sigma))) for sigma in sigmas)


def _gaussian(sigma: float) -> list[float]:
    reach = math.ceil(GAUSSIAN_REACH * sigma)
    weights = [math.exp(-0.5 * (n / sigma) ** 2) for n in range(-reach, reach + 1)]
    total = sum(weights)
    return [weight / total for weight in weights]
