"""The strap that holds a head down, across the forehead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from cephalign.geometry.grid import Float
from cephalign.simulate.artefacts.parts import AIR_HU, Triple, covered


@dataclass(frozen=True)
class Strap:
    """A band over the forehead: the upper part of an ellipse.

    Parameters
    ----------
    centre_mm : (3,) tuple
        Middle of the ellipse, in the middle of the band.
    half_mm : (2,) tuple
        Semi-axes along x and y.
    thick_mm, wide_mm, hu : float
    """

    centre_mm: Triple
    half_mm: tuple[float, float]
    thick_mm: float
    wide_mm: float
    hu: float

    def box(self) -> tuple[Triple, Triple]:
        """See `Part`."""
        x, y, z = self.centre_mm
        a, b = self.half_mm[0] + self.thick_mm, self.half_mm[1] + self.thick_mm
        return (x - a, y, z - self.wide_mm / 2), (x + a, y + b, z + self.wide_mm / 2)

    def above_air(self, x: torch.Tensor, y: torch.Tensor, z: torch.Tensor, edge_mm: float) -> torch.Tensor:
        """See `Part`."""
        a, b = self.half_mm
        u, v = (x - self.centre_mm[0]) / a, (y - self.centre_mm[1]) / b
        level = (u * u + v * v).sqrt()
        slope = ((u / a) ** 2 + (v / b) ** 2).sqrt().clamp(min=1e-6) / level.clamp(min=1e-3)
        inner = (1 - level) / slope
        share = covered(inner, edge_mm) - covered(inner + self.thick_mm, edge_mm)
        share = share * covered((z - self.centre_mm[2]).abs() - self.wide_mm / 2, edge_mm)
        return share * covered(self.centre_mm[1] - y, edge_mm) * (self.hu - AIR_HU)


def draw_strap(rng: np.random.Generator, head_box_world: Float) -> Strap:
    """Draw a strap.

    Parameters
    ----------
    rng : numpy Generator
    head_box_world : (2, 3) array
        Lowest and highest corner around the head in world mm; the patient lies on the back. The nose is the
        box's front: the forehead lies some way behind it.

    Returns
    -------
    Strap
    """
    low, high = head_box_world
    front = float(high[1]) - float(rng.uniform(8, 25))
    centre = float(low[1]) + 0.45 * float(high[1] - low[1])
    height = float(high[2]) - float(rng.uniform(55, 95))
    return Strap(
        centre_mm=(float(low[0] + high[0]) / 2, centre, height),
        half_mm=(float(high[0] - low[0]) / 2 + float(rng.uniform(-8, 8)), front - centre),
        thick_mm=float(rng.uniform(0.8, 2.5)),
        wide_mm=float(rng.uniform(25, 55)),
        hu=float(rng.uniform(-600, 0)),
    )
