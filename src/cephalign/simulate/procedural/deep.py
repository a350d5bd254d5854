"""What lies deep in the cerebrum: callosum, nuclei, ventricles, fornix, hippocampus."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from cephalign.simulate.procedural.canvas import IN_ROOM, SIDES, Canvas
from cephalign.simulate.procedural.person import Person
from cephalign.simulate.procedural.shapes import Point, Points, ellipsoid
from cephalign.simulate.tissues import Tissue

# The callosum's band follows this ellipse in the midplane; average head.
BAND_Y, BAND_Z, BAND_LONG, BAND_HIGH = -3.0, 8.0, 33.0, 18.5
GENU, SPLENIUM = (0.0, 30.0, 8.0), (0.0, -35.5, 11.0)
# The lateral ventricle from the tip of its frontal horn to the atrium, and its two other horns.
BODY = (
    (8.0, 27.0, 5.0),
    (8.5, 18.0, 9.0),
    (9.0, 2.0, 17.0),
    (11.5, -18.0, 20.0),
    (19.0, -35.0, 15.0),
    (24.0, -42.0, 8.0),
)
BODY_MM = (2.4, 4.0, 3.6, 3.6, 4.8, 5.6)
# Its roof, under the callosum, reaches nearly to the midline.
ROOF, ROOF_MM = (
    ((4.5, 27.0, 9.0), (4.4, 14.0, 16.0), (4.6, 0.0, 20.0), (6.0, -18.0, 22.0), (12.0, -30.0, 18.5)),
    (2.2, 3.0, 2.8, 2.6, 2.4),
)
BACK_HORN, BACK_MM = ((24.0, -43.0, 8.0), (25.0, -54.0, 8.0), (21.0, -70.0, 6.0)), (5.0, 4.2, 2.4)
SIDE_HORN = ((25.0, -42.0, 5.0), (31.0, -34.0, -5.0), (32.0, -20.0, -12.0), (29.0, -9.0, -16.0))
SIDE_MM = (4.2, 2.6, 2.0, 1.8)
THIRD = (0.0, -12.5, 0.5)
# Of what a ventricle's radius grows, its axis moves so much outwards.
OUTWARD = 0.8


def widened(points: Sequence[Point], radii: Sequence[float], wide: float) -> list[Point]:
    """Return where wide ventricles run: they grow outwards, for the septum between them stays."""
    out = OUTWARD * (wide - 1)
    return [(x + r * out, y, z) for (x, y, z), r in zip(points, radii, strict=True)]


def occipital_horn(person: Person, side: int) -> list[Point]:
    """Return the horn's axis from the atrium to its tip; the left one is the longer more often than not."""
    long = person.occipital_horns[0 if side < 0 else 1]
    start, bend, (x, y, z) = BACK_HORN
    tip = (x, bend[1] + long * (y - bend[1]), z)
    return [(side * x, y, z) for x, y, z in widened((start, bend, tip), BACK_MM, person.ventricles)]


def paint_deep(canvas: Canvas, person: Person) -> None:
    """Paint the middle of the cerebrum.

    Volumes of caudate 4, putamen 5, pallidum 2, thalamus 7 ml a side (Potvin et al., NeuroImage 137:9,
    2016); of the lateral ventricles 10 to 60 ml (Barron et al., Neurology 26:1011, 1976).
    """
    wide = person.ventricles
    canvas.ball((0, -9, 9), (25, 26, 13), Tissue.WHITE, IN_ROOM)
    _paint_callosum(canvas, person)
    _paint_nuclei(canvas, person)
    out = OUTWARD * (wide - 1)
    for points, radii in ((ROOF, ROOF_MM), (BODY, BODY_MM), (SIDE_HORN, SIDE_MM)):
        canvas.tubes(widened(points, radii, wide), [r * wide for r in radii], Tissue.VENTRICLE, IN_ROOM)
    for side in SIDES:
        canvas.tube(occipital_horn(person, side), [r * wide for r in BACK_MM], Tissue.VENTRICLE, IN_ROOM)
        caudate = ((12 + 5 * out, 18, 4), (14.5 + 5 * out, 6, 15), (18 + 5 * out, -14, 22))
        canvas.tube([(side * x, y, z) for x, y, z in caudate], (6.2, 4.2, 2.0), Tissue.DEEP_GREY, IN_ROOM)
    canvas.balls((10.5 + out, -18, 7), (8.3, 14.5, 9), Tissue.DEEP_GREY, IN_ROOM)
    canvas.ball(THIRD, (1.3 + 1.4 * (wide - 0.6), 13.5, 9), Tissue.VENTRICLE, IN_ROOM)
    canvas.tubes(
        ((2, 2, 2), (2.2, 0, 12), (3, -16, 17), (8, -32, 12)), (1.3, 1.3, 1.6, 1.4), Tissue.WHITE, IN_ROOM
    )
    canvas.tube(((-9, 1.2, 0), (9, 1.2, 0)), (1.3, 1.3), Tissue.WHITE, IN_ROOM)  # anterior commissure
    canvas.tubes(((8, -14, -7), (17, -6, -6), (22, -4, 0)), (5, 4, 3), Tissue.WHITE, IN_ROOM)  # peduncles


def _paint_callosum(canvas: Canvas, person: Person) -> None:
    thick = 5.6 - 1.4 * person.atrophy

    def band(xyz: Points) -> Tensor:
        """Return a band, thick in front and behind, whose ends curl under."""
        x, y, z = xyz
        ring = ellipsoid((x * 0, y, z), (0, BAND_Y, BAND_Z), (99, BAND_LONG, BAND_HIGH))
        ends = ((y - BAND_Y) * (1 / BAND_LONG)).square_().square_() * 1.6
        floor = torch.where(y > 0, torch.maximum(-4 - z, torch.minimum(8 - z, 18 - y)), 6 - z)
        return torch.maximum(torch.maximum(ring.abs_() - thick / 2 - ends, floor), x.abs() - 9)

    canvas.shape((-9, -45, -8), (9, 42, 34), band, Tissue.WHITE, IN_ROOM)


def _paint_nuclei(canvas: Canvas, person: Person) -> None:
    canvas.balls((26.5, 1, 2), (5.6, 17, 10), Tissue.DEEP_GREY, IN_ROOM)  # putamen
    canvas.balls((19.5, -4, 0), (4.6, 10, 6.5), Tissue.DEEP_GREY, IN_ROOM)  # pallidum
    canvas.balls((23, -3, -17), (7, 7, 7), Tissue.DEEP_GREY, IN_ROOM)  # amygdala
    canvas.balls((9, 11, -5), (5, 6, 5), Tissue.DEEP_GREY, IN_ROOM)  # accumbens
    canvas.tubes(
        ((25, -12, -17), (27, -25, -12), (24, -36, -3)), (5, 4.5, 3.2), Tissue.GREY, IN_ROOM
    )  # hippocampus
    canvas.balls((4, -8, -6), (4.5, 9, 6), Tissue.DEEP_GREY, IN_ROOM)  # hypothalamus
    # The white limb between the nuclei.
    canvas.tubes(
        ((15, 14, 6), (19, 2, 4), (17, -6, 5), (22, -22, 6)), (2.2, 1.8, 2.2, 2.4), Tissue.WHITE, IN_ROOM
    )
