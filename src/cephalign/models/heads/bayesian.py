"""Levenberg-Marquardt with weight decay whose strength the data choose.

MacKay (Neural Comput. 4:415, 1992) and, with the Gauss-Newton Hessian, Foresee and Hagan (Proc. ICNN, 1997).
Damping and limits are those of MATLAB's `trainbr`, which the paper used; that it also ends where nothing of
note changes any more is ours. No data are held back: the decay stands against overfitting.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg

from cephalign.geometry.grid import Float
from cephalign.models.heads.least_squares import AT_THE_BOTTOM, ENOUGH_EPOCHS, LEVEL, Problem, Trained
from cephalign.models.heads.levenberg_marquardt import LEAST_SLOPE, Objective, downhill

FIRST_DAMPING = 5e-3
# Settled: over so many epochs neither strength has changed by more than this part.
LOOK_BACK, SETTLED_SHARE = 10, 0.01
SETTLED = "The strengths of decay and noise have settled."
# A mean square below which the noise is none, and its strength would grow for ever: with fewer residuals than
# weights the errors vanish. Targets are of order 1.
NO_ERROR = 1e-8
EXACT = "The errors vanished."
# Weights whose sum of squares is less are none, and decay could be as strong as one likes.
NO_WEIGHTS = 1e-30


def bayesian(problem: Problem, weights: Float, epochs: int) -> Trained:
    """Make beta r'r + alpha w'w small, and find alpha and beta on the way.

    Parameters
    ----------
    problem : Problem
    weights : (P,) array
        To start from.
    epochs : int
        At most.

    Returns
    -------
    Trained
        With the number of effective parameters.
    """
    damping = FIRST_DAMPING
    normal = problem.normal(weights)
    effective = float(weights.size)
    objective = most_probable(effective, problem.residuals, normal.squares, weights)
    past = [objective]
    for epoch in range(epochs):
        if np.linalg.norm(objective.slope(normal, weights)) < LEAST_SLOPE:
            return Trained(weights, epoch, LEVEL, effective)
        step = downhill(problem, weights, normal, objective, damping)
        if step is None:
            return Trained(weights, epoch, AT_THE_BOTTOM, effective)
        weights, damping = step
        normal = problem.normal(weights)
        effective = effective_parameters(normal.curvature, objective)
        objective = most_probable(effective, problem.residuals, normal.squares, weights)
        past.append(objective)
        if normal.squares < NO_ERROR * problem.residuals:
            return Trained(weights, epoch + 1, EXACT, effective)
        if settled(past[-LOOK_BACK - 1 :]):
            return Trained(weights, epoch + 1, SETTLED, effective)
    return Trained(weights, epochs, ENOUGH_EPOCHS, effective)


def most_probable(effective: float, residuals: int, squares: float, weights: Float) -> Objective:
    """Return the strengths: alpha = gamma / 2w'w and beta = (N - gamma) / 2r'r.

    MacKay 1992, section 4; gamma is the number of effective parameters, N that of residuals. Beta is 1 where
    that says nothing: more weights than residuals at the start, or no error at all.
    """
    free = residuals - effective
    return Objective(
        alpha=effective / (2 * max(float(weights @ weights), NO_WEIGHTS)),
        beta=free / (2 * squares) if free > 0 and squares > 0 else 1.0,
    )


def settled(past: list[Objective]) -> bool:
    """Return whether the strengths of the last epochs are all alike."""
    if len(past) <= LOOK_BACK:
        return False
    return all(
        max(strengths) <= (1 + SETTLED_SHARE) * min(strengths)
        for strengths in ([one.alpha for one in past], [one.beta for one in past])
    )


def effective_parameters(curvature: Float, objective: Objective) -> float:
    """Return gamma, the number of weights that the data rather than the decay determine.

    gamma = P - alpha trace((beta J'J + alpha I)^-1), from 0 to P.
    """
    try:
        factor = objective.factor(curvature)
    except linalg.LinAlgError:  # the decay is lost in rounding
        curved = objective.beta * np.clip(linalg.eigvalsh(curvature), 0, None)
        return float(np.sum(curved / (curved + objective.alpha)))
    # The trace of the inverse is the sum of squares of the inverse factor.
    inverse, _ = linalg.lapack.dtrtri(factor, overwrite_c=True)
    return float(len(curvature) - objective.alpha * np.vdot(inverse, inverse))
