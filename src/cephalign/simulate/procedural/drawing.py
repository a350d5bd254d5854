"""A field of distances that shapes are added to, each in its own box."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from cephalign.simulate.procedural.frame import Frame
from cephalign.simulate.procedural.shapes import Point, Points, joined

# Distances beyond this are not told apart.
FAR_MM = 20.0
# A shape joins a field within its box and this much around it.
AROUND_MM = 9.0


class Drawing:
    """A union of shapes while it grows.

    Parameters
    ----------
    frame : Frame
    field : (i, j, k) tensor
        Distance (mm, negative inside) from what is there already; changed in place.
    """

    def __init__(self, frame: Frame, field: Tensor) -> None:
        self.frame, self.field = frame, field

    def join(self, low: Point, high: Point, shape: Callable[[Points], Tensor], blend_mm: float = 2.0) -> None:
        """Unite the field with a shape that lies between two corners, in the average head."""
        patch = self.frame.patch([a - AROUND_MM for a in low], [b + AROUND_MM for b in high])
        if patch is not None:
            part = self.field[patch.box]
            part.copy_(joined(part, shape(patch.xyz).clamp_(max=FAR_MM), blend_mm))

    def join_both(
        self, low: Point, high: Point, shape: Callable[[Points], Tensor], blend_mm: float = 2.0
    ) -> None:
        """Unite the field with a shape on the right and its mirror image on the left."""
        self.join(low, high, shape, blend_mm)
        left_low, left_high = (-high[0], *low[1:]), (-low[0], *high[1:])
        self.join(left_low, left_high, lambda xyz: shape((-xyz[0], xyz[1], xyz[2])), blend_mm)
