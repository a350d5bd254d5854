"""Irregular bodies in the brain: a tumour with its oedema, a bleeding, a cavity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from cephalign.geometry import Grid
from cephalign.simulate.head import Head
from cephalign.simulate.oddities.brush import around
from cephalign.simulate.oddities.probe import BRAIN, Triple, crossing, random_place, triple
from cephalign.simulate.tissues import Tissue

WAVES = 6
# What grows or bleeds in the brain may reach into its fluid and its coverings, but not through the skull.
FLUID_AND_FOLDS = (Tissue.VENTRICLE, Tissue.CSF, Tissue.DURA, Tissue.CALCIFICATION)
INSIDE = (*BRAIN, *FLUID_AND_FOLDS, Tissue.OEDEMA, Tissue.TUMOUR)
WHITE_MATTER = (Tissue.WHITE, Tissue.CEREBELLUM_WHITE)


@dataclass(frozen=True)
class Blob:
    """A ball whose surface is uneven.

    Parameters
    ----------
    tissue, core : int
        `Tissue` of the body and of its middle.
    centre_mm : (3,) tuple
        Head mm.
    radius_mm : float
    core_share : float
        Radius of the middle, as a share; 0 for none.
    halo_mm : float
        How far oedema of the white matter reaches beyond it.
    waves : tuple of (wave vector in 1/mm, phase, height as a share of the radius)
        What makes the surface uneven.
    """

    tissue: int
    core: int
    centre_mm: Triple
    radius_mm: float
    core_share: float
    halo_mm: float
    waves: tuple[tuple[Triple, float, float], ...]

    def put(self, tissues: torch.Tensor, grid: Grid) -> None:
        """Change a label map."""
        reach = 1.5 * self.radius_mm + self.halo_mm
        patch = around(tissues, grid, [self.centre_mm], reach)
        if patch is None:
            return
        uneven = torch.zeros((), device=tissues.device)
        dx, dy, dz = patch.away(self.centre_mm)
        for (kx, ky, kz), phase, height in self.waves:
            uneven = uneven + height * torch.sin(dx * kx + dy * ky + dz * kz + phase)
        level = patch.from_point(self.centre_mm) / (1 + uneven)
        if self.halo_mm:
            # Oedema spreads along the white matter in fingers: further where the surface bulges.
            patch.put(Tissue.OEDEMA, level < self.radius_mm + self.halo_mm * (1 + 2 * uneven), WHITE_MATTER)
        patch.put(self.tissue, level < self.radius_mm, INSIDE)
        if self.core_share:
            patch.put(self.core, level < self.radius_mm * self.core_share, (self.tissue,))


def draw_tumour(rng: np.random.Generator, head: Head) -> Blob | None:
    """Draw a tumour, mostly with oedema, sometimes dead and fluid in its middle."""
    core = float(rng.uniform(0.4, 0.75)) if rng.random() < 0.5 else 0.0
    halo = float(rng.uniform(5, 22)) if rng.random() < 0.8 else 0.0
    return _draw(rng, head, Tissue.TUMOUR, (6, 24), core=Tissue.VENTRICLE, core_share=core, halo_mm=halo)


def draw_bleeding(rng: np.random.Generator, head: Head) -> Blob | None:
    """Draw a bleeding into the brain with a thin oedema."""
    halo = float(rng.uniform(0, 6))
    return _draw(rng, head, Tissue.BLEEDING, (4, 22), core=Tissue.BLEEDING, core_share=0.0, halo_mm=halo)


def draw_cavity(rng: np.random.Generator, head: Head) -> Blob | None:
    """Draw what a resection leaves, or a cyst: fluid that mostly reaches the brain's surface."""
    return _draw(rng, head, Tissue.CSF, (10, 26), core=Tissue.CSF, core_share=0.0, halo_mm=0.0, outward=True)


def _draw(
    rng: np.random.Generator,
    head: Head,
    tissue: Tissue,
    radius_mm: tuple[float, float],
    *,
    core: Tissue,
    core_share: float,
    halo_mm: float,
    outward: bool = False,
) -> Blob | None:
    """Draw a blob around a place in the white matter, or pushed outward from there to the brain's surface."""
    radius = float(rng.uniform(*radius_mm))
    waves = tuple(_wave(rng, radius) for _ in range(WAVES))
    centre = random_place(rng, head, Tissue.WHITE)
    if centre is None:
        return None
    if outward and np.linalg.norm(centre) > 1:
        found = crossing(head, centre, (0, 0, 0))
        if found is not None:
            centre = found.at(found.inner_mm - radius * float(rng.uniform(0.3, 1.0)))
    return Blob(int(tissue), int(core), triple(centre), radius, core_share, halo_mm, waves)


def _wave(rng: np.random.Generator, radius_mm: float) -> tuple[Triple, float, float]:
    """Draw a wave that crosses a blob once or twice."""
    direction = rng.standard_normal(3)
    length = radius_mm * rng.uniform(0.8, 2.5)
    vector = direction / np.linalg.norm(direction) * (2 * np.pi / length)
    return triple(vector), float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(0.02, 0.09))
