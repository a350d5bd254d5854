"""Where the points of a lattice lie in the average head: what shapes are drawn on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import torch
from torch import Tensor

from cephalign.geometry.grid import Float
from cephalign.simulate.procedural.lattice import SUPPORT, Box, Lattice, Refinement
from cephalign.simulate.procedural.shapes import Point, Points
from cephalign.simulate.procedural.space import Space

# The bends are longer than 80 mm: this samples them to a few hundredths of a mm.
BENDS_MM = 14.0
# Boxes are moved as the nearest of some points are; the bends differ so much between these, and along a box.
APART_MM, BULGE_MM = 32.0, 3.5
# No head reaches further, nor does any lattice.
LOW, HIGH = np.array([-160.0, -190.0, -260.0]), np.array([160.0, 180.0, 165.0])


@dataclass(frozen=True, eq=False)
class Patch:
    """A box of points.

    Parameters
    ----------
    box : three slices
        Which points of the frame's lattice.
    xyz : three (I, J, K) tensors
        Where they lie in the average head, mm.
    """

    box: Box
    xyz: Points


class Frame:
    """A lattice in one person's head.

    Parameters
    ----------
    lattice : Lattice
        In the person's head.
    space : Space
    device : torch.device
    """

    def __init__(self, lattice: Lattice, space: Space, device: torch.device) -> None:
        self.lattice, self.space, self.device = lattice, space, device
        coarse, self._average = _bends(space, device)
        self._refined = Refinement(coarse, lattice, device)
        self._moves = _moves(space)

    @cached_property
    def _all(self) -> Tensor | None:
        """Where all points lie, where they are few."""
        return self._refined(self._average, self.lattice.whole) if self.lattice.is_small else None

    def at(self, box: Box) -> Patch:
        """Return the points of a box."""
        x, y, z = self._refined(self._average, box) if self._all is None else self._all[:, *box]
        return Patch(box, (x, y, z))

    def patch(self, low: Point, high: Point) -> Patch | None:
        """Return the points between two corners given in the average head, None where there are none."""
        corners = np.array((low, high), dtype=np.float64)
        x, y, z = np.rint((corners - LOW) * (1 / APART_MM)).astype(int).T
        moves = self._moves[np.ix_(x, y, z)].reshape(8, 3)
        box = self.lattice.box(
            corners[0] + moves.min(axis=0) - BULGE_MM, corners[1] + moves.max(axis=0) + BULGE_MM
        )
        return None if box is None else self.at(box)

    def whole(self) -> Patch:
        """Return all points."""
        return self.at(self.lattice.whole)

    def full(self, value: float) -> Tensor:
        """Return a new field of one value."""
        return torch.full(self.lattice.shape, value, device=self.device)


@lru_cache(maxsize=2)
def _bends(space: Space, device: torch.device) -> tuple[Lattice, Tensor]:
    """Return (3, i, j, k) places in the average head of the points of a coarse lattice around any head."""
    i, j, k = (int(n) + 2 * SUPPORT + 1 for n in (HIGH - LOW) // BENDS_MM)
    x, y, z = (float(v) for v in LOW - SUPPORT * BENDS_MM)
    lattice = Lattice((x, y, z), (i, j, k), BENDS_MM)
    axes = np.meshgrid(*(lattice.along(axis) for axis in range(3)), indexing="ij")
    places = np.moveaxis(space.average(np.stack(axes, axis=-1)), -1, 0).astype(np.float32)
    return lattice, torch.from_numpy(np.ascontiguousarray(places)).to(device)


@lru_cache(maxsize=2)
def _moves(space: Space) -> Float:
    """Return where points of the average head go in this head, on a grid of points."""
    axes = (np.arange(low, high + APART_MM, APART_MM) for low, high in zip(LOW, HIGH, strict=True))
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    moves: Float = space.head(points) - points
    return moves
