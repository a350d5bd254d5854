"""Parts of an acquisition: what a voxel averages over, what was measured at all, how it was stored."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np

from cephalign.errors import InputError

Profile = Literal["box", "bell"]
# Lowest and highest; what is drawn lies evenly between.
Interval = tuple[float, float]


@dataclass(frozen=True)
class Resolution:
    """What one voxel averages over.

    Parameters
    ----------
    thickness_mm : float
        Of a slice; its full width at half maximum where the profile is a bell. It may differ from the
        distance between slices: then there are gaps, or overlaps.
    profile : {'box', 'bell'}
        A sharp slice, as in CT, or a soft one, as a selective pulse makes it.
    blur_mm : float
        Full width at half maximum of the scanner's own blur in all directions (PET); 0 for none.
    kernel : float
        Above 0 sharpens in the plane of the slices, below 0 (to -1) smooths.
    """

    thickness_mm: float
    profile: Profile = "box"
    blur_mm: float = 0.0
    kernel: float = 0.0

    def __post_init__(self) -> None:
        if self.profile not in {"box", "bell"}:
            raise InputError("slice profile", expected="box or bell", got=repr(self.profile))
        for name, least, most in (("thickness_mm", 1e-3, 100), ("blur_mm", 0, 50), ("kernel", -1, 3)):
            within(name, getattr(self, name), least, most)


@dataclass(frozen=True)
class Coil:
    """A head coil: what lies far along the scanner's z axis is seen less and less.

    Parameters
    ----------
    middle_mm : float
        World z of its middle.
    half_mm : float
        Half its length: there, half is seen.
    fall_mm : float
        Over about four times this, the sensitivity falls from nearly all to nearly nothing.
    """

    middle_mm: float
    half_mm: float
    fall_mm: float

    def __post_init__(self) -> None:
        for name, least in (("middle_mm", -1e4), ("half_mm", 1.0), ("fall_mm", 1.0)):
            within(name, getattr(self, name), least, 1e4)


@dataclass(frozen=True)
class Reach:
    """What part of the grid was measured.

    Parameters
    ----------
    circle_mm : float
        Diameter of the circle within which CT slices are reconstructed; 0 if all of them is.
    drift_mm : float
        How far along j each measured slice lies from the one before: a tilted gantry's slices, put onto an
        orthogonal grid as converters do it, are shifted against each other, and wedges remain empty.
    fill : float
        Value where nothing was measured.
    """

    circle_mm: float = 0.0
    drift_mm: float = 0.0
    fill: float = 0.0

    def __post_init__(self) -> None:
        within("circle_mm", self.circle_mm, 0, 5000)
        within("drift_mm", self.drift_mm, -100, 100)
        within("fill", self.fill, -(2**15), 2**15)


@dataclass(frozen=True)
class Storage:
    """How values become whole numbers: value * slope + intercept, clipped.

    Parameters
    ----------
    dtype : {'int16', 'uint16', 'uint8'}
    slope, intercept : float
    lowest, highest : float
        Of the stored numbers, but for what was not measured.
    """

    dtype: str
    slope: float
    intercept: float
    lowest: float
    highest: float

    def __post_init__(self) -> None:
        if self.dtype not in {"int16", "uint16", "uint8"}:
            raise InputError("stored type", expected="int16, uint16 or uint8", got=repr(self.dtype))
        within("slope", self.slope, 1e-9, 1e9)
        info = np.iinfo(self.dtype)
        if not info.min <= self.lowest < self.highest <= info.max or not math.isfinite(self.intercept):
            raise InputError(
                "range of stored values",
                expected=f"within {info.min} to {info.max}",
                got=f"{self.lowest:g} to {self.highest:g}",
            )


def within(name: str, value: float, least: float, most: float) -> None:
    """Refuse what is not between two numbers, NaN too."""
    if not least <= value <= most:
        raise InputError(f"{name} is impossible", expected=f"{least:g} to {most:g}", got=f"{value:g}")


def check_numbers(part: Any, nothing_allowed: tuple[str, ...] = ()) -> None:
    """Refuse a contrast with numbers that no scanner has; those named may be 0."""
    for field in fields(part):
        value = getattr(part, field.name)
        lowest = 0 if field.name in nothing_allowed else math.nextafter(0, 1)
        highest = {"tesla": 3.5, "flip_deg": 180.0}.get(field.name, 1e6)
        if not lowest <= value <= highest:
            raise InputError(
                f"{type(part).__name__}: {field.name} is impossible",
                expected=f"{'above' if lowest else 'at least'} 0, at most {highest:g}",
                got=f"{value:g}",
            )
