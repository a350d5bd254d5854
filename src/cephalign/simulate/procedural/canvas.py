"""The label map while it is painted: small shapes over what lies there, each in its own box."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cephalign.simulate.procedural.frame import Frame, Patch
from cephalign.simulate.procedural.lattice import Refinement
from cephalign.simulate.procedural.shapes import Point, Points, chain, ellipsoid
from cephalign.simulate.procedural.sketch import NAMES, Sketch
from cephalign.simulate.tissues import Tissue

Shape = Callable[[Points], Tensor]
SIDES = (1, -1)
# Cavities leave this much bone before the brain, and this much flesh before the air outside.
WALL_MM, COVER_MM = 1.6, 5.5


@dataclass(frozen=True)
class Where:
    """Where a shape may be painted.

    Parameters
    ----------
    over : tuple of Tissue
        Only over these; none means over all.
    in_room : bool
        Only inside the skull.
    walled : bool
        Only outside of the skull's inner table and its bone wall, and well under the skin.
    """

    over: tuple[Tissue, ...] = ()
    in_room: bool = False
    walled: bool = False


ANYWHERE = Where()
IN_ROOM = Where(in_room=True)
WALLED = Where(walled=True)


class Canvas:
    """A label map in one person's head.

    Parameters
    ----------
    frame : Frame
        The label map's lattice.
    drawing : Sketch
        The large shapes.
    refined : Refinement
        Carries the large shapes to the label map.
    tissues : (I, J, K) uint8 tensor
        Painted over in place.
    everywhere : (5, I, J, K) tensor, optional
        The large shapes at all points, where these are few.
    """

    def __init__(
        self,
        frame: Frame,
        drawing: Sketch,
        refined: Refinement,
        tissues: Tensor,
        everywhere: Tensor | None = None,
    ) -> None:
        self.frame, self.sketch, self.tissues = frame, drawing, tissues
        self._refined, self._everywhere = refined, everywhere
        self.wall_mm = max(WALL_MM, frame.lattice.spacing_mm)

    def field(self, name: str, patch: Patch) -> Tensor:
        """Return a large shape's distance at the points of a patch."""
        n = NAMES.index(name)
        if self._everywhere is not None:
            return self._everywhere[n, *patch.box]
        return self._refined(self.sketch.fields[n : n + 1], patch.box)[0]

    def shape(self, low: Point, high: Point, shape: Shape, tissue: Tissue, where: Where = ANYWHERE) -> None:
        """Paint a shape that lies between two corners of the average head, but not over the air around."""
        patch = self.frame.patch(low, high)
        if patch is None:
            return
        distance = shape(patch.xyz)
        if where.in_room:
            distance = torch.maximum(distance, self.field("room", patch))
        if where.walled:
            distance = torch.maximum(distance, self.wall_mm - self.field("room", patch))
            distance = torch.maximum(distance, self.field("skin", patch) + COVER_MM)
        view = self.tissues[patch.box]
        inside = (distance < 0) & (view != int(Tissue.AIR))
        if where.over:
            may = torch.zeros(256, dtype=torch.bool, device=view.device)
            may[list(where.over)] = True
            inside &= may[view.long()]
        view.masked_fill_(inside, int(tissue))

    def both(self, low: Point, high: Point, shape: Shape, tissue: Tissue, where: Where = ANYWHERE) -> None:
        """Paint a shape of the right side, and its mirror image on the left."""
        self.shape(low, high, shape, tissue, where)
        left = (-high[0], *low[1:]), (-low[0], *high[1:])
        self.shape(*left, lambda p: shape((-p[0], p[1], p[2])), tissue, where)

    def ball(self, centre: Point, axes: Point | float, tissue: Tissue, where: Where = ANYWHERE) -> None:
        """Paint an ellipsoid."""
        radii = (axes,) * 3 if isinstance(axes, float | int) else tuple(axes)
        low = [c - r for c, r in zip(centre, radii, strict=True)]
        high = [c + r for c, r in zip(centre, radii, strict=True)]
        self.shape(low, high, lambda p: ellipsoid(p, centre, radii), tissue, where)

    def tube(
        self, points: Sequence[Point], radii: Sequence[float], tissue: Tissue, where: Where = ANYWHERE
    ) -> None:
        """Paint a tube through points."""
        middle, reach = np.array(points, dtype=float), max(radii)
        low, high = middle.min(axis=0) - reach, middle.max(axis=0) + reach
        self.shape(low, high, lambda p: chain(p, points, radii), tissue, where)

    def balls(self, centre: Point, axes: Point | float, tissue: Tissue, where: Where = ANYWHERE) -> None:
        """Paint an ellipsoid on both sides."""
        for side in SIDES:
            self.ball((side * centre[0], *centre[1:]), axes, tissue, where)

    def tubes(
        self, points: Sequence[Point], radii: Sequence[float], tissue: Tissue, where: Where = ANYWHERE
    ) -> None:
        """Paint a tube on both sides."""
        for side in SIDES:
            self.tube([(side * x, y, z) for x, y, z in points], radii, tissue, where)
