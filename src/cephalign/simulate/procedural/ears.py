"""Ears, their canals, and the cells of the mastoid."""

from __future__ import annotations

import torch

from cephalign.simulate.procedural.canvas import SIDES, Canvas, Where
from cephalign.simulate.procedural.person import Person
from cephalign.simulate.procedural.shapes import ellipsoid
from cephalign.simulate.tissues import Tissue

# Ears stand so far off at most.
EAR_MM = 15.0
# Nor further from the midplane, average head.
OUT_MM = 90.0


def paint_ears(canvas: Canvas, person: Person) -> None:
    """Paint ears 63 mm high (Farkas 1994), canals 25 mm long, middle ears, and air cells in dense bone."""
    large = person.ears
    for n, side in enumerate(SIDES[::-1]):
        _paint_auricle(canvas, side, large)
        bone = Where(over=(Tissue.DIPLOE,))
        ridge = ((side * 13, -12, -30), (side * 56, -32, -36))
        canvas.tube(ridge, (9, 14), Tissue.CORTICAL_BONE, bone)
        canvas.tube(
            ((side * 80, -20, -42), (side * 62, -20, -42), (side * 48, -19, -41)),
            (5, 3.6, 3.2),
            Tissue.CAVITY,
        )
        canvas.ball((side * 46, -19, -39), (3.2, 4.5, 5.5), Tissue.CAVITY, Where(walled=True))
        cells = person.mastoid[n]
        walled = Where(over=(Tissue.CORTICAL_BONE, Tissue.DIPLOE), walled=True)
        canvas.ball((side * 53.5, -32, -48), (7.5 * cells, 9.5 * cells, 14 * cells), Tissue.AIR_CELLS, walled)


def _paint_auricle(canvas: Canvas, side: int, large: float) -> None:
    """Paint a bowl that leans back and away from the head, with cartilage between its skins."""
    low, high = (58, -54, -78), (96, -2, 0)
    if side < 0:
        low, high = (-96, -54, -78), (-58, -2, 0)
    patch = canvas.frame.patch(low, high)
    if patch is None:
        return
    x, y, z = patch.xyz
    above_skin = canvas.field("skin", patch)
    back = -12 - y + 0.2 * (z + 38)
    # The lobe lies close to the head.
    off = 0.27 - 0.16 * torch.sigmoid((-54 - z) * 0.3)
    bowl = 1.5 + off * back + 1.8 * torch.cos((back - 14) * 0.2) * torch.cos((z + 38) * 0.09)
    outline = ellipsoid((x * 0, y - 0.2 * (z + 38), z), (0, -26, -40), (99, 16 * large, 31 * large))
    sheet = torch.maximum((above_skin - bowl).abs() * 0.92 - 2.2, outline)
    sheet = torch.maximum(sheet, torch.maximum(above_skin - EAR_MM + 2, x.abs() - OUT_MM))
    view = canvas.tissues[patch.box]
    ear = (sheet < 0) & (view == int(Tissue.AIR))
    view.masked_fill_(ear, int(Tissue.SKIN))
    view.masked_fill_(ear & (sheet < -1.4) & (z > -60), int(Tissue.CARTILAGE))
