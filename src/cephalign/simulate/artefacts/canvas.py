"""Painting bodies over the voxels of a CT, only where they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from cephalign.errors import InputError
from cephalign.geometry.grid import Float
from cephalign.simulate.artefacts.parts import AIR_HU, Part, Triple

Window = tuple[slice, slice, slice]

# Where axes are oblique, so many slices at a time: the box around a body is then less empty.
SLAB = 4


@dataclass(frozen=True, eq=False)
class Canvas:
    """Voxels of a regular grid.

    Parameters
    ----------
    hu : (A, B, C) float tensor
        Painted over in place.
    world_from_voxel : (4, 4) array
        Need not be orthogonal: a gantry may be tilted. An axis of one voxel has a step of 1 mm across the
        others.
    edge_mm : float
        The middle one of the steps: how far a border is blurred.
    """

    hu: torch.Tensor
    world_from_voxel: Float
    edge_mm: float

    @classmethod
    def at(cls, hu: torch.Tensor, x: torch.Tensor, y: torch.Tensor, z: torch.Tensor) -> Canvas:
        """Find out where voxels lie from their world coordinates, which broadcast to hu's shape.

        Raises
        ------
        InputError
            Voxels of another number of axes.
        """
        if hu.ndim != 3:
            raise InputError("voxels to paint over", expected="three axes", got=str(tuple(hu.shape)))
        last = np.array(hu.shape) - 1
        ends = [(0, 0, 0), (last[0], 0, 0), (0, last[1], 0), (0, 0, last[2])]
        axes = [axis.expand(hu.shape) for axis in (x, y, z)]
        world = torch.stack([torch.stack([axis[end] for end in ends]) for axis in axes])
        found = world.double().cpu().numpy()
        steps = (found[:, 1:] - found[:, :1]) / np.maximum(last, 1)
        real, single = np.flatnonzero(last > 0), np.flatnonzero(last == 0)
        edge = float(np.median(np.linalg.norm(steps[:, real], axis=0))) if real.size else 1.0
        if single.size:
            steps[:, single] = np.linalg.svd(steps[:, real])[0][:, real.size :] if real.size else np.eye(3)
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3] = steps, found[:, 0]
        return cls(hu, matrix, edge)

    def paint(self, part: Part) -> None:
        """Paint over what is less dense, so that a head keeps its skin."""
        for window in self._windows(*part.box()):
            hu = self.hu[window]
            x, y, z = self._coordinates(window)
            value = part.above_air(x, y, z, self.edge_mm)
            torch.maximum(hu, value + AIR_HU, out=hu)

    def _windows(self, low: Triple, high: Triple) -> Iterator[Window]:
        """Yield where voxels may lie within a box."""
        oblique = np.count_nonzero(self._depends()) > 3
        count = self.hu.shape[0]
        step = SLAB if oblique else count
        for first in range(0, count, step):
            window = self._window(low, high, first, min(first + step, count))
            if window is not None:
                yield window

    def _window(self, low: Triple, high: Triple, first: int, end: int) -> Window | None:
        """Return which voxels of some slices may lie within a box, or None."""
        steps, origin = self.world_from_voxel[:3, :3], self.world_from_voxel[:3, 3]
        ends = np.array([low, high]) + np.array([[-1], [1]]) * self.edge_mm
        # What those slices can see of the box, before its corners are asked.
        sight = np.array([(a, b, c) for a in (first, end - 1) for b in (0, 1) for c in (0, 1)])
        sight = sight * np.array([1, self.hu.shape[1] - 1, self.hu.shape[2] - 1]) @ steps.T + origin
        ends[0] = np.maximum(ends[0], sight.min(axis=0) - self.edge_mm)
        ends[1] = np.minimum(ends[1], sight.max(axis=0) + self.edge_mm)
        if (ends[0] > ends[1]).any():
            return None
        corners = np.array([(x, y, z) for x in ends[:, 0] for y in ends[:, 1] for z in ends[:, 2]])
        index = np.linalg.solve(steps, (corners - origin).T)
        lowest = np.maximum(np.ceil(index.min(axis=1) - 1e-3), [first, 0, 0]).astype(int)
        highest = np.minimum(np.floor(index.max(axis=1) + 1e-3), [end - 1, *np.array(self.hu.shape[1:]) - 1])
        if (lowest > highest).any():
            return None
        a, b, c = (slice(int(i), int(j) + 1) for i, j in zip(lowest, highest, strict=True))
        return a, b, c

    def _depends(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """Return (3, 3): whether each of x, y, z changes along each axis."""
        reach = np.abs(self.world_from_voxel[:3, :3]) * np.array(self.hu.shape)
        depends: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = reach > 1e-2
        return depends

    def _coordinates(self, window: Window) -> list[torch.Tensor]:
        """Return x, y, z in mm, each only along the axes that it changes along."""
        depends = self._depends()
        coordinates = []
        for row in range(3):
            value = torch.full((1, 1, 1), float(self.world_from_voxel[row, 3]), device=self.hu.device)
            for axis in np.flatnonzero(depends[row]):
                index = torch.arange(window[axis].start, window[axis].stop, device=self.hu.device)
                shape = [1, 1, 1]
                shape[axis] = -1
                value = value + index.reshape(shape) * float(self.world_from_voxel[row, axis])
            coordinates.append(value)
        return coordinates
