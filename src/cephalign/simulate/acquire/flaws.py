"""What may spoil a scan, and how often it does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from cephalign.errors import InputError
from cephalign.simulate.acquire.parts import Interval

CHANCES = ("coil_chance", "circle_chance", "distortion_chance", "rectified_chance", "ghosting_chance")


@dataclass(frozen=True)
class Flaws:
    """What spoils a scan, and how often.

    Parameters
    ----------
    noise : Interval
        HU in the middle of the head for CT; against the signal of white matter (the brightest tissue, where
        contrast follows no physics) for MR; against grey matter for PET.
    kernel : Interval
        See `Resolution`.
    texture : Interval
        See `Acquisition`.
    blur_mm : Interval
        See `Resolution`.
    bias : Interval
        How strong the coil's shading is: half the range of its logarithm over the head.
    coil_chance : float
        How often MR fades along the neck.
    circle_chance : float
        How often a CT is reconstructed within a circle only.
    hardware : mapping of str to float
        Chance of each kind of thing around the head.
    hardening : Interval
    distortion_chance, rectified_chance : float
        How often space is bent at all, and how often that was corrected but for a rest.
    ghosting_chance : float
    ghosting_vox : Interval
        How far the head moves.
    """

    noise: Interval
    kernel: Interval = (0.0, 0.0)
    texture: Interval = (0.4, 0.9)
    blur_mm: Interval = (0.0, 0.0)
    bias: Interval = (0.0, 0.0)
    coil_chance: float = 0.0
    circle_chance: float = 0.0
    hardware: Mapping[str, float] = field(default_factory=dict)
    hardening: Interval = (0.0, 0.0)
    distortion_chance: float = 0.0
    rectified_chance: float = 0.0
    ghosting_chance: float = 0.0
    ghosting_vox: Interval = (0.0, 0.0)

    def __post_init__(self) -> None:
        for name in ("noise", "texture", "blur_mm", "bias", "hardening", "ghosting_vox"):
            low, high = getattr(self, name)
            if not 0 <= low <= high < math.inf:
                raise InputError(
                    f"flaws: {name}", expected="an interval from 0 on", got=f"{low:g} to {high:g}"
                )
        chances = {name: getattr(self, name) for name in CHANCES} | dict(self.hardware)
        for name, chance in chances.items():
            if not 0 <= chance <= 1:
                raise InputError(f"flaws: chance of {name}", expected="0 to 1", got=f"{chance:g}")
