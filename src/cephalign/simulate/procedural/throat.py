"""The way of the air from the nose to the windpipe."""

from __future__ import annotations

from torch import Tensor

from cephalign.simulate.procedural.canvas import Canvas, Where
from cephalign.simulate.procedural.shapes import Points, chain
from cephalign.simulate.tissues import Tissue


def paint_throat(canvas: Canvas) -> None:
    """Paint the air from the nose to the windpipe, with the larynx in its cartilage."""
    soft = Where(over=(Tissue.MUSCLE, Tissue.FAT, Tissue.SOFT, Tissue.MUCOSA))
    # Wider than deep.
    squeeze, radii = 0.62, (9, 8.5, 6, 6.5, 6)
    airway = ((0, 14, -52), (0, 3, -54), (0, -4, -70), (0, -3, -100), (0, 1, -122))
    for thick, tissue in ((2.4, Tissue.MUCOSA), (0.0, Tissue.CAVITY)):

        def air(xyz: Points, thick: float = thick) -> Tensor:
            x, y, z = xyz
            return chain((x * squeeze, y, z), airway, radii) - thick

        canvas.shape((-18, -14, -132), (18, 26, -40), air, tissue, soft)
    windpipe = ((0, 4, -126), (0, 8, -142), (0, 6, -158), (0, 2, -200))
    canvas.tube(windpipe, (9, 12.5, 11, 11), Tissue.CARTILAGE, soft)
    canvas.tube(windpipe, (7.5, 9.5, 9, 9), Tissue.MUCOSA)
    canvas.tube(windpipe, (6.5, 6, 8, 8), Tissue.CAVITY)
    canvas.tube(
        ((0, 1, -122), (0, 4, -128)),
        (6, 6),
        Tissue.CAVITY,
        Where(over=(Tissue.MUSCLE, Tissue.MUCOSA, Tissue.CARTILAGE)),
    )
