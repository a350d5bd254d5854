"""Scaled conjugate gradients: Moller (Neural Netw. 6:525, 1993). Steps are numbered as in his section 3.

Limits are those of MATLAB's `trainscg`, on the mean squared error.
"""

from __future__ import annotations

import numpy as np

from cephalign.geometry.grid import Float
from cephalign.models.heads.least_squares import (
    AT_THE_BOTTOM,
    ENOUGH_EPOCHS,
    LEVEL,
    NO_PROGRESS,
    Problem,
    Trained,
    Watch,
)

SIGMA = 5e-5
FIRST_LAMBDA = 5e-7
LEAST_SLOPE = 1e-6


def scaled_conjugate_gradient(problem: Problem, weights: Float, epochs: int, validation: Problem) -> Trained:
    """Make the squares small without J'J, until those of other data no longer fall.

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
    watch = Watch(validation, weights)
    error, gradient = _mean(problem, weights)
    downhill = direction = -gradient  # step 1
    scale, raised, moved = FIRST_LAMBDA, 0.0, True
    for epoch in range(epochs):
        length2 = float(direction @ direction)
        if np.linalg.norm(downhill) < LEAST_SLOPE or length2 == 0:
            return Trained(watch.best, epoch, LEVEL)
        if moved:  # step 2: curvature along the direction
            sigma = SIGMA / np.sqrt(length2)
            ahead = _mean(problem, weights + sigma * direction)[1]
            curved = float(direction @ (ahead + downhill)) / sigma
        curved += (scale - raised) * length2  # step 3
        if curved <= 0:  # step 4: make the Hessian positive definite
            raised = 2 * (scale - curved / length2)
            curved = -curved + scale * length2
            scale = raised
        along = float(direction @ downhill)  # step 5
        trial = weights + along / curved * direction
        if np.array_equal(trial, weights):
            return Trained(watch.best, epoch, AT_THE_BOTTOM)
        new_error, new_gradient = _mean(problem, trial)
        comparison = 2 * curved * (error - new_error) / along**2  # step 6
        moved = comparison >= 0
        if moved:  # step 7
            weights, error, before, downhill = trial, new_error, downhill, -new_gradient
            raised = 0.0
            turned = (epoch + 1) % weights.size != 0
            beta = float(downhill @ downhill - downhill @ before) / along if turned else 0.0
            direction = downhill + beta * direction
            scale *= 0.25 if comparison >= 0.75 else 1.0
        else:
            raised = scale
        if comparison < 0.25:  # step 8
            scale += curved * (1 - comparison) / length2
        if moved and watch.exhausted_by(weights):
            return Trained(watch.best, epoch + 1, NO_PROGRESS)
    return Trained(watch.best, epochs, ENOUGH_EPOCHS)


def _mean(problem: Problem, weights: Float) -> tuple[float, Float]:
    """Return the mean squared residual and its gradient."""
    squares, slope = problem.slope(weights)
    return squares / problem.residuals, 2 / problem.residuals * slope
