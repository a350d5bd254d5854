"""Grids of points, and smooth fields carried from a coarse grid to a finer one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from torch import Tensor

from cephalign.geometry.grid import Float

Box = tuple[slice, slice, slice]
# A cubic takes so many nodes beyond the first and the last point.
SUPPORT = 2
SMALL = 1_000_000
BLOCK = (24, 64, 96)


@dataclass(frozen=True)
class Lattice:
    """Points along x, y, z of a head's frame.

    Parameters
    ----------
    origin : tuple of three floats
        The first point, mm.
    shape : tuple of three ints
    spacing_mm : float
    """

    origin: tuple[float, float, float]
    shape: tuple[int, int, int]
    spacing_mm: float

    def coarser(self, spacing_mm: float) -> Lattice:
        """Return a coarser lattice from which fields on this one can be interpolated."""
        margin = SUPPORT * spacing_mm
        x, y, z = (first - margin for first in self.origin)
        extent = (np.array(self.shape) - 1) * self.spacing_mm
        i, j, k = (int(np.ceil(n / spacing_mm)) + 2 * SUPPORT + 1 for n in extent)
        return Lattice((x, y, z), (i, j, k), spacing_mm)

    def part(self, box: Box) -> Lattice:
        """Return the lattice of the points within a box of indices."""
        x, y, z = (o + s.start * self.spacing_mm for o, s in zip(self.origin, box, strict=True))
        i, j, k = (s.stop - s.start for s in box)
        return Lattice((x, y, z), (i, j, k), self.spacing_mm)

    def along(self, axis: int) -> Float:
        """Return the coordinates of the points along an axis, mm."""
        return self.origin[axis] + self.spacing_mm * np.arange(self.shape[axis], dtype=np.float64)

    def box(self, low: Float, high: Float) -> Box | None:
        """Return the indices of the points between two corners (mm), None where there are none."""
        first = np.ceil((low - self.origin) / self.spacing_mm).astype(int).clip(0, self.shape)
        last = np.floor((high - self.origin) / self.spacing_mm).astype(int).clip(-1, np.array(self.shape) - 1)
        if (last < first).any():
            return None
        i, j, k = (slice(int(a), int(b) + 1) for a, b in zip(first, last, strict=True))
        return i, j, k

    @property
    def is_small(self) -> bool:
        """Whether it costs less to keep values at all points than to make them anew for each box."""
        return int(np.prod(self.shape)) < SMALL

    def blocks(self) -> Iterator[Box]:
        """Yield boxes that cover all points, so small that the work on one stays in the cache."""
        starts = (range(0, n, step) for n, step in zip(self.shape, BLOCK, strict=True))
        for corner in product(*starts):
            i, j, k = (
                slice(a, min(a + step, n)) for a, step, n in zip(corner, BLOCK, self.shape, strict=True)
            )
            yield i, j, k

    @property
    def whole(self) -> Box:
        """The box of all points."""
        i, j, k = (slice(0, n) for n in self.shape)
        return i, j, k


def cubic_weights(coarse: Lattice, fine: Lattice, axis: int, device: torch.device) -> Tensor:
    """Return the (fine, coarse) weights of Catmull and Rom's cubic along an axis."""
    at = (fine.along(axis) - coarse.origin[axis]) / coarse.spacing_mm
    node = np.floor(at + 1e-9)
    t = at - node
    four = (
        ((2 - t) * t - 1) * t / 2,
        ((3 * t - 5) * t * t + 2) / 2,
        ((4 - 3 * t) * t + 1) * t / 2,
        (t - 1) * t * t / 2,
    )
    weights = np.zeros((len(at), coarse.shape[axis]), dtype=np.float32)
    for step, weight in enumerate(four):
        weights[np.arange(len(at)), node.astype(int) + step - 1] = weight
    return torch.from_numpy(weights).to(device)


class Refinement:
    """Carries fields from one lattice to another.

    Parameters
    ----------
    coarse, fine : Lattice
        `coarse` comes from `fine.coarser`.
    device : torch.device
    """

    def __init__(self, coarse: Lattice, fine: Lattice, device: torch.device) -> None:
        self.coarse, self.fine = coarse, fine
        self._weights = [cubic_weights(coarse, fine, axis, device) for axis in range(3)]

    def _part(self, axis: int, part: slice) -> tuple[Tensor, slice]:
        """Return the weights for some fine points, and the coarse points that they need."""
        nodes = [
            int(
                (self.fine.spacing_mm * n + self.fine.origin[axis] - self.coarse.origin[axis])
                // self.coarse.spacing_mm
            )
            for n in (part.start, part.stop - 1)
        ]
        needed = slice(max(nodes[0] - 2, 0), min(nodes[1] + 4, self.coarse.shape[axis]))
        return self._weights[axis][part, needed], needed

    def needed(self, box: Box) -> Box:
        """Return the coarse points that a box of fine ones needs."""
        (_, i), (_, j), (_, k) = (self._part(axis, box[axis]) for axis in range(3))
        return i, j, k

    def __call__(self, fields: Tensor, box: Box, chosen: list[int] | None = None) -> Tensor:
        """Return (f, I, J, K) values at the fine points of a box for (f, i, j, k) coarse fields, or some."""
        (wi, i), (wj, j), (wk, k) = (self._part(axis, box[axis]) for axis in range(3))
        near = fields[:, i, j, k] if chosen is None else fields[chosen, i, j, k]
        across = torch.matmul(wj, torch.matmul(near, wk.T))
        count, _, fine_j, fine_k = across.shape
        return torch.matmul(wi, across.flatten(2)).view(count, -1, fine_j, fine_k)
