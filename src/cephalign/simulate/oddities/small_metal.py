"""Small things of metal: dental crowns and aneurysm clips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from cephalign.geometry import Grid
from cephalign.simulate.head import Head
from cephalign.simulate.oddities.brush import around
from cephalign.simulate.oddities.probe import Triple, random_place, triple, unit
from cephalign.simulate.tissues import Tissue

# Where aneurysms are clipped, about the circle of Willis: bounds of |x|, y and z in head mm.
WILLIS_MM = ((2.0, 32.0), (-6.0, 18.0), (-24.0, -6.0))


@dataclass(frozen=True)
class Crown:
    """Metal on a tooth.

    Parameters
    ----------
    middle_mm : (3,) tuple
        Head mm.
    radius_mm : float
        Within this, teeth are metal.
    """

    middle_mm: Triple
    radius_mm: float

    def put(self, tissues: torch.Tensor, grid: Grid) -> None:
        """Change a label map."""
        patch = around(tissues, grid, [self.middle_mm], self.radius_mm)
        if patch is not None:
            away = patch.from_point(self.middle_mm)
            patch.put(Tissue.METAL, away < self.radius_mm, (Tissue.TOOTH,))
            patch.put(Tissue.METAL, away < max(1.0, 0.5 * float(grid.spacing[0])))


@dataclass(frozen=True)
class Clip:
    """Two blades that meet at an angle.

    Parameters
    ----------
    joint_mm : (3,) tuple
        Head mm.
    ends_mm : two (3,) tuples
    """

    joint_mm: Triple
    ends_mm: tuple[Triple, Triple]

    def put(self, tissues: torch.Tensor, grid: Grid) -> None:
        """Change a label map."""
        radius = max(0.9, 0.51 * float(grid.spacing[0]))
        patch = around(tissues, grid, [self.joint_mm, *self.ends_mm], radius)
        if patch is not None:
            for end in self.ends_mm:
                patch.put(Tissue.METAL, patch.from_line(self.joint_mm, end) < radius)


def draw_crowns(rng: np.random.Generator, head: Head) -> tuple[Crown, ...]:
    """Draw one to eight crowns and fillings; none where there are no teeth."""
    count = int(rng.integers(1, 9))
    middles = [random_place(rng, head, Tissue.TOOTH) for _ in range(count)]
    return tuple(Crown(triple(m), float(rng.uniform(2, 4.5))) for m in middles if m is not None)


def draw_clip(rng: np.random.Generator, head: Head) -> Clip:
    """Draw a clip."""
    x, y, z = (rng.uniform(*span) for span in WILLIS_MM)
    joint = np.array([x * rng.choice([-1, 1]), y, z])
    blade = unit(rng.standard_normal(3)) * rng.uniform(7, 12)
    spring = unit(-blade + rng.normal(0, 3, 3)) * rng.uniform(4, 7)
    return Clip(triple(joint), (triple(joint + blade), triple(joint + spring)))
