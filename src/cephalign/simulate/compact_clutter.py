"""What a CT shows beside the head: table, head holder, stereotactic frame, a clip of metal."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cephalign.errors import InputError
from cephalign.geometry import Grid, Rigid
from cephalign.geometry.grid import Float, apply_affine
from cephalign.simulate.compact_anatomy import Triple
from cephalign.simulate.compact_head import CompactHead
from cephalign.simulate.compact_shapes import Brush, Values

Clutter = Literal["table", "holder", "frame", "metal"]
KINDS = ("table", "holder", "frame", "metal")
SHELL, FOAM, ROD, METAL = (-150.0,), (-930.0,), (1800.0,), (9000.0,)  # HU

# In the scanner's frame, from the lowest point of the head: x across, y down.
HOLDER_RADIUS_MM, HOLDER_MM, HOLDER_RIM_MM = 102.0, 6.0, -60.0
TABLE_DEPTH_MM, TABLE_MM, TABLE_SHELL_MM, TABLE_HALF_WIDTH_MM = 14.0, 40.0, 4.0, 210.0


@dataclass(frozen=True)
class Rod:
    """A round rod between two points in head mm."""

    start: Triple
    end: Triple
    radius_mm: float

    def paint(self, value: Values, points: Values, hu: Sequence[float], brush: Brush) -> None:
        """Paint over (n,) HU at (3, n) points."""
        start, along = np.array([self.start], np.float32).T, np.array([self.end], np.float32).T
        along -= start
        reach = self.radius_mm + brush.edge_mm
        low, high = np.minimum(start, start + along) - reach, np.maximum(start, start + along) + reach
        near = np.flatnonzero(((points > low) & (points < high)).all(axis=0))
        if near.size:
            offset = points[:, near] - start
            share = np.clip((along * offset).sum(axis=0) / (along * along).sum(), 0, 1)
            rod = value[near]
            brush.cover(rod, np.linalg.norm(offset - share * along, axis=0) - self.radius_mm, hu)
            value[near] = rod


# A base, posts, N-shaped rods on both sides, and pins into the skull.
SIDE, FRONT, BACK, LOW, HIGH = 108.0, 128.0, -128.0, -42.0, 110.0
FRAME = (
    *(Rod((x, BACK, LOW), (x, FRONT, LOW), 8) for x in (-SIDE, SIDE)),
    *(Rod((-SIDE, y, LOW), (SIDE, y, LOW), 8) for y in (BACK, FRONT)),
    *(Rod((x, y, LOW), (x, y, HIGH), 5) for x in (-SIDE, SIDE) for y in (-70, 70)),
    *(Rod((x, -70, LOW), (x, 70, HIGH), 4) for x in (-SIDE, SIDE)),
    *(Rod((x, y, 20), (x / 2, 0.9 * y, 20), 3) for x in (-SIDE, SIDE) for y in (-70, 70)),
)
CLIP = Rod((18, 30, -14), (24, 24, -10), 2.5)


@dataclass(frozen=True, eq=False)
class Hardware:
    """Things around one head in one scanner.

    Parameters
    ----------
    kinds : frozenset of {'table', 'holder', 'frame', 'metal'}
    lowest_from_head : (4, 4) array
        From head mm to the scanner's: x across, y down, z along the table, from the lowest point of the head.
    """

    kinds: frozenset[str]
    lowest_from_head: Float

    @classmethod
    def around(
        cls, head: CompactHead, grid: Grid, head_from_world: Rigid, kinds: Collection[str]
    ) -> Hardware:
        """Put the head's lowest point, where the grid shows it, onto the holder.

        Raises
        ------
        InputError
            A kind that is not known.
        """
        if unknown := set(kinds) - set(KINDS):
            raise InputError("unknown clutter", expected=", ".join(KINDS), got=", ".join(sorted(unknown)))
        coarse = grid.resized(np.maximum(grid.spacing, 4.0))
        points = apply_affine(coarse.world_from_voxel, np.argwhere(np.ones(coarse.shape)))
        skin = points[head.skin_distance(head_from_world.map(points)) < 0]
        scanner_from_world = np.eye(4)
        scanner_from_world[:3, :3] = grid.directions.T  # the grid's j axis points down
        scanner = apply_affine(scanner_from_world, skin)
        scanner_from_world[:3, 3] = -scanner[np.argmax(scanner[:, 1])]
        return cls(frozenset(kinds), scanner_from_world @ (~head_from_world).matrix)

    def paint(self, value: Values, points: Values, brush: Brush) -> None:
        """Paint over the head: (n,) HU, changed in place, at (3, n) points in head mm."""
        matrix = self.lowest_from_head.astype(np.float32)
        across, down, _ = matrix[:3, :3] @ points + matrix[:3, 3:]
        if "table" in self.kinds and down.max() > TABLE_DEPTH_MM - brush.edge_mm:
            middle = TABLE_DEPTH_MM + TABLE_MM / 2
            plate = np.maximum(np.abs(across) - TABLE_HALF_WIDTH_MM, np.abs(down - middle) - TABLE_MM / 2)
            brush.cover(value, plate, SHELL)
            brush.cover(value, plate + TABLE_SHELL_MM, FOAM)
        if "holder" in self.kinds and down.max() > HOLDER_RIM_MM - brush.edge_mm:
            radius = np.hypot(across, down + HOLDER_RADIUS_MM) - HOLDER_RADIUS_MM
            shell = np.abs(radius - HOLDER_MM / 2) - HOLDER_MM / 2
            brush.cover(value, np.maximum(shell, HOLDER_RIM_MM - down), SHELL)
        if "frame" in self.kinds:
            for rod in FRAME:
                rod.paint(value, points, ROD, brush)
        if "metal" in self.kinds:
            CLIP.paint(value, points, METAL, brush)
