"""Electrodes for recording from the brain: straight rows in its depth, and grids on its surface."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from cephalign.geometry import Grid
from cephalign.geometry.grid import Float, apply_affine
from cephalign.simulate.head import Head
from cephalign.simulate.oddities.brush import around
from cephalign.simulate.oddities.probe import Crossing, Triple, across, crossing, random_crossing, triple
from cephalign.simulate.tissues import Tissue

# As made for epilepsy surgery: contacts 2 mm long, 3.5 mm apart, on a shaft; discs 10 mm apart on a sheet.
CONTACT_MM, APART_MM, SHAFT_MM = 2.0, 3.5, 0.65
DISC_MM, DISC_RADIUS_MM, GRID_MM = 1.2, 2.0, 10.0


@dataclass(frozen=True)
class DepthElectrode:
    """A row of contacts from the skull to a place in the depth.

    Parameters
    ----------
    tip_mm, entry_mm : (3,) tuples
        Head mm; the entry lies on the outer face of the skull.
    contacts : int
        Counted from the tip.
    bolt_mm : float
        Length of the metal bolt outside the skull; 0 for none.
    """

    tip_mm: Triple
    entry_mm: Triple
    contacts: int
    bolt_mm: float

    def put(self, tissues: torch.Tensor, grid: Grid) -> None:
        """Change a label map: thin things take the voxels that they pass."""
        tip, entry = np.array(self.tip_mm), np.array(self.entry_mm)
        length = float(np.linalg.norm(entry - tip))
        outward = (entry - tip) / length
        spacing = float(grid.spacing[0])
        along = np.arange(0, length, min(0.4, spacing / 3))
        _mark(tissues, grid, tip + along[:, None] * outward, Tissue.PLASTIC)
        for contact in _seen(self.contacts, np.pi * SHAFT_MM**2 * CONTACT_MM, spacing):
            middle = contact * APART_MM + CONTACT_MM / 2
            if middle < length - 4:
                # As many voxels as a contact is long, never more at a coarser spacing than one.
                count = max(1, round(CONTACT_MM / spacing))
                places = middle + (np.arange(count) - (count - 1) / 2) * spacing
                _mark(tissues, grid, tip + places[:, None] * outward, Tissue.METAL)
        if self.bolt_mm:
            end = entry + self.bolt_mm * outward
            patch = around(tissues, grid, [triple(entry - 4 * outward), triple(end)], 3.0)
            if patch is not None:
                bolt = patch.from_line(triple(entry - 4 * outward), triple(end)) < max(1.3, 0.5 * spacing)
                patch.put(Tissue.METAL, bolt)


@dataclass(frozen=True)
class SurfaceGrid:
    """Discs of metal on a sheet under the skull.

    Parameters
    ----------
    discs_mm, outward : tuples of (3,) tuples
        Their middles in head mm, and their unit normals.
    """

    discs_mm: tuple[Triple, ...]
    outward: tuple[Triple, ...]

    def put(self, tissues: torch.Tensor, grid: Grid) -> None:
        """Change a label map."""
        spacing = float(grid.spacing[0])
        volume = np.pi * DISC_RADIUS_MM**2 * DISC_MM
        seen = set(_seen(len(self.discs_mm), volume, spacing))
        for n, (disc, normal) in enumerate(zip(self.discs_mm, self.outward, strict=True)):
            if n not in seen:
                continue
            if spacing > DISC_RADIUS_MM:
                _mark(tissues, grid, np.array([disc]), Tissue.METAL)
                continue
            patch = around(tissues, grid, [disc], DISC_RADIUS_MM + 1)
            if patch is not None:
                flat = patch.along(disc, np.array(normal)).abs() <= max(DISC_MM, spacing) / 2
                patch.put(Tissue.METAL, flat & (patch.from_point(disc) < DISC_RADIUS_MM + 0.3))


def _seen(count: int, volume_mm3: float, spacing_mm: float) -> list[int]:
    """Return which of many small things are painted: a coarse voxel stands for several of them."""
    share = min(1.0, volume_mm3 / spacing_mm**3)
    return [n for n in range(count) if int((n + 1) * share + 1e-9) > int(n * share + 1e-9) or n == 0]


def _mark(tissues: torch.Tensor, grid: Grid, points: Float, tissue: Tissue) -> None:
    """Give a tissue to the voxels that hold (n, 3) points in head mm."""
    index = np.rint(apply_affine(grid.voxel_from_world, points)).astype(np.int64)
    index = index[((index >= 0) & (index < grid.shape)).all(axis=1)]
    i, j, k = torch.from_numpy(index).to(tissues.device).unbind(1)
    tissues[i, j, k] = int(tissue)


def draw_depth_electrodes(rng: np.random.Generator, head: Head) -> tuple[DepthElectrode, ...]:
    """Draw six to fourteen rows, mostly from one side, each towards a place nearer to the midline."""
    sides = [(-1.0,), (1.0,), (-1.0, 1.0)][rng.integers(3)]
    bolts, drawn = bool(rng.random() < 0.6), []
    for _ in range(int(rng.integers(6, 15))):
        side = sides[rng.integers(len(sides))]
        target = np.array([side * rng.uniform(6, 28), rng.uniform(-55, 40), rng.uniform(-25, 45)])
        outward = np.array([side, rng.normal(0, 0.25), rng.normal(0.1, 0.25)])
        found = crossing(head, outward, target)
        if found is not None:
            drawn.append(
                DepthElectrode(
                    tip_mm=triple(target),
                    entry_mm=triple(found.at(found.outer_mm)),
                    contacts=int(rng.integers(8, 19)),
                    bolt_mm=float(rng.uniform(18, 30)) if bolts else 0.0,
                )
            )
    return tuple(drawn)


def draw_surface_grid(rng: np.random.Generator, head: Head) -> SurfaceGrid | None:
    """Draw four by four to eight by eight discs under the side of the vault."""
    middle = random_crossing(rng, head, least_up=0.1, most_up=0.7)
    if middle is None:
        return None
    rows, columns = int(rng.integers(4, 9)), int(rng.integers(4, 9))
    first, second = across(np.array(middle.outward))
    discs = []
    for row in range(rows):
        for column in range(columns):
            shift = (row - (rows - 1) / 2) * first + (column - (columns - 1) / 2) * second
            found = crossing(head, middle.at(middle.inner_mm) + GRID_MM * shift - np.array(middle.origin))
            if found is not None:
                discs.append(found)
    return SurfaceGrid(tuple(triple(_under(one)) for one in discs), tuple(one.outward for one in discs))


def _under(found: Crossing) -> Float:
    """Return (3,) the place under the skull."""
    return found.at(found.inner_mm - 1.5)
