"""What a preset asks of one kind of scan: ranges that acquisitions are drawn from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from cephalign.errors import GeometryError, InputError
from cephalign.geometry import Modality
from cephalign.simulate.acquire.any_contrast import AnyContrast
from cephalign.simulate.acquire.contrast import Contrast
from cephalign.simulate.acquire.parts import Profile

# Lowest and highest, drawn evenly between.
Interval = tuple[float, float]
Plane = Literal["axial", "coronal", "sagittal"]
CHANCES = ("coil_chance", "circle_chance", "distortion_chance", "rectified_chance", "ghosting_chance")


@dataclass(frozen=True)
class Coverage:
    """The grid of a scan, and what of the head it covers.

    Parameters
    ----------
    matrix : Interval
        Voxels along rows and columns (as many).
    spacing_mm : Interval
        Within a slice.
    slices : Interval
    distance_mm : Interval, optional
        Between the middles of slices; as within a slice if None.
    thickness : Interval
        Of a slice, as a share of the distance: below 1 there are gaps.
    profile : {'box', 'bell'}
    planes : tuple of {'axial', 'coronal', 'sagittal'}
    oblique_deg : float
        Turn of the grid about each axis, at most.
    above_vertex_mm : Interval
        How far the scan reaches above the vertex.
    off_centre_mm : float
        How far its middle lies from the head's along the other axes, at most.
    tilt_deg : Interval
        Of a CT's gantry.
    tilt_chance : float
        How often it is tilted at all.

    Raises
    ------
    GeometryError
        No voxels, no positive spacing, or an interval that is none.
    """

    matrix: Interval
    spacing_mm: Interval
    slices: Interval
    distance_mm: Interval | None = None
    thickness: Interval = (1.0, 1.0)
    profile: Profile = "box"
    planes: tuple[Plane, ...] = ("axial",)
    oblique_deg: float = 6.0
    above_vertex_mm: Interval = (-10.0, 8.0)
    off_centre_mm: float = 5.0
    tilt_deg: Interval = (-20.0, 20.0)
    tilt_chance: float = 0.0

    def __post_init__(self) -> None:
        for name, least, most in (
            ("matrix", 1, 4096),
            ("slices", 1, 4096),
            ("spacing_mm", 0.05, 50),
            ("distance_mm", 0.05, 50),
            ("thickness", 0.05, 4),
            ("above_vertex_mm", -400, 400),
            ("tilt_deg", -30, 30),
        ):
            low, high = getattr(self, name) or self.spacing_mm
            if not least <= low <= high <= most:
                raise GeometryError(
                    f"coverage: {name}",
                    expected=f"an interval within {least:g} to {most:g}",
                    got=f"{low:g} to {high:g}",
                )
        if not self.planes or not set(self.planes) <= {"axial", "coronal", "sagittal"}:
            raise GeometryError("coverage: planes", expected="axial, coronal, sagittal", got=str(self.planes))


@dataclass(frozen=True)
class Sequence:
    """A contrast whose parameters are drawn.

    Parameters
    ----------
    kind : class
        Of a contrast.
    ranges : mapping of str to Interval
        Its parameters by name.
    """

    kind: type[Contrast]
    ranges: Mapping[str, Interval] = field(default_factory=dict)

    def draw(self, rng: np.random.Generator) -> Contrast:
        """Draw the parameters."""
        if self.kind is AnyContrast:
            return AnyContrast.draw(rng)
        drawn: dict[str, Any] = {name: float(rng.uniform(*span)) for name, span in self.ranges.items()}
        return self.kind(**drawn)


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
        How strong the coil's shading is, as a logarithm.
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


@dataclass(frozen=True)
class Stored:
    """A way to store a scan.

    Parameters
    ----------
    dtype : {'int16', 'uint16', 'uint8'}
    level : Interval or None
        What the brightest of fat, water and brain becomes; None keeps the unit (HU).
    intercept : float
        Added.
    lowest, highest : float
    fill : float
        Stored where nothing was measured.
    """

    dtype: str
    level: Interval | None
    intercept: float
    lowest: float
    highest: float
    fill: float = 0.0


@dataclass(frozen=True)
class Protocol:
    """What is asked of one kind of scan.

    Parameters
    ----------
    modality : Modality
    coverages : tuple of Coverage
        One of them is drawn, as of the following.
    sequences : tuple of Sequence
    flaws : Flaws
    storages : tuple of Stored
    """

    modality: Modality
    coverages: tuple[Coverage, ...]
    sequences: tuple[Sequence, ...]
    flaws: Flaws
    storages: tuple[Stored, ...]
