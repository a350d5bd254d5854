"""How well numbers are predicted: the paper's R^2, pooled over all responses and of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cephalign.errors import InputError


@dataclass(frozen=True)
class RSquared:
    """Coefficients of determination: 1 minus the squared errors over the squared distances from a mean.

    Parameters
    ----------
    pooled : float
        Of all responses as one list with one mean, which MATLAB's `regression` of flattened arrays would say.
        Responses in other units, or with other means, raise it whatever is predicted.
    each : tuple of float
        Of every response by itself; NaN of one that is the same in all rows.
    """

    pooled: float
    each: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Over the responses."""
        return float(np.mean(self.each))


def r_squared(true: ArrayLike, predicted: ArrayLike) -> RSquared:
    """Compare (N, K) responses with their predictions (Islam et al. 2021, Fig. 6).

    Raises
    ------
    InputError
        The shapes differ, or there are fewer than two rows.
    """
    truth, said = (np.asarray(values, dtype=np.float64) for values in (true, predicted))
    if truth.shape != said.shape or truth.ndim != 2 or len(truth) < 2:
        raise InputError(
            "responses and predictions do not go together",
            expected="two (N, K) arrays of one shape, N from 2",
            got=f"{truth.shape} and {said.shape}",
        )
    squares = (truth - said) ** 2
    around = (truth - truth.mean(axis=0)) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = 1 - squares.sum() / ((truth - truth.mean()) ** 2).sum()
        each = np.where(around.sum(axis=0) > 0, 1 - squares.sum(axis=0) / around.sum(axis=0), np.nan)
    return RSquared(float(pooled), tuple(each.tolist()))
