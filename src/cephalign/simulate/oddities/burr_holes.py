"""Round holes drilled through the skull."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from cephalign.geometry import Grid
from cephalign.simulate.head import Head
from cephalign.simulate.oddities.brush import around
from cephalign.simulate.oddities.probe import BONE, Crossing, Triple, random_crossing, triple
from cephalign.simulate.tissues import Tissue


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
