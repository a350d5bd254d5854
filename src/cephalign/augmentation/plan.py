"""All that is random in an augmented data set, drawn before the first voxel is touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cephalign.augmentation.motion import Motion, draw_motion
from cephalign.augmentation.split import Subset, draw_split
from cephalign.errors import InputError

HALF_TURN_DEG = 180.0
# A head is shorter: what is shifted farther is shifted out of the picture.
FARTHEST_MM = 300.0


@dataclass(frozen=True)
class Request:
    """How many copies, and how far they move; the paper's choices by default.

    Parameters
    ----------
    count : int
        Copies of each original, the original itself not counted.
    seed : int
        Copy i of original o depends on the seed, o and i alone, so that more copies, or more originals at
        the end, leave the others as they are.
    angle_deg, shift_mm : float
        As for `draw_motion`.

    Raises
    ------
    InputError
        A number that makes no sense.
    """

    count: int = 99
    seed: int = 0
    angle_deg: float = 15.0
    shift_mm: float = 5.0

    def __post_init__(self) -> None:
        for name, least, number in (("count", 1, self.count), ("seed", 0, self.seed)):
            if number < least:
                raise InputError(f"impossible {name}", expected=f"{least} or more", got=str(number))
        for name, value, most, unit in (
            ("angle", self.angle_deg, HALF_TURN_DEG, "degrees"),
            ("shift", self.shift_mm, FARTHEST_MM, "mm"),
        ):
            if not 0 <= value <= most:  # NaN is refused too
                raise InputError(f"impossible {name}", expected=f"0 to {most:g} {unit}", got=f"{value:g}")


@dataclass(frozen=True)
class Plan:
    """What is done to each original.

    Parameters
    ----------
    request : Request
    subsets : tuple of {'train', 'validation', 'test'}
        One for each original.
    motions : tuple of tuples of tuples of Motion
        Of each original, of each copy, of each of its scans.
    """

    request: Request
    subsets: tuple[Subset, ...]
    motions: tuple[tuple[tuple[Motion, ...], ...], ...]


def draw_plan(request: Request, centres_mm: Sequence[Sequence[ArrayLike]]) -> Plan:
    """Draw the split and all motions.

    Each scan of a pair is moved by a motion of its own, since the paper rotates and translates 'each image'.

    Parameters
    ----------
    request : Request
    centres_mm : sequence of sequences of (3,) arrays
        Of each original, the centre of rotation of each of its scans, RAS+ mm.

    Returns
    -------
    Plan
    """
    copies = range(1, request.count + 1)
    motions = tuple(
        tuple(_draw_copy(request, number, copy, centres) for copy in copies)
        for number, centres in enumerate(centres_mm, start=1)
    )
    splitting = np.random.default_rng(request.seed)
    return Plan(request, draw_split(splitting, len(centres_mm)), motions)


def _draw_copy(
    request: Request, number: int, copy: int, centres_mm: Sequence[ArrayLike]
) -> tuple[Motion, ...]:
    """Draw from a stream of random numbers that belongs to this copy alone."""
    rng = np.random.default_rng(np.random.SeedSequence(request.seed, spawn_key=(number, copy)))
    return tuple(draw_motion(rng, request.angle_deg, request.shift_mm, centre) for centre in centres_mm)
