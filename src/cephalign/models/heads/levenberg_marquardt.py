"""Levenberg and Marquardt's damped Gauss-Newton steps.

Levenberg (Q. Appl. Math. 2:164, 1944); Marquardt (J. SIAM 11:431, 1963); for networks Hagan and Menhaj (IEEE
Trans. Neural Netw. 5:989, 1994). Damping and limits are those of MATLAB's `trainlm`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from cephalign.geometry.grid import Float
from cephalign.models.heads.least_squares import (
    AT_THE_BOTTOM,
    ENOUGH_EPOCHS,
    LEVEL,
    NO_PROGRESS,
    Normal,
    Problem,
    Trained,
    Watch,
)

FIRST_DAMPING = 1e-3
LEAST_DAMPING, MOST_DAMPING = 1e-20, 1e10
FALL, RISE = 0.1, 10.0
# A shorter slope is none.
LEAST_SLOPE = 1e-7


@dataclass(frozen=True)
class Objective:
    """beta r'r + alpha w'w, with r the residuals and w the weights."""

    alpha: float = 0.0
    beta: float = 1.0

    def __call__(self, squares: float, weights: Float) -> float:
        """Return the value."""
        return self.beta * squares + self.alpha * float(weights @ weights)

    def slope(self, normal: Normal, weights: Float) -> Float:
        """Return half the gradient."""
        return self.beta * normal.slope + self.alpha * weights

    def step(self, normal: Normal, weights: Float, damping: float) -> Float:
        """Return the way down: the damped Hessian's inverse times the slope.

        With few residuals it is written by their own, smaller matrix (Woodbury), whose inverse F applies:
        a w + beta J'F (r - a Jw), where a = alpha / (alpha + damping).

        Raises
        ------
        scipy.linalg.LinAlgError
            Where the Hessian is singular.
        """
        factor = self.factor(normal.curvature, damping), False
        if normal.jacobian is None or normal.residual is None:
            return np.asarray(linalg.cho_solve(factor, self.slope(normal, weights), check_finite=False))
        kept = self.alpha / (self.alpha + damping) * weights
        inner = linalg.cho_solve(factor, normal.residual - normal.jacobian @ kept, check_finite=False)
        step: Float = kept + self.beta * (normal.jacobian.T @ inner)
        return step

    def factor(self, curvature: Float, damping: float = 0.0) -> Float:
        """Return the upper Cholesky factor of beta times a curvature plus alpha and some damping.

        Raises
        ------
        scipy.linalg.LinAlgError
            Where it is singular.
        """
        hessian = self.beta * curvature
        hessian.flat[:: len(hessian) + 1] += self.alpha + damping
        # Symmetric, so the transpose is the same, in the order of memory that LAPACK can overwrite.
        return np.asarray(linalg.cholesky(hessian.T, overwrite_a=True, check_finite=False))


def downhill(
    problem: Problem, weights: Float, normal: Normal, objective: Objective, damping: float
) -> tuple[Float, float] | None:
    """Step as far as the objective falls: the less damping, the longer the step.

    Parameters
    ----------
    problem : Problem
    weights : (P,) array
    normal : Normal
        The problem at these weights.
    objective : Objective
    damping : float
        To begin with.

    Returns
    -------
    weights : (P,) array
    damping : float
        For the next step. None where not even the most damped step goes down.
    """
    before = objective(normal.squares, weights)
    while damping <= MOST_DAMPING:
        try:
            trial = weights - objective.step(normal, weights, damping)
        except linalg.LinAlgError:
            pass
        else:
            if objective(problem.squares(trial), trial) < before:
                return trial, max(FALL * damping, LEAST_DAMPING)
        damping *= RISE
    return None


def levenberg_marquardt(problem: Problem, weights: Float, epochs: int, validation: Problem) -> Trained:
    """Make the squares small, until those of other data no longer fall.

    Parameters
    ----------
    problem : Problem
    weights : (P,) array
        To start from.
    epochs : int
        At most.
    validation : Problem
        Whose error chooses the weights.

    Returns
    -------
    Trained
    """
    objective, damping, watch = Objective(), FIRST_DAMPING, Watch(validation, weights)
    for epoch in range(epochs):
        normal = problem.normal(weights)
        if np.linalg.norm(normal.slope) < LEAST_SLOPE:
            return Trained(watch.best, epoch, LEVEL)
        step = downhill(problem, weights, normal, objective, damping)
        if step is None:
            return Trained(watch.best, epoch, AT_THE_BOTTOM)
        weights, damping = step
        if watch.exhausted_by(weights):
            return Trained(watch.best, epoch + 1, NO_PROGRESS)
    return Trained(watch.best, epochs, ENOUGH_EPOCHS)
