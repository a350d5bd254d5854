"""Simple bodies of one or two materials, painted over CT slices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
import torch

from cephalign.geometry.grid import Float

Triple = tuple[float, float, float]

AIR_HU = -1000.0


def triple(values: Float | tuple[float, ...]) -> Triple:
    """Return three numbers that JSON can hold."""
    return float(values[0]), float(values[1]), float(values[2])


class Part(Protocol):
    """A body in the scanner's world, mm."""

    def box(self) -> tuple[Triple, Triple]:
        """Return the lowest and the highest corner around it."""
        ...

    def above_air(self, x: torch.Tensor, y: torch.Tensor, z: torch.Tensor, edge_mm: float) -> torch.Tensor:
        """Return how many HU more than air it has at points; borders are `edge_mm` wide."""
        ...


def covered(distance: torch.Tensor, edge_mm: float) -> torch.Tensor:
    """Return the share of a voxel that lies within a surface, from the signed distance in mm (inside < 0)."""
    return (0.5 - distance / edge_mm).clamp(0, 1)


def layered(
    outer: torch.Tensor, inner: torch.Tensor, shell_hu: float, core_hu: float, edge_mm: float
) -> torch.Tensor:
    """Return HU above air of a shell and its core, from the signed distances to both surfaces."""
    shell = covered(outer, edge_mm) * (shell_hu - AIR_HU)
    return shell + covered(inner, edge_mm) * (core_hu - shell_hu)


@dataclass(frozen=True)
class Rod:
    """A round bar between two points; its ends are round, too."""

    start: Triple
    end: Triple
    radius_mm: float
    hu: float

    def box(self) -> tuple[Triple, Triple]:
        """See `Part`."""
        ends = np.array([self.start, self.end])
        return triple(ends.min(axis=0) - self.radius_mm), triple(ends.max(axis=0) + self.radius_mm)

    def pieces(self, length_mm: float = 25.0) -> Iterator[Rod]:
        """Yield it in pieces: the box around an oblique one is nearly empty."""
        ends = np.array([self.start, self.end])
        count = int(np.ceil(np.sort(np.abs(ends[1] - ends[0]))[1] / length_mm)) or 1
        places = [triple(ends[0] + (ends[1] - ends[0]) * n / count) for n in range(count + 1)]
        for start, end in pairwise(places):
            yield Rod(start, end, self.radius_mm, self.hu)

    def above_air(self, x: torch.Tensor, y: torch.Tensor, z: torch.Tensor, edge_mm: float) -> torch.Tensor:
        """See `Part`."""
        step = np.array(self.end) - np.array(self.start)
        square = float(step @ step)
        away = [axis - place for axis, place in zip((x, y, z), self.start, strict=True)]
        share = sum(a * float(s / square) for a, s in zip(away, step, strict=True)) if square else x * 0
        assert isinstance(share, torch.Tensor)
        share = share.clamp(0, 1)
        apart = [a - share * float(s) for a, s in zip(away, step, strict=True)]
        distance = (apart[0] ** 2 + apart[1] ** 2 + apart[2] ** 2).sqrt() - self.radius_mm
        return covered(distance, edge_mm) * (self.hu - AIR_HU)


@dataclass(frozen=True)
class Plate:
    """A box along the axes."""

    centre: Triple
    half_mm: Triple
    hu: float

    def box(self) -> tuple[Triple, Triple]:
        """See `Part`."""
        centre, half = np.array(self.centre), np.array(self.half_mm)
        return triple(centre - half), triple(centre + half)

    def above_air(self, x: torch.Tensor, y: torch.Tensor, z: torch.Tensor, edge_mm: float) -> torch.Tensor:
        """See `Part`."""
        share = torch.ones((), device=x.device)
        for axis, centre, half in zip((x, y, z), self.centre, self.half_mm, strict=True):
            low = (axis - (centre - half)) / edge_mm + 0.5
            high = ((centre + half) - axis) / edge_mm + 0.5
            share = share * (low.clamp(0, 1) + high.clamp(0, 1) - 1).clamp(min=0)
        return share * (self.hu - AIR_HU)


@dataclass(frozen=True)
class Ring:
    """A flat hoop about the z axis: an ellipse in the slice, a rectangle across."""

    centre: Triple
    half_mm: tuple[float, float]
    width_mm: float
    height_mm: float
    hu: float

    def box(self) -> tuple[Triple, Triple]:
        """See `Part`."""
        reach = np.array([self.half_mm[0], self.half_mm[1], 0.0]) + self.width_mm / 2
        reach[2] = self.height_mm / 2
        centre = np.array(self.centre)
        return triple(centre - reach), triple(centre + reach)

    def above_air(self, x: torch.Tensor, y: torch.Tensor, z: torch.Tensor, edge_mm: float) -> torch.Tensor:
        """See `Part`."""
        a, b = self.half_mm
        u, v = (x - self.centre[0]) / a, (y - self.centre[1]) / b
        level = (u * u + v * v).sqrt()
        slope = ((u / a) ** 2 + (v / b) ** 2).sqrt().clamp(min=1e-6) / level.clamp(min=1e-3)
        across = ((level - 1) / slope).abs() - self.width_mm / 2
        along = (z - self.centre[2]).abs() - self.height_mm / 2
        return covered(torch.maximum(across, along), edge_mm) * (self.hu - AIR_HU)
