"""Markers stuck to the skin before a scan, for navigation: rings filled with something oily."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from cephalign.geometry import Grid
from cephalign.simulate.head import Head
from cephalign.simulate.oddities.brush import around
from cephalign.simulate.oddities.probe import Triple, random_crossing, triple
from cephalign.simulate.tissues import Tissue

# As sold for navigation: 15 mm wide, with a hole of 5 mm, 3.5 mm high.
RADIUS_MM, HOLE_MM, HIGH_MM = 7.5, 2.5, 3.5


@dataclass(frozen=True)
class SkinMarker:
    """A ring on the skin.

    Parameters
    ----------
    middle_mm, outward : (3,) tuples
        On the skin, head mm; unit normal.
    """

    middle_mm: Triple
    outward: Triple

    def put(self, tissues: torch.Tensor, grid: Grid) -> None:
        """Change a label map: only what was air."""
        patch = around(tissues, grid, [self.middle_mm], RADIUS_MM + HIGH_MM)
        if patch is None:
            return
        height = patch.along(self.middle_mm, np.array(self.outward))
        away = (patch.from_point(self.middle_mm) ** 2 - height**2).clamp(min=0).sqrt()
        # Skin is round: the ring bends with it, the more the further out.
        height = height + away**2 / 180
        ring = (away < RADIUS_MM) & (height > -2) & (height < max(HIGH_MM, float(grid.spacing[0])))
        hole = away < HOLE_MM
        patch.put(Tissue.FAT, ring & ~hole, (Tissue.AIR,))


def draw_skin_markers(rng: np.random.Generator, head: Head) -> tuple[SkinMarker, ...]:
    """Draw four to ten markers on the scalp."""
    found = [random_crossing(rng, head, least_up=0.05) for _ in range(int(rng.integers(4, 11)))]
    return tuple(SkinMarker(triple(one.at(one.skin_mm)), one.outward) for one in found if one is not None)
