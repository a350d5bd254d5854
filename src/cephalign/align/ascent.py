"""Climbing to the nearest maximum, for several poses side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cephalign.align.information import Evaluated, MutualInformation
from cephalign.geometry.grid import Float


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
    """Maximise from each of (B, 4, 4) poses by damped quasi-Newton steps.

    The curvature starts as the outer product of the points' scores and learns from the gradients met on the
    way (BFGS); the damping is Levenberg and Marquardt's.

    Returns
    -------
    poses : (B, 4, 4) array
    values : (B,) array
        Mutual information in nats; minus infinity where the start does not overlap.
    """
    at, poses = _checked(mi(poses), limits), poses.copy()
    value, gradient, curvature = at.value.copy(), at.gradient.copy(), at.curvature.copy()
    damping = np.full(len(poses), 0.05)
    active = np.isfinite(value)
    for _ in range(limits.steps):
        step = _steps(gradient, curvature, damping, limits.longest_mm)
        active &= np.linalg.norm(step, axis=1) >= limits.enough_mm
        (going,) = np.nonzero(active)
        if not going.size:
            break
        trial = mi.moved(poses[going], step[going])
        new = _checked(mi(trial), limits)
        better = new.value > value[going]
        for b, n in zip(going[better], np.nonzero(better)[0], strict=True):
            curvature[b] = _learned(curvature[b], step[b], gradient[b] - new.gradient[n])
            poses[b], value[b], gradient[b] = trial[n], new.value[n], new.gradient[n]
        damping[going] = np.clip(damping[going] * np.where(better, 0.1, 8.0), 1e-6, 1e6)
    return poses, value


def _checked(at: Evaluated, limits: Climb) -> Evaluated:
    value = np.where(at.overlap < limits.least_overlap, -np.inf, at.value)
    return Evaluated(value, at.overlap, at.gradient, at.curvature)


def _steps(gradient: Float, curvature: Float, damping: Float, longest_mm: float) -> Float:
    diagonal = np.einsum("bii->bi", curvature)
    scale = diagonal + 1e-3 * diagonal.mean(axis=1, keepdims=True) + 1e-12
    damped = curvature + np.einsum("bi,ij->bij", damping[:, None] * scale, np.eye(6))
    damped += 1e-12 * np.eye(6)
    step = np.linalg.solve(damped, gradient[..., None])[..., 0]
    length = np.linalg.norm(step, axis=1, keepdims=True)
    return np.asarray(step * np.minimum(1, longest_mm / np.maximum(length, 1e-12)))


def _learned(curvature: Float, step: Float, change: Float) -> Float:
    """Update the curvature (BFGS) by how the gradient changed over a step, where that is consistent."""
    along = float(step @ change)
    pushed = curvature @ step
    stiffness = float(step @ pushed)
    if along <= 0.05 * stiffness or stiffness <= 0:
        return curvature
    return np.asarray(curvature + np.outer(change, change) / along - np.outer(pushed, pushed) / stiffness)
