"""The strap that holds a head down, from one rim of the holder across the forehead to the other."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from cephalign.geometry.grid import Float
from cephalign.simulate.artefacts.parts import AIR_HU, Triple, covered


@dataclass(frozen=True)
class Strap:
    """A taut band: over an ellipse that stands for the head, and straight from there to the rims.

    Parameters
    ----------
    centre_mm : (3,) tuple
        Middle of the ellipse, in the middle of the band.
    half_mm : (2,) tuple
        Semi-axes along x and y.
    rim_mm : (2,) tuple
        How far its ends lie from the middle along x, on both sides, and y.
    thick_mm, wide_mm, hu : float
    """

    centre_mm: Triple
    half_mm: tuple[float, float]
    rim_mm: tuple[float, float]
    thick_mm: float
    wide_mm: float
    hu: float

    def box(self) -> tuple[Triple, Triple]:
        """See `Part`."""
        x, y, z = self.centre_mm
        a = max(self.half_mm[0], self.rim_mm[0]) + self.thick_mm
        low = (x - a, y + min(self.rim_mm[1], 0.0) - self.thick_mm, z - self.wide_mm / 2)
        return low, (x + a, y + self.half_mm[1] + self.thick_mm, z + self.wide_mm / 2)

    def above_air(self, x: torch.Tensor, y: torch.Tensor, z: torch.Tensor, edge_mm: float) -> torch.Tensor:
        """See `Part`."""
        across, up = (x - self.centre_mm[0]).abs(), y - self.centre_mm[1]
        away = self._from_band(across, up)
        # What a slab thinner than a voxel fills of it.
        share = ((self.thick_mm / 2 - away) / edge_mm + 0.5).clamp(0, min(1.0, self.thick_mm / edge_mm))
        share = share * covered((z - self.centre_mm[2]).abs() - self.wide_mm / 2, edge_mm)
        return share * (self.hu - AIR_HU)

    def _from_band(self, across: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
        """Return mm from the band's middle, of points right of the head's middle."""
        (a, b), (end_u, end_v) = self.half_mm, self.rim_mm
        # Where the straight piece touches: seen from the rim in a frame where the ellipse is a unit circle.
        rim_u, rim_v = end_u / a, end_v / b
        angle = math.atan2(rim_v, rim_u) + math.acos(min(1.0, 1 / math.hypot(rim_u, rim_v)))
        touch_u, touch_v = a * math.cos(angle), b * math.sin(angle)
        step_u, step_v = touch_u - end_u, touch_v - end_v
        square = max(step_u * step_u + step_v * step_v, 1e-9)
        share = (((across - end_u) * step_u + (up - end_v) * step_v) / square).clamp(0, 1)
        straight = torch.hypot(across - end_u - share * step_u, up - end_v - share * step_v)
        u, v = across / a, up / b
        level = torch.hypot(u, v)
        slope = torch.hypot(u / a, v / b).clamp(min=1e-6) / level.clamp(min=1e-3)
        beyond = v * math.cos(angle) >= u * math.sin(angle)
        away: torch.Tensor = torch.where(beyond, ((level - 1) / slope).abs(), straight)
        return torch.minimum(away, straight)


def draw_strap(rng: np.random.Generator, head_box_world: Float, rim_world: tuple[float, float]) -> Strap:
    """Draw a strap.

    Parameters
    ----------
    rng : numpy Generator
    head_box_world : (2, 3) array
        Lowest and highest corner around the head in world mm; the patient lies on the back. The nose is the
        box's front and the ears its sides: the forehead lies some way within.
    rim_world : (2,) tuple
        World x and y of the holder's rim on the patient's right or left; the other mirrors it.

    Returns
    -------
    Strap
    """
    low, high = head_box_world
    front = float(high[1]) - float(rng.uniform(8, 25))
    middle, centre = float(low[0] + high[0]) / 2, float(low[1]) + 0.45 * float(high[1] - low[1])
    height = float(high[2]) - float(rng.uniform(55, 95))
    return Strap(
        centre_mm=(middle, centre, height),
        half_mm=(float(high[0] - low[0]) / 2 * float(rng.uniform(0.82, 0.95)), front - centre),
        rim_mm=(abs(rim_world[0] - middle), rim_world[1] - centre),
        thick_mm=float(rng.uniform(0.8, 2.5)),
        wide_mm=float(rng.uniform(25, 55)),
        hu=float(rng.uniform(-600, 0)),
    )
