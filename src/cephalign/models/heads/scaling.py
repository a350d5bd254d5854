"""Columns to [-1, 1] and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cephalign.geometry.grid import Float


@dataclass(frozen=True, eq=False)
class Range:
    """Columns to [-1, 1] and back, as MATLAB's `mapminmax`; a column that never changes becomes 0.

    Parameters
    ----------
    middle, half : (D,) array
        Centre and half the width of each column's range.
    """

    middle: Float
    half: Float

    @classmethod
    def of(cls, values: Float) -> Range:
        """Take the range of (N, D) values."""
        low, high = values.min(axis=0), values.max(axis=0)
        return cls((low + high) / 2, (high - low) / 2)

    def scaled(self, values: Float) -> Float:
        """Return values in [-1, 1], if they lie within the range."""
        varies = self.half > 0
        return np.where(varies, (values - self.middle) / np.where(varies, self.half, 1), 0)

    def unscaled(self, values: Float) -> Float:
        """Return what `scaled` was given."""
        return values * self.half + self.middle
