"""What the trainers share: a problem of least squares, how far a trainer got, and a watch for overfitting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cephalign.geometry.grid import Float

# MATLAB's `max_fail`: so many epochs in a row without a better validation error end the training.
PATIENCE = 6


@dataclass(frozen=True, eq=False)
class Normal:
    """A problem made linear at some weights: r is the residuals, J their derivative.

    Parameters
    ----------
    squares : float
        r'r.
    slope : (P,) array
        J'r, half the gradient of r'r.
    curvature : (P, P) array
        J'J; or, where residuals are fewer than weights, the smaller (R, R) JJ'.
    jacobian : (R, P) array, optional
        J, where the curvature is the smaller one.
    residual : (R,) array, optional
        r, likewise.
    """

    squares: float
    slope: Float
    curvature: Float
    jacobian: Float | None = None
    residual: Float | None = None


class Problem(Protocol):
    """Residuals, to be made small by P weights."""

    @property
    def residuals(self) -> int:
        """Number of residuals."""
        ...

    def squares(self, weights: Float) -> float:
        """Return r'r."""
        ...

    def slope(self, weights: Float) -> tuple[float, Float]:
        """Return r'r and J'r."""
        ...

    def normal(self, weights: Float) -> Normal:
        """Return r'r, J'r and J'J."""
        ...


@dataclass(frozen=True, eq=False)
class Trained:
    """Where a trainer ended.

    Parameters
    ----------
    weights : (P,) array
    epochs : int
    stopped : str
        Why, in a sentence.
    effective_parameters : float, optional
        How many weights the data determine, where the trainer tells.
    """

    weights: Float
    epochs: int
    stopped: str
    effective_parameters: float = np.nan


class Watch:
    """The best weights so far, on data that the trainer does not learn from."""

    def __init__(self, validation: Problem, weights: Float) -> None:
        self._validation = validation
        self.best, self._least, self._failures = weights, validation.squares(weights), 0

    def exhausted_by(self, weights: Float) -> bool:
        """Look at new weights; return whether there has been no progress for too long."""
        squares = self._validation.squares(weights)
        if squares < self._least:
            self.best, self._least, self._failures = weights, squares, 0
        else:
            self._failures += 1
        return self._failures >= PATIENCE


ENOUGH_EPOCHS = "All epochs were used."
AT_THE_BOTTOM = "No step lowered the error, however short."
LEVEL = "The gradient vanished."
NO_PROGRESS = f"The validation error did not fall for {PATIENCE} epochs."
