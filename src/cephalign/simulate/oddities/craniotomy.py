"""Openings of the skull: a flap that was put back with plates, taken away or replaced."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from cephalign.geometry import Grid
from cephalign.geometry.grid import Float
from cephalign.simulate.head import Head
from cephalign.simulate.oddities.brush import Patch, around
from cephalign.simulate.oddities.probe import BONE, Triple, across, random_crossing, triple
from cephalign.simulate.tissues import Tissue

# How far below and above the skull at its middle a flap may bend away, as a share of its radius.
BEND = 0.75
HOLE_MM = 6.0
PLATE_MM = (8.0, 2.2)  # half the length and half the width of a plate


@dataclass(frozen=True)
class Craniotomy:
    """A flap of bone that was cut out.

    Parameters
    ----------
    middle_mm, outward : (3,) tuples
        On the outer face of the skull, head mm; unit vector.
    radius_mm : float
    lobes : int
        How often the flap's outline bulges.
    bulge, turn : float
        How much, as a share, and where (radians).
    cut_mm : float
        Width of the cut.
    flap : int
        `Tissue` in place of the flap, of which metal is a thin sheet; -1 for the bone itself, put back.
    plates_rad : tuple of float
        Where metal plates bridge the cut.
    holes_rad : tuple of float
        Where holes were drilled on the outline.
    """

    middle_mm: Triple
    outward: Triple
    radius_mm: float
    lobes: int
    bulge: float
    turn: float
    cut_mm: float
    flap: int
    plates_rad: tuple[float, ...]
    holes_rad: tuple[float, ...]

    def put(self, tissues: torch.Tensor, grid: Grid) -> None:
        """Change a label map."""
        patch = around(tissues, grid, [self.middle_mm], 1.3 * self.radius_mm + 10)
        if patch is None:
            return
        outward = np.array(self.outward)
        first, second = across(outward)
        u, v = patch.along(self.middle_mm, first), patch.along(self.middle_mm, second)
        depth = patch.along(self.middle_mm, outward)
        radius, angle = torch.hypot(u, v), torch.atan2(v, u)
        edge = self.radius_mm * (1 + self.bulge * torch.cos(self.lobes * (angle - self.turn)))
        near = (depth < 12) & (depth > -12 - BEND * self.radius_mm)
        beyond = radius - edge
        # A cut thinner than a voxel is still seen as one.
        half = max(self.cut_mm, float(grid.spacing[0])) / 2
        bone = patch.any_of(BONE) & near
        outer = bone & ~bone.roll(*_step_inward(outward))
        if self.flap >= 0:
            patch.put(Tissue.SOFT if self.flap == Tissue.METAL else self.flap, bone & (beyond < half))
        patch.put(Tissue.SOFT, bone & (beyond.abs() <= half))
        if self.flap == Tissue.METAL:
            patch.put(Tissue.METAL, outer & (beyond < half))
        for hole in self.holes_rad:
            patch.put(Tissue.SOFT, bone & (torch.hypot(*self._from_outline(u, v, hole)) < HOLE_MM))
        self._put_plates(patch, u, v, outer)

    def _put_plates(self, patch: Patch, u: torch.Tensor, v: torch.Tensor, outer: torch.Tensor) -> None:
        """Lay plates over the cut: thin strips that point to the middle."""
        for plate in self.plates_rad:
            du, dv = self._from_outline(u, v, plate)
            cos, sin = float(np.cos(plate)), float(np.sin(plate))
            strip = ((du * cos + dv * sin).abs() < PLATE_MM[0]) & ((dv * cos - du * sin).abs() < PLATE_MM[1])
            patch.put(Tissue.METAL, outer & strip)

    def _from_outline(self, u: torch.Tensor, v: torch.Tensor, angle: float) -> tuple[torch.Tensor, ...]:
        """Return mm from a point of the outline, seen from above, along both axes."""
        edge = self.radius_mm * (1 + self.bulge * np.cos(self.lobes * (angle - self.turn)))
        return u - float(edge * np.cos(angle)), v - float(edge * np.sin(angle))


def _step_inward(outward: Float) -> tuple[int, int]:
    """Return the shift, and its axis, that brings to a voxel what lies above it."""
    axis = int(np.argmax(np.abs(outward)))
    return (-1 if outward[axis] > 0 else 1), axis


def draw_craniotomy(rng: np.random.Generator, head: Head) -> Craniotomy | None:
    """Draw an opening of the vault: two of three flaps were put back."""
    found = random_crossing(rng, head, least_up=0.1, most_up=0.9)
    if found is None:
        return None
    fate = rng.choice(["back", "back", "gone", "metal", "plastic"])
    flap = {"back": -1, "gone": Tissue.SOFT, "metal": Tissue.METAL, "plastic": Tissue.PLASTIC}[str(fate)]
    plates = int(rng.integers(3, 6)) if fate == "back" else 0
    holes = int(rng.integers(0, 5))
    return Craniotomy(
        middle_mm=triple(found.at(found.outer_mm)),
        outward=found.outward,
        radius_mm=float(rng.uniform(16, 45)),
        lobes=int(rng.integers(2, 5)),
        bulge=float(rng.uniform(0, 0.18)),
        turn=float(rng.uniform(0, 2 * np.pi)),
        cut_mm=float(rng.uniform(1.2, 3.0)),
        flap=int(flap),
        plates_rad=_spread(rng, plates),
        holes_rad=_spread(rng, holes),
    )


def _spread(rng: np.random.Generator, count: int) -> tuple[float, ...]:
    """Return angles about as far from each other as they can be."""
    start = rng.uniform(0, 2 * np.pi)
    return tuple(float(start + 2 * np.pi * (n + rng.uniform(-0.15, 0.15)) / count) for n in range(count))
