"""How far the answer may be off at each point of the head, in mm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cephalign.geometry import Rigid
from cephalign.geometry.grid import Float

# Ends so near to each other, in mm, differ by rounding and have no pattern.
SAME_MM = 1e-6


@dataclass(frozen=True, eq=False)
class Residual:
    """The error to expect at a point: the square root of a quadratic form in its coordinates.

    Where several climbs end, they put a point x at places that differ from the answer's by D x, with D the
    difference of the two 4 x 4 matrices. The mean of |D x|^2 over the ends is x' Q x with Q the mean of D' D.

    Parameters
    ----------
    form : (4, 4) array
        Q, for homogeneous points of the fixed scan in RAS+ mm; the value is in square mm.
    """

    form: Float

    def at(self, points: Float) -> Float:
        """Return (...) the error to expect at (..., 3) points of the fixed scan, in mm."""
        x = np.concatenate([points, np.ones((*points.shape[:-1], 1))], axis=-1)
        squares = (x @ self.form * x).sum(axis=-1)
        # Rounding may leave a little less than nothing.
        return np.asarray(np.sqrt(np.maximum(squares, 0)))


def residual(answer: Rigid, ends: Sequence[Rigid], expected_mm: float, body: Float) -> Residual | str:
    """Spread an expected error over the head as the ends of repeated climbs differ from the answer.

    Parameters
    ----------
    answer : Rigid
        `moving_from_fixed`.
    ends : sequence of Rigid
        Where repeated climbs end, in the same direction.
    expected_mm : float
        Mean of the result over the head.
    body : (N, 3) array
        Points all over the head, in the fixed scan, RAS+ mm.

    Returns
    -------
    Residual or str
        The string says why there is none.
    """
    if not np.isfinite(expected_mm):
        return "No error could be stated for this registration, so there is none to show."
    if not ends:
        return "No climbs were repeated, so it is not known where in the head the error is larger."
    apart = np.stack([end.matrix[:3] - answer.matrix[:3] for end in ends])
    spread = Residual(np.asarray(np.einsum("nki,nkj->ij", apart, apart) / len(ends)))
    overall_mm = float(spread.at(body).mean())
    if overall_mm < SAME_MM:
        return "All repeated climbs ended in one place, which tells nothing of where the error is larger."
    return Residual(spread.form * (expected_mm / overall_mm) ** 2)
