"""One rigid copy of a scan: how it moves is drawn first, and done afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cephalign.geometry import Rigid, Volume
from cephalign.geometry.grid import Float
from cephalign.prep.resample import resample

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Motion:
    """How a copy's head lies against its original's: a turn, and then a shift.

    Parameters
    ----------
    axis : tuple of three floats
        What the head turns about, right-handed; world axes.
    angle_deg : float
        May be negative.
    shift_mm : tuple of three floats
        Along the world axes.
    centre_mm : tuple of three floats
        The point that the turn leaves in its place, RAS+ mm.

    Raises
    ------
    GeometryError
        An axis without length, NaN or infinity.
    """

    axis: Triple
    angle_deg: float
    shift_mm: Triple
    centre_mm: Triple

    def __post_init__(self) -> None:
        self.copy_from_original  # noqa: B018 - refuses what is no motion

    @property
    def copy_from_original(self) -> Rigid:
        """Takes a point of the original to the same anatomy in the copy."""
        return Rigid.from_axis_angle(self.axis, self.angle_deg, self.shift_mm, self.centre_mm)


def draw_motion(rng: np.random.Generator, angle_deg: float, shift_mm: float, centre_mm: ArrayLike) -> Motion:
    """Draw a motion as in the paper ('Data augmentation').

    Parameters
    ----------
    rng : numpy Generator
    angle_deg : float
        The angle is uniform between minus and plus this, about an axis that is uniform on the sphere.
    shift_mm : float
        So is the shift along each world axis.
    centre_mm : (3,) array
        The axis goes through this point, RAS+ mm.

    Returns
    -------
    Motion
    """
    axis = rng.normal(size=3)
    angle = rng.uniform(-angle_deg, angle_deg)
    shift = rng.uniform(-shift_mm, shift_mm, 3)
    return Motion(
        _triple(axis / np.linalg.norm(axis)),
        float(angle),
        _triple(shift),
        _triple(np.asarray(centre_mm, dtype=np.float64)),
    )


def no_motion(centre_mm: ArrayLike) -> Motion:
    """Return how an original lies against itself."""
    return Motion((1.0, 0.0, 0.0), 0.0, (0.0, 0.0, 0.0), _triple(np.asarray(centre_mm, dtype=np.float64)))


def moved_copy(original: Volume, motion: Motion) -> Volume:
    """Show the head of a scan moved, on the scan's own grid, as if it had been scanned so.

    What lies beyond the original is empty space (`prep.resample.background`). Its border values carried on
    would be streaks that no scanner makes, and a registration would take them for anatomy. But the bare
    corners, and the blur of the interpolation (linear: the paper names none, and MATLAB's default is this),
    show that a scan was moved; a simulated head, which is scanned anew, has neither.

    Parameters
    ----------
    original : Volume
    motion : Motion

    Returns
    -------
    Volume
        In the grid, type and modality of `original`.
    """
    return resample(original, original.grid, motion.copy_from_original.inverse())


def truth_of_copies(moving_from_fixed: Rigid, fixed: Motion, moving: Motion) -> Rigid:
    """Return `moving_from_fixed` of the copies of a pair.

    Parameters
    ----------
    moving_from_fixed : Rigid
        Of the originals, RAS+ mm.
    fixed, moving : Motion
        How the copy of the fixed and that of the moving scan were moved.

    Returns
    -------
    Rigid
    """
    return moving.copy_from_original @ moving_from_fixed @ ~fixed.copy_from_original


def _triple(values: Float) -> Triple:
    x, y, z = values.tolist()
    return float(x), float(y), float(z)
