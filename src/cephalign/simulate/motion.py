"""Random rigid motions."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cephalign.geometry import Rigid


def random_motion(
    rng: np.random.Generator,
    angle_deg: float,
    shift_mm: float,
    centre: ArrayLike,
    *,
    least_angle_deg: float = 0.0,
) -> Rigid:
    """Turn about a random axis through `centre`, then move in a random direction.

    Parameters
    ----------
    rng : numpy Generator
    angle_deg, shift_mm : float
        The most; angle and distance are uniform between nothing and it.
    centre : (3,) array
        RAS+ mm.
    least_angle_deg : float
        The least angle, for a band of angles.

    Returns
    -------
    Rigid
    """
    axis, direction = rng.normal(size=(2, 3))
    turn = rng.uniform(least_angle_deg, angle_deg)
    shift = rng.uniform(0, shift_mm) * direction / np.linalg.norm(direction)
    return Rigid.from_axis_angle(axis, turn, shift, centre)
