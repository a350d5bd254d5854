"""Slices through a head: each the weighted mean of thin ones across its thickness."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch

from cephalign.geometry import Grid, Rigid
from cephalign.geometry.grid import Float, apply_affine
from cephalign.simulate.acquire.parts import Resolution
from cephalign.simulate.acquire.values import Values
from cephalign.simulate.acquire.window import window
from cephalign.simulate.artefacts import Distortion
from cephalign.simulate.head import Head

# Thin slices are no further apart than this, or than the lattice they are taken from.
SUB_SLICE_MM = 1.4
# A bell-shaped profile is followed to so many of its widths on either side.
BELL_REACH = 1.0
# The head goes on below its lowest layer, as far as any scan reaches.
NECK_MM = 2000.0
# Within a slice, the bend of space is computed at points so far apart, and straight in between.
BEND_MM = 6.0


def sub_slices(resolution: Resolution, finest_mm: float) -> tuple[Float, Float]:
    """Return (n,) distances of thin slices from a slice's middle, in mm, and (n,) weights, of sum 1."""
    reach = 2 * BELL_REACH if resolution.profile == "bell" else 1.0
    width = resolution.thickness_mm * reach
    count = max(1, math.ceil(width / max(SUB_SLICE_MM, finest_mm) - 1e-6))
    offsets = ((np.arange(count) + 0.5) / count - 0.5) * width
    if resolution.profile == "box":
        return offsets, np.full(count, 1 / count)
    weights = np.exp(-4 * math.log(2) * (offsets / resolution.thickness_mm) ** 2)
    return offsets, weights / weights.sum()


@dataclass(frozen=True, eq=False)
class Slicer:
    """Takes slices out of a map of brightness.

    Parameters
    ----------
    values : Values
    values_from_voxel : (4, 4) array
        From voxel indices of the scan to those of the map.
    shape : tuple of three ints
        Of the scan.
    offsets_vox, weights : (n,) arrays
        Thin slices, in units of the distance between slices.
    bend : (3, K, rows, columns) tensor or None
        How far off, in voxels of the map, a few points of each slice see.
    """

    values: Values
    values_from_voxel: Float
    shape: tuple[int, int, int]
    offsets_vox: Float
    weights: Float
    bend: torch.Tensor | None = None

    @classmethod
    def of(cls, values: Values, grid: Grid, world_from_head: Rigid, resolution: Resolution) -> Slicer:
        """Lay a scan's grid through a map of brightness."""
        matrix = values.voxel_from_head @ (~world_from_head).matrix @ grid.world_from_voxel
        offsets_mm, weights = sub_slices(resolution, values.spacing_mm)
        return cls(values, matrix, grid.shape, offsets_mm / grid.spacing[2], weights)

    def bent(self, distortion: Distortion, grid: Grid, head: Head, world_from_head: Rigid) -> Slicer:
        """Return one that sees through a scanner's distortion."""
        device = self.values.array.device
        i, j = (
            np.linspace(0, n - 1, max(2, math.ceil(mm / BEND_MM)))
            for n, mm in zip(grid.shape[:2], grid.extent[:2], strict=True)
        )
        k, j, i = np.meshgrid(np.arange(grid.shape[2]), j, i, indexing="ij")
        world = np.moveaxis(apply_affine(grid.world_from_voxel, np.stack([i, j, k], axis=-1)), -1, 0)
        points = torch.tensor(world, dtype=torch.float32, device=device)
        shift = distortion.shift_mm(points, head, world_from_head)
        turn = (self.values.voxel_from_head @ (~world_from_head).matrix)[:3, :3]
        bend = torch.einsum("ab,bkji->akji", shift.new_tensor(turn), shift)
        return replace(self, bend=bend)

    def slices(self, first: int, last: int) -> torch.Tensor:
        """Return (last - first, J, I) brightness."""
        count_i, count_j, _ = self.shape
        array = self.values.array
        image = torch.full(
            (last - first, count_j, count_i), self.values.air, dtype=torch.float32, device=array.device
        )
        window = self._window(first, last)
        if window is None:
            return image
        rows, columns = window
        part = image[:, rows, columns]
        part.zero_()
        points = self._points(first, last, rows, columns)
        along = self._scale() * self.values_from_voxel[:3, 2]
        before = 0.0
        for offset, weight in zip(self.offsets_vox.tolist(), self.weights.tolist(), strict=True):
            points += torch.tensor(along * (offset - before), dtype=torch.float32, device=array.device)
            before = offset
            thin = torch.nn.functional.grid_sample(
                array[None, None], points[None], mode="bilinear", padding_mode="border", align_corners=True
            )
            part.add_(thin[0, 0], alpha=weight)
        return image

    def _scale(self) -> Float:
        """Return (3,) from voxels of the map, i, j, k, to the units of `grid_sample`."""
        return 2 / (np.array(self.values.array.shape[::-1]) - 1)

    def _points(self, first: int, last: int, rows: slice, columns: slice) -> torch.Tensor:
        """Return (slices, rows, columns, 3) where the middles of slices lie, in units of `grid_sample`."""
        scale, device = self._scale(), self.values.array.device
        spans = [
            np.arange(columns.start, columns.stop),
            np.arange(rows.start, rows.stop),
            np.arange(first, last),
        ]
        points = torch.empty((*(len(s) for s in spans[::-1]), 3), dtype=torch.float32, device=device)
        for row in range(3):
            i, j, k = (
                torch.tensor(span * step * scale[row], dtype=torch.float32, device=device)
                for span, step in zip(spans, self.values_from_voxel[row, :3], strict=True)
            )
            start = float(self.values_from_voxel[row, 3] * scale[row] - 1)
            torch.add((k + start)[:, None, None] + j[:, None], i, out=points[..., row])
        if self.bend is not None:
            size = (self.shape[1], self.shape[0])
            to_units = torch.tensor(scale, dtype=torch.float32, device=device)
            bend = self.bend[:, first:last] * to_units[:, None, None, None]
            full = torch.nn.functional.interpolate(bend, size, mode="bilinear", align_corners=True)
            points += full[:, :, rows, columns].permute(1, 2, 3, 0)
        return points

    def _window(self, first: int, last: int) -> tuple[slice, slice] | None:
        """Return which rows and columns of some slices can see anything of the head."""
        reach = float(np.abs(self.offsets_vox).max())
        room = 1.0 if self.bend is None else 1.0 + float(self.bend.abs().max())
        low, high = np.full(3, -room), np.array(self.values.array.shape[::-1]) - 1 + room
        low[2] -= NECK_MM / self.values.spacing_mm
        voxel_from_values: Float = np.asarray(np.linalg.inv(self.values_from_voxel), dtype=np.float64)
        return window((low, high), voxel_from_values, (first - reach, last - 1 + reach), self.shape)
