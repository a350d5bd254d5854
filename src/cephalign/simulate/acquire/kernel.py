"""What a scanner's reconstruction does within a slice: smooth or sharpen, and so to the noise."""

from __future__ import annotations

import math

import torch

# Sum of squares and middle weight of the 3 x 3 binomial filter.
BINOMIAL_SQUARES, BINOMIAL_MIDDLE = 0.140625, 0.25


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
