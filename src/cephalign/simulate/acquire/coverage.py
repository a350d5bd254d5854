"""Where a scan's grid may lie, and what of a head it covers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cephalign.errors import GeometryError
from cephalign.simulate.acquire.parts import Interval, Profile

Plane = Literal["axial", "coronal", "sagittal"]


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
