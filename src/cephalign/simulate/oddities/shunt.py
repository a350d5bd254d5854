"""A tube that drains a ventricle, its valve, and its way down under the scalp."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from cephalign.geometry import Grid
from cephalign.simulate.head import Head
from cephalign.simulate.oddities.brush import around
from cephalign.simulate.oddities.burr_holes import BurrHole
from cephalign.simulate.oddities.probe import (
    MIDDLE_MM,
    Crossing,
    Triple,
    crossing,
    random_place,
    triple,
    unit,
)
from cephalign.simulate.tissues import Tissue

TUBE_MM, VALVE_MM = 1.3, 3.5
# How steep the tube's way down is followed below the horizon of the middle of the brain (sine).
LOWEST = -0.45


@dataclass(frozen=True)
class Shunt:
    """Where the tube runs.

    Parameters
    ----------
    path_mm : tuple of (3,) tuples
        From the ventricle to the skull and on below the scalp, head mm.
    valve_mm : (3,) tuple
        Middle of the valve.
    hole : BurrHole
    """

    path_mm: tuple[Triple, ...]
    valve_mm: Triple
    hole: BurrHole

    def put(self, tissues: torch.Tensor, grid: Grid) -> None:
        """Change a label map."""
        self.hole.put(tissues, grid)
        spacing = float(grid.spacing[0])
        radius = max(TUBE_MM, 0.5 * spacing)
        for start, end in pairwise(self.path_mm):
            patch = around(tissues, grid, [start, end], radius)
            if patch is not None:
                tube = patch.from_line(start, end) < radius
                patch.put(Tissue.PLASTIC, tube & (patch.tissues != int(Tissue.AIR)))
        patch = around(tissues, grid, [self.valve_mm], VALVE_MM + spacing)
        if patch is not None:
            away = patch.from_point(self.valve_mm)
            patch.put(Tissue.PLASTIC, away < VALVE_MM)
            patch.put(Tissue.METAL, away < max(1.2, 0.6 * spacing))


def draw_shunt(rng: np.random.Generator, head: Head) -> Shunt | None:
    """Draw a shunt into a lateral ventricle from the forehead or from behind; None without a ventricle."""
    side = float(rng.choice([-1.0, 1.0]))
    tip = random_place(rng, head, Tissue.VENTRICLE, beside_mm=6 * side)
    if tip is None:
        return None
    ways = {"front": (0.35 * side, 0.55, 0.75), "back": (0.45 * side, -0.8, 0.4)}
    outward = np.array(ways[str(rng.choice(list(ways)))]) + rng.normal(0, 0.08, 3)
    entry = crossing(head, outward, tip)
    if entry is None:
        return None
    path = [triple(tip), triple(entry.at(entry.outer_mm + 1))]
    down = [triple(_under_scalp(found)) for found in _way_down(head, entry, side)]
    valve = down[len(down) // 4] if down else path[-1]
    return Shunt((*path, *down), valve, BurrHole.through(entry, float(rng.uniform(4, 6))))


def _way_down(head: Head, entry: Crossing, side: float) -> list[Crossing]:
    """Return rays whose ends lead from the entry to behind the ear."""
    start = unit(entry.at(entry.outer_mm) - np.array(MIDDLE_MM))
    flat = np.sqrt(1 - LOWEST**2)
    end = unit(np.array([side * flat * 0.85, -flat * 0.5, LOWEST]))
    rays = [unit((1 - share) * start + share * end) for share in np.linspace(0.05, 1, 16)]
    found = [crossing(head, ray) for ray in rays]
    return [one for one in found if one is not None]


def _under_scalp(found: Crossing) -> Triple:
    """Return the middle of what lies between skull and skin, or just above the skull."""
    room = max(found.skin_mm - found.outer_mm, 0.0)
    return triple(found.at(found.outer_mm + min(max(0.35 * room, 1.0), 4.0)))
