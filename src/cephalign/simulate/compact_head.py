"""One compact head: the parts of the anatomy in a person's proportions, evaluated at any point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cephalign.geometry.grid import Float
from cephalign.simulate import compact_anatomy as anatomy
from cephalign.simulate.compact_shapes import Brush, Ellipsoids, Values

# How softly skin parts flow into one another.
BLEND_MM = 12.0
# Gyri repeat after so many mm, sulci go so deep and are so wide, and so thick is the cortex.
GYRUS_MM, SULCUS_MM, GAP_MM, CORTEX_MM = 32.0, 18.0, 0.8, 3.4
LANDMARKS = 7
CAVITY, SKIN_PARTS = Ellipsoids.of(anatomy.CAVITY), Ellipsoids.of(anatomy.SKIN_PARTS)


@dataclass(frozen=True, eq=False)
class CompactHead:
    """A person's head in its own frame: mm; x right, y to the nose, z to the vertex.

    Parameters
    ----------
    size : (3,) array
        Size against the average head.
    bend_mm, bend_phase : (3,) arrays
        A smooth bend that makes left and right unlike.
    fold_phase : (3,) array
        Where the sulci run.
    skull_mm, scalp_mm : float
        Mean thicknesses.
    face, deep, spots : Ellipsoids
        The person's parts.
    """

    size: Float
    bend_mm: Float
    bend_phase: Float
    fold_phase: Float
    skull_mm: float
    scalp_mm: float
    face: Ellipsoids
    deep: Ellipsoids
    spots: Ellipsoids

    @classmethod
    def draw(cls, rng: np.random.Generator) -> CompactHead:
        """Draw a person."""
        return cls(
            size=rng.uniform(0.94, 1.05, 3),
            bend_mm=rng.uniform(2, 4, 3),
            bend_phase=rng.uniform(0, 2 * np.pi, 3),
            fold_phase=rng.uniform(0, 2 * np.pi, 3),
            skull_mm=float(rng.uniform(5.5, 7.5)),
            scalp_mm=float(rng.uniform(4.5, 7)),
            face=Ellipsoids.of(anatomy.FACE).varied(rng),
            deep=Ellipsoids.of(anatomy.DEEP).varied(rng),
            spots=Ellipsoids.of(anatomy.SPOTS).varied(rng),
        )

    def landmarks(self) -> Float:
        """Return (7, 3) centres of both eyes, a cyst, a bleeding and three calcified spots, in head mm."""
        wanted = self.spots.centre[:LANDMARKS].T
        points = wanted.copy()
        for _ in range(50):  # the bend is mild, so this closes in on its inverse
            points += wanted - self._straight(points)
        return points.T

    def skin_distance(self, points: ArrayLike) -> Values:
        """Return (...) mm from the skin for (..., 3) points in head mm, negative inside; rough far away."""
        xyz = np.moveaxis(np.asarray(points, dtype=np.float32), -1, 0)
        straight = self._straight(xyz.reshape(3, -1))
        return self._skin(straight, self._cavity(straight)).reshape(xyz.shape[1:])

    def paint(self, value: Values, points: Values, brush: Brush) -> None:
        """Paint the head over (n,) values, in place, at (3, n) points in head mm: fast if they lie close."""
        xyz = self._straight(points)
        cavity = self._cavity(xyz)
        skin = self._skin(xyz, cavity)
        if skin.min() > brush.edge_mm:
            return
        x, y, z = xyz
        brush.cover(value, skin, anatomy.SKIN)
        brush.cover(value, skin + 1.5, anatomy.FAT)
        brush.cover(value, skin + 6 + 2 * np.sin(0.09 * x + 1) * np.sin(0.07 * y + 0.06 * z), anatomy.MUSCLE)
        half = (1 + 0.2 * np.sin(0.05 * x + 0.04 * z)) * (self.skull_mm / 2)
        brush.cover(value, np.abs(cavity - half) - half, anatomy.BONE)
        brush.cover(value, np.abs(cavity - half) - 0.4 * half, anatomy.MARROW)
        self.face.paint(value, xyz, brush, within=skin + 2)
        within = np.flatnonzero(cavity < brush.edge_mm)
        if within.size:
            brain = value[within]
            self._paint_brain(brain, xyz[:, within], cavity[within], brush)
            value[within] = brain
        self.deep.paint(value, xyz, brush, within=cavity + 1)
        self.spots.paint(value, xyz, brush)

    def _paint_brain(self, value: Values, xyz: Values, cavity: Values, brush: Brush) -> None:
        """Paint CSF, grey and white matter; the sheets of a bent gyroid are the sulci."""
        x, y, z = xyz
        wave = 2 * np.pi / GYRUS_MM
        a, b, c = (float(p) for p in self.fold_phase)
        u = wave * x + 1.1 * np.sin(0.5 * wave * y + a)
        v = wave * y + 1.1 * np.sin(0.5 * wave * z + b)
        w = wave * z + 1.1 * np.sin(0.5 * wave * x + c)
        sheet = np.sin(u) * np.cos(v) + np.sin(v) * np.cos(w) + np.sin(w) * np.cos(u)
        # The fissure between the halves ends at the corpus callosum.
        fissure = np.abs(x) + np.maximum(26 - np.hypot(y / 1.6, z - 4), 0)
        depth = np.minimum(-2.5 - cavity, fissure - 1)
        sulcus = np.abs(sheet) * (1 / (1.2 * wave)) - GAP_MM + np.maximum(depth - SULCUS_MM, 0)
        cortex = np.minimum(depth, sulcus)
        brush.cover(value, cavity, anatomy.CSF)
        brush.cover(value, -cortex, anatomy.GREY)
        brush.cover(value, CORTEX_MM - cortex, anatomy.WHITE)

    def _straight(self, points: NDArray[np.floating]) -> NDArray[np.floating]:
        """Take (3, n) points of this person to the average head."""
        bend, phase, size = (
            np.asarray(a, points.dtype)[:, None] for a in (self.bend_mm, self.bend_phase, self.size)
        )
        straight: NDArray[np.floating] = (points + bend * np.sin(0.022 * points[[1, 2, 0]] + phase)) / size
        return straight

    def _cavity(self, xyz: Values) -> Values:
        """Return mm from the inside of the skull; its base is a plane that falls towards the back."""
        base = 0.35 * xyz[1] - 0.937 * (xyz[2] + 45)
        return _blended_larger(CAVITY.distance(0, xyz), base)

    def _skin(self, xyz: Values, cavity: Values) -> Values:
        skin = cavity - (self.skull_mm + self.scalp_mm)
        for part in SKIN_PARTS.near(xyz, BLEND_MM):
            skin = -_blended_larger(-skin, -SKIN_PARTS.distance(part, xyz))
        return skin


def _blended_larger(a: Values, b: Values) -> Values:
    """Return the larger of two distances, rounded where they meet."""
    overlap = np.maximum(BLEND_MM - np.abs(a - b), 0)
    larger: Values = np.maximum(a, b) + overlap * overlap * (0.25 / BLEND_MM)
    return larger
