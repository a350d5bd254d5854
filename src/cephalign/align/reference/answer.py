"""What a reference method answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cephalign.errors import InputError
from cephalign.geometry import Rigid

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Member:
    """One run, or one step of one, that the answer rests on.

    Parameters
    ----------
    name : str
    moving_from_fixed : Rigid
    similarity : float
        Mutual information in nats; compare within a method only. Minus infinity where nothing overlaps.
    surface_gap_mm : float
        How far the heads' surfaces lie apart there (`surface_gap`); NaN where nobody looked.
    agrees : bool
        Whether it lies where the answer does.
    """

    name: str
    moving_from_fixed: Rigid
    similarity: float
    surface_gap_mm: float
    agrees: bool


@dataclass(frozen=True)
class Spreads:
    """What the stated error is made of: mm, root mean square over the head.

    Parameters
    ----------
    runs : float
        Of the runs that agree, from their mean.
    halves : float
        Between halves of the head (`half_spread`).
    """

    runs: float
    halves: float


@dataclass(frozen=True)
class Reference:
    """A transform to hold others against, with what is known of its own error.

    Parameters
    ----------
    moving_from_fixed : Rigid
        Takes a point of the fixed scan (RAS+ mm) to the same anatomy in the moving scan.
    uncertainty_mm : float
        The stated error: root mean square over the head, as two answers in three keep to. NaN where the
        method states none, infinity where nothing is known.
    agreed : bool
        False is a refusal: do not use the transform as a reference.
    reason : str
        One sentence on why.
    members : tuple of Member
    centre : tuple of three floats
        Middle of the head in the fixed scan, RAS+ mm.
    spreads : Spreads, optional
        What the uncertainty is made of.
    """

    moving_from_fixed: Rigid
    uncertainty_mm: float
    agreed: bool
    reason: str
    members: tuple[Member, ...]
    centre: tuple[float, float, float]
    spreads: Spreads | None = None


@contextmanager
def blaming(scan: str) -> Iterator[None]:
    """Let an error say which of the two scans it is about."""
    try:
        yield
    except InputError as error:
        raise InputError(
            f"{scan} {error.what}", expected=error.expected, got=error.got, do=error.do
        ) from error
