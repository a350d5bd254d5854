"""Markers stuck to the skin before a scan, for navigation: rings filled with something oily."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from cephalign.geometry import Grid
from cephalign.geometry.grid import Float
from cephalign.simulate.head import Head
from cephalign.simulate.oddities.brush import around
from cephalign.simulate.oddities.probe import (
    Crossing,
    Triple,
    across,
    crossing,
    random_crossing,
    triple,
    unit,
)
from cephalign.simulate.tissues import Tissue

# As sold for navigation: 15 mm wide, with a hole of 5 mm, 3.5 mm high.
RADIUS_MM, HOLE_MM, HIGH_MM = 7.5, 2.5, 3.5
APART_MM = 20.0


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
    markers: list[SkinMarker] = []
    for _ in range(int(rng.integers(4, 11))):
        found = random_crossing(rng, head, least_up=0.05)
        if found is None:
            continue
        middle = found.at(found.skin_mm)
        if all(np.linalg.norm(middle - np.array(other.middle_mm)) > APART_MM for other in markers):
            markers.append(SkinMarker(triple(middle), triple(_normal(head, found))))
    return tuple(markers)


def _normal(head: Head, found: Crossing) -> Float:
    """Return the (3,) direction away from the skin, from three rays beside that of a marker."""
    outward, place = np.array(found.outward), found.at(found.skin_mm) - np.array(found.origin)
    first, second = across(outward)
    beside = [crossing(head, place + RADIUS_MM * side) for side in (first, second, -first - second)]
    ends = [one.at(one.skin_mm) for one in beside if one is not None]
    if len(ends) < 3:
        return outward
    normal = np.cross(ends[1] - ends[0], ends[2] - ends[0])
    normal = unit(normal) if np.linalg.norm(normal) > 1 else outward
    facing = float(normal @ outward)
    # An ear beside the marker would tip it over.
    return np.sign(facing) * normal if abs(facing) > 0.7 else outward
