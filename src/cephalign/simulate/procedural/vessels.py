"""Dura, its sinuses, arteries and veins, and what turns to chalk."""

from __future__ import annotations

import torch
from torch import Tensor

from cephalign.simulate.procedural.canvas import IN_ROOM, Canvas, Shape, Where
from cephalign.simulate.procedural.envelopes import BODY, tentorium
from cephalign.simulate.procedural.person import Person
from cephalign.simulate.procedural.shapes import Point, Points, ellipsoid
from cephalign.simulate.tissues import Tissue

WATER = Where(over=(Tissue.CSF,), in_room=True)


def paint_dura(canvas: Canvas) -> None:
    """Paint falx and tentorium, a millimetre thick, and the sinuses along their borders."""
    thin = max(0.6, 0.45 * canvas.frame.lattice.spacing_mm)

    def falx(xyz: Points) -> Tensor:
        x, _, z = xyz
        return torch.maximum(x.abs() - thin, torch.maximum(7 - ellipsoid(xyz, *BODY), -12 - z))

    def above_tent(xyz: Points) -> Tensor:
        return torch.maximum(falx(xyz), -tentorium(xyz))

    canvas.shape((-2, -108, -14), (2, 70, 82), above_tent, Tissue.DURA, WATER)

    def tent(xyz: Points) -> Tensor:
        x, y, z = xyz
        hole = ellipsoid((x, y, z * 0), (0, -26, 0), (17, 26, 99))
        ahead = (y + 12 + 0.45 * (x.abs() - 13)) * 0.9
        return torch.maximum(torch.maximum(tentorium(xyz).abs() - thin, ahead), -hole)

    canvas.shape((-66, -105, -40), (66, -8, 4), tent, Tissue.DURA, WATER)
    _paint_sinuses(canvas)


def _paint_sinuses(canvas: Canvas) -> None:
    """Paint the veins where dura meets bone, those within the tent and the way down to the neck."""

    def transverse(xyz: Points) -> Tensor:
        # Ahead of this the tent hangs on the petrous ridge.
        return torch.maximum(tentorium(xyz).abs(), xyz[1] + 34)

    _paint_wedge(canvas, (-7, -106, -10), (7, 62, 84), lambda p: p[0].abs())
    _paint_wedge(canvas, (-64, -104, -34), (64, -32, -4), transverse)
    canvas.tube(((0, -42, 0), (0, -95, -12)), (2.2, 2.6), Tissue.VEIN, IN_ROOM)
    canvas.tube(((0, -30, 5), (0, -42, 3)), (1.6, 2.2), Tissue.VEIN, IN_ROOM)
    down = ((54, -42, -24), (48, -42, -38), (36, -36, -50), (28, -28, -56))
    canvas.tubes(down, (4, 4, 4, 4.5), Tissue.VEIN)


def _paint_wedge(canvas: Canvas, low: Point, high: Point, sheet: Shape) -> None:
    """Paint a sinus on the bone along a sheet of dura: a wedge, about as deep as it is wide."""
    patch = canvas.frame.patch(low, high)
    if patch is None:
        return
    depth = -canvas.field("room", patch)
    wedge = torch.maximum(sheet(patch.xyz) * 1.25 + depth - 5.5, 0.3 - depth)
    canvas.tissues[patch.box].masked_fill_(wedge < 0, int(Tissue.VEIN))


def paint_arteries(canvas: Canvas, person: Person) -> None:
    """Paint the circle of Willis and its feeders; radii of 1 to 2.5 mm (Krejza et al., Stroke 37, 2006)."""
    artery = Tissue.ARTERY
    canvas.tube(
        ((0, -24, -46), (0, -11.5, -34), (0, -8.5, -20), (0, -11, -13)), (1.6, 1.7, 1.7, 1.5), artery, IN_ROOM
    )
    canvas.tubes(((0.5, -11, -13), (8, -12, -12), (15, -24, -10)), (1.3, 1.2, 1.0), artery, WATER)
    canvas.tubes(((9, -30, -56), (5, -26, -50), (0, -23, -46)), (1.6, 1.5, 1.5), artery, IN_ROOM)
    canvas.tubes(
        ((12, 6, -18), (14, 2, -12), (24, 5, -13), (34, 4, -13), (41, 0, -6)),
        (2.0, 1.6, 1.4, 1.3, 1.0),
        artery,
        IN_ROOM,
    )
    canvas.tubes(
        ((10, 4, -12), (3, 12, -8), (1.5, 28, -3), (1.5, 36, 12)), (1.3, 1.2, 1.1, 1.0), artery, WATER
    )


def paint_chalk(canvas: Canvas, person: Person) -> None:
    """Paint the chalk of pineal gland and plexus (Zimmerman and Bilaniuk, Radiology 142:659, 1982)."""
    canvas.ball((0, -32, 2.5), (3.2, 4.2, 3), Tissue.DEEP_GREY, IN_ROOM)
    canvas.ball((0, -32, 2.5), person.calcified, Tissue.CALCIFICATION, IN_ROOM)
    radius = 0.8 + 0.8 * person.calcified
    canvas.balls((24, -41, 9), radius, Tissue.CALCIFICATION, Where(over=(Tissue.VENTRICLE,), in_room=True))
