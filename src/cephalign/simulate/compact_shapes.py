"""Painting soft-edged shapes over points: what compact heads and the things around them are drawn with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from cephalign.geometry.grid import Float
from cephalign.simulate.compact_anatomy import Row

Values = NDArray[np.float32]


class Contrast(IntEnum):
    """What is measured: the column of a tissue's brightness."""

    HU = 0
    T1 = 1


@dataclass(frozen=True)
class Brush:
    """What is measured, and how wide the border between two tissues is, about a voxel."""

    contrast: Contrast
    edge_mm: float

    def cover(self, value: Values, distance: Values, tissue: Sequence[float]) -> None:
        """Paint over (n,) values, in place, where the distance (mm) from a surface is negative."""
        share = distance * np.float32(-1 / self.edge_mm)
        share += np.float32(0.5)
        np.clip(share, 0, 1, out=share)
        value += share * (np.float32(tissue[self.contrast]) - value)


@dataclass(frozen=True, eq=False)
class Ellipsoids:
    """Ellipsoids in the order in which they are painted.

    Parameters
    ----------
    centre, axes : (n, 3) arrays
        Centres and semi-axes in head mm.
    tissue : (n, 2) array
        Brightness by `Contrast`.
    """

    centre: Float
    axes: Float
    tissue: Float

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Ellipsoids:
        """Take the average person's."""
        return cls(*(np.array(column, dtype=np.float64) for column in zip(*rows, strict=True)))

    def varied(self, rng: np.random.Generator) -> Ellipsoids:
        """Return another person's."""
        count = len(self.centre)
        sizes = rng.normal(1, 0.04, (count, 1))
        return Ellipsoids(self.centre + rng.normal(0, 0.7, (count, 3)), self.axes * sizes, self.tissue)

    def near(self, xyz: Values, margin_mm: float) -> list[int]:
        """Return those within `margin_mm` of the box around (3, n) points."""
        reach = self.axes + margin_mm
        above = (xyz.min(axis=1) < self.centre + reach).all(axis=1)
        below = (xyz.max(axis=1) > self.centre - reach).all(axis=1)
        return [int(n) for n in np.flatnonzero(above & below)]

    def distance(self, which: int, xyz: Values) -> Values:
        """Return (n,) mm from the surface of one for (3, n) points, negative inside; exact for a sphere."""
        x, y, z = self.centre[which]
        a, b, c = self.axes[which]
        square: Values = ((xyz[0] - np.float32(x)) * np.float32(1 / a)) ** 2
        square += ((xyz[1] - np.float32(y)) * np.float32(1 / b)) ** 2
        square += ((xyz[2] - np.float32(z)) * np.float32(1 / c)) ** 2
        return (np.sqrt(square) - np.float32(1)) * np.float32(self.axes[which].min())

    def paint(self, value: Values, xyz: Values, brush: Brush, within: Values | None = None) -> None:
        """Paint all over (n,) values at (3, n) points, at most where the distance `within` is negative."""
        for which in self.near(xyz, brush.edge_mm):
            distance = self.distance(which, xyz)
            if within is not None:
                np.maximum(distance, within, out=distance)
            brush.cover(value, distance, self.tissue[which])
