"""Climbing to the nearest maximum, for several poses side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cephalign.align.information import Evaluated, MutualInformation
from cephalign.geometry.grid import Float

# The first step measures how steep the hill really is. It is this part of the longest, and at least so many
# times as long as steps that are not worth taking.
FIRST_STEP, MEASURING = 0.25, 10.0
# Where less than the first part of what was promised comes true, the region shrinks; where more than the
# second, and its border held the step back, it grows.
POOR, GOOD = 0.25, 0.75
SHRUNK, GROWN = 0.5, 2.5
# Up close the hill is rippled: shorter steps, in units of those not worth taking, tell nothing of its shape.
TELLING = 3.0
# A curvature is believed from this part of the one at hand on (Powell's damping), and at first rescaled by
# no more than this factor.
LEAST_STIFFNESS, MOST_RESCALED = 0.2, 30.0
SECULAR_STEPS = 12


@dataclass(frozen=True)
class Climb:
    """How far and how finely to climb.

    Parameters
    ----------
    steps : int
        At most so many evaluations.
    enough_mm : float
        Stop where the next step is shorter.
    longest_mm : float
        No single step is longer.
    least_overlap : float
        A pose at which a smaller part of the points falls inside the other scan is refused.
    """

    steps: int
    enough_mm: float
    longest_mm: float
    least_overlap: float = 0.25


def climb(mi: MutualInformation, poses: Float, limits: Climb) -> tuple[Float, Float]:
    """Maximise from each of (B, 4, 4) poses by quasi-Newton steps within a region of trust.

    The curvature starts as the outer product of the points' scores, whose shape is right and whose size is
    not: the first step rescales it. From then on it learns from every gradient met, on refused steps too
    (BFGS with Powell's damping: Nocedal and Wright, Numerical Optimization, 2006, chapters 4 and 18).

    Returns
    -------
    poses : (B, 4, 4) array
    values : (B,) array
        Mutual information in nats; minus infinity where the start does not overlap.
    """
    at, poses = _checked(mi(poses), limits), poses.copy()
    value, gradient, curvature = at.value.copy(), at.gradient.copy(), at.curvature.copy()
    full, _ = _steps(gradient, curvature, np.full(len(poses), np.inf))
    curvature *= np.minimum(1, np.linalg.norm(full, axis=1) / (MEASURING * limits.enough_mm))[:, None, None]
    trusted = np.full(len(poses), FIRST_STEP * limits.longest_mm)
    is_first = np.ones(len(poses), dtype=np.bool_)
    active = np.isfinite(value)
    for _ in range(limits.steps):
        step, promised = _steps(gradient, curvature, trusted)
        length = np.linalg.norm(step, axis=1)
        active &= length >= limits.enough_mm
        (going,) = np.nonzero(active)
        if not going.size:
            break
        trial = mi.moved(poses[going], step[going])
        new = _checked(mi(trial), limits)
        for n, b in enumerate(going):
            gained = (new.value[n] - value[b]) / promised[b]
            if np.isfinite(gained) and length[b] >= TELLING * limits.enough_mm:
                change = gradient[b] - new.gradient[n]
                curvature[b] = _learned(curvature[b], step[b], change, is_first=bool(is_first[b]))
                is_first[b] = False
            if gained < POOR:
                trusted[b] = SHRUNK * length[b]
            elif gained > GOOD and length[b] > 0.9 * trusted[b]:
                trusted[b] = min(GROWN * trusted[b], limits.longest_mm)
            if new.value[n] > value[b]:
                poses[b], value[b], gradient[b] = trial[n], new.value[n], new.gradient[n]
    return poses, value


def _checked(at: Evaluated, limits: Climb) -> Evaluated:
    value = np.where(at.overlap < limits.least_overlap, -np.inf, at.value)
    return Evaluated(value, at.overlap, at.gradient, at.curvature)


def _steps(gradient: Float, curvature: Float, trusted: Float) -> tuple[Float, Float]:
    """Return (B, 6) steps, the best of those not longer than trusted, and what (B,) they promise to gain."""
    stiffness, axes = np.linalg.eigh(curvature)
    stiffness = np.maximum(stiffness, 1e-4 * stiffness[:, -1:] + 1e-12)
    along = np.einsum("bij,bi->bj", axes, gradient)
    extra = np.zeros(len(gradient))
    for _ in range(SECULAR_STEPS):  # Newton's on 1 / length, which is nearly straight
        damped = stiffness + extra[:, None]
        square = (along**2 / damped**2).sum(axis=1)
        too_long = np.sqrt(square) / trusted - 1
        slope = (along**2 / damped**3).sum(axis=1)
        extra += np.where(too_long > 1e-3, too_long * square / np.maximum(slope, 1e-300), 0.0)
    parts = along / (stiffness + extra[:, None])
    promised = (parts * along - 0.5 * parts**2 * stiffness).sum(axis=1)
    step = np.einsum("bij,bj->bi", axes, parts)
    length = np.linalg.norm(step, axis=1)
    step *= np.minimum(1, trusted / np.maximum(length, 1e-300))[:, None]
    return step, np.maximum(promised, 1e-300)


def _learned(curvature: Float, step: Float, change: Float, *, is_first: bool) -> Float:
    """Update the curvature (BFGS) by how the gradient changed over a step."""
    along, stiffness = float(step @ change), float(step @ curvature @ step)
    if stiffness <= 0:
        return curvature
    if is_first:
        factor = float(np.clip(along / stiffness, 1 / MOST_RESCALED, MOST_RESCALED))
        curvature, stiffness = factor * curvature, factor * stiffness
    pushed = curvature @ step
    if along < LEAST_STIFFNESS * stiffness:
        share = (1 - LEAST_STIFFNESS) * stiffness / (stiffness - along)
        change = share * change + (1 - share) * pushed
        along = float(step @ change)
    return np.asarray(curvature + np.outer(change, change) / along - np.outer(pushed, pushed) / stiffness)
