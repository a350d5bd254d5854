"""Changing the tissues of a head in small boxes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from cephalign.geometry import Grid
from cephalign.geometry.grid import Float, apply_affine


@dataclass(frozen=True, eq=False)
class Patch:
    """A box of voxels.

    Parameters
    ----------
    tissues : (A, B, C) uint8 tensor
        A view of the label map: what is put here is put there.
    x, y, z : (A, 1, 1), (1, B, 1), (1, 1, C) tensors
        Head mm.
    """

    tissues: torch.Tensor
    x: torch.Tensor
    y: torch.Tensor
    z: torch.Tensor

    def put(self, tissue: int, where: torch.Tensor, onto: Collection[int] | None = None) -> None:
        """Put a tissue where a mask says so, and only onto some tissues if they are named."""
        if onto is not None:
            where = where & self.any_of(onto)
        self.tissues.masked_fill_(where, int(tissue))

    def any_of(self, tissues: Collection[int]) -> torch.Tensor:
        """Return (A, B, C) whether a voxel is of one of some tissues."""
        wanted = torch.zeros(256, dtype=torch.bool, device=self.tissues.device)
        wanted[list(map(int, tissues))] = True
        return wanted[self.tissues.int()]

    def away(self, point: Sequence[float]) -> list[torch.Tensor]:
        """Return how far voxels are from a point along x, y and z."""
        return [axis - float(p) for axis, p in zip((self.x, self.y, self.z), point, strict=True)]

    def from_point(self, point: Sequence[float]) -> torch.Tensor:
        """Return (A, B, C) mm from a point."""
        dx, dy, dz = self.away(point)
        return (dx * dx + dy * dy + dz * dz).sqrt()

    def from_line(self, start: Sequence[float], end: Sequence[float]) -> torch.Tensor:
        """Return (A, B, C) mm from a straight piece between two points."""
        step = np.asarray(end, dtype=np.float64) - np.asarray(start, dtype=np.float64)
        square = max(float(step @ step), 1e-9)
        dx, dy, dz = self.away(start)
        sx, sy, sz = (float(s) for s in step)
        share = ((dx * sx + dy * sy + dz * sz) / square).clamp(0, 1)
        return ((dx - share * sx) ** 2 + (dy - share * sy) ** 2 + (dz - share * sz) ** 2).sqrt()

    def along(self, point: Sequence[float], direction: Float) -> torch.Tensor:
        """Return (A, B, C) mm beyond a point in a direction."""
        dx, dy, dz = self.away(point)
        return dx * float(direction[0]) + dy * float(direction[1]) + dz * float(direction[2])


def patch(tissues: torch.Tensor, grid: Grid, low: Float, high: Float) -> Patch | None:
    """Return the voxels within two corners in head mm, or None where there are none."""
    box = apply_affine(grid.voxel_from_world, np.stack([low, high]))
    first = np.maximum(np.ceil(box[0] - 1e-3), 0).astype(int)
    last = np.minimum(np.floor(box[1] + 1e-3), np.array(grid.shape) - 1).astype(int)
    if (first > last).any():
        return None
    i, j, k = (slice(int(a), int(b) + 1) for a, b in zip(first, last, strict=True))
    axes = []
    for axis, part in enumerate((i, j, k)):
        index = torch.arange(part.start, part.stop, dtype=torch.float32, device=tissues.device)
        shape = [1, 1, 1]
        shape[axis] = -1
        place = index * float(grid.spacing[axis]) + float(grid.world_from_voxel[axis, 3])
        axes.append(place.reshape(shape))
    return Patch(tissues[i, j, k], *axes)


def around(
    tissues: torch.Tensor, grid: Grid, points: Sequence[Sequence[float]], room_mm: float
) -> Patch | None:
    """Return the voxels of the box around points in head mm, with so much room."""
    places = np.asarray(points, dtype=np.float64).reshape(-1, 3)
    return patch(tissues, grid, places.min(axis=0) - room_mm, places.max(axis=0) + room_mm)
