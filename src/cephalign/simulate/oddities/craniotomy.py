"""Openings of the skull: a flap put back with plates, taken away or replaced, and burr holes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from cephalign.geometry import Grid
from cephalign.simulate.head import Head
from cephalign.simulate.oddities.brush import Patch, around
from cephalign.simulate.oddities.probe import BONE, Crossing, Triple, across, random_crossing, triple
from cephalign.simulate.tissues import Tissue

# How far below and above the skull at its middle a flap may bend away, as a share of its radius.
BEND = 0.75


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
        `Tissue` in place of the flap; bone that was put back is -1.
    plates_rad : tuple of float
        Where metal plates bridge the cut.
    holes_rad : tuple of float
        Where holes were drilled on the outline, 6 mm in radius.
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
        if self.flap >= 0:
            patch.put(self.flap, bone & (beyond < half))
        patch.put(Tissue.SOFT, bone & (beyond.abs() <= half))
        for hole in self.holes_rad:
            patch.put(Tissue.SOFT, bone & (self._from_outline(u, v, hole) < 6))
        self._put_plates(patch, u, v, bone)

    def _put_plates(self, patch: Patch, u: torch.Tensor, v: torch.Tensor, bone: torch.Tensor) -> None:
        """Lay plates onto the bone on both sides of the cut: where the layer above it is not bone."""
        outward = np.array(self.outward)
        axis = int(np.argmax(np.abs(outward)))
        step = 1 if outward[axis] > 0 else -1
        outer = bone & ~bone.roll(-step, axis)
        for plate in self.plates_rad:
            patch.put(Tissue.METAL, outer & (self._from_outline(u, v, plate) < 7))

    def _from_outline(self, u: torch.Tensor, v: torch.Tensor, angle: float) -> torch.Tensor:
        """Return mm from a point of the outline, seen from above."""
        edge = self.radius_mm * (1 + self.bulge * np.cos(self.lobes * (angle - self.turn)))
        return torch.hypot(u - float(edge * np.cos(angle)), v - float(edge * np.sin(angle)))


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


@dataclass(frozen=True)
class BurrHole:
    """A round hole through the skull.

    Parameters
    ----------
    inner_mm, outer_mm : (3,) tuples
        Its ends, head mm.
    radius_mm : float
    covered : bool
        Whether metal covers it.
    """

    inner_mm: Triple
    outer_mm: Triple
    radius_mm: float
    covered: bool

    @classmethod
    def through(cls, found: Crossing, radius_mm: float, covered: bool = False) -> BurrHole:
        """Drill where a ray crosses the skull, and a little further either way."""
        inner, outer = found.at(found.inner_mm - 2), found.at(found.outer_mm + 2)
        return cls(triple(inner), triple(outer), radius_mm, covered)

    def put(self, tissues: torch.Tensor, grid: Grid) -> None:
        """Change a label map."""
        patch = around(tissues, grid, [self.inner_mm, self.outer_mm], self.radius_mm + 3)
        if patch is None:
            return
        hole = patch.from_line(self.inner_mm, self.outer_mm) < self.radius_mm
        patch.put(Tissue.SOFT, hole, BONE)
        if self.covered:
            outward = np.array(self.outer_mm) - np.array(self.inner_mm)
            top = patch.along(self.outer_mm, outward / np.linalg.norm(outward)) + 2
            lid = (top.abs() < 0.6) & (patch.from_point(self.outer_mm) < self.radius_mm + 2)
            patch.put(Tissue.METAL, lid)


def draw_burr_holes(rng: np.random.Generator, head: Head) -> tuple[BurrHole, ...]:
    """Draw one to four holes."""
    found = [random_crossing(rng, head, least_up=0.1, most_up=0.85) for _ in range(int(rng.integers(1, 5)))]
    radius, covered = float(rng.uniform(4, 7)), bool(rng.random() < 0.3)
    return tuple(BurrHole.through(one, radius, covered) for one in found if one is not None)
