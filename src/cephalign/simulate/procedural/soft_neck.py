"""Discs, vessels and fat planes of the neck."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor

from cephalign.simulate.procedural.canvas import Canvas, Where
from cephalign.simulate.procedural.neck import BODIES, BODY_LONG, BODY_WIDE, FORWARD, canal_y
from cephalign.simulate.procedural.person import Person
from cephalign.simulate.procedural.shapes import Points, ellipsoid
from cephalign.simulate.tissues import Tissue

FLESH = Where(over=(Tissue.MUSCLE, Tissue.FAT))


def paint_neck(canvas: Canvas, person: Person) -> None:
    """Paint discs 4 to 5 mm high, carotid arteries and jugular veins, thyroid, gullet."""
    for (_, above), (below, _) in pairwise(BODIES):
        middle = (above + below) / 2
        y = canal_y(person, middle) + FORWARD
        low, high = (-12, y - 10, below - 0.3), (12, y + 10, above + 0.3)

        def disc(xyz: Points, y: float = y) -> Tensor:
            return ellipsoid((xyz[0], xyz[1], xyz[2] * 0), (0, y, 0), (BODY_WIDE, BODY_LONG, 99))

        canvas.shape(low, high, disc, Tissue.DISC, FLESH)
    canvas.tubes(
        ((20, 2, -40), (23, -6, -55), (24, -8, -90), (25, -4, -120), (22, 0, -200)),
        (2.4, 2.5, 2.8, 3.6, 3.4),
        Tissue.ARTERY,
        FLESH,
    )
    canvas.tubes(
        ((28, -26, -57), (31, -16, -75), (33, -12, -110), (32, -6, -200)),
        (4.5, 5, 6, 6.5),
        Tissue.VEIN,
        FLESH,
    )
    canvas.tubes(
        ((16, canal_y(person, -100) + 8, -80), (16, canal_y(person, -140) + 8, -200)),
        (1.8, 1.8),
        Tissue.ARTERY,
        FLESH,
    )
    canvas.balls((15, 8, -158), (7, 8, 17), Tissue.GLAND, FLESH)
    canvas.tube(((0, -10, -128), (0, -12, -200)), (4.5, 5), Tissue.SOFT, FLESH)
