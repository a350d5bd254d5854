"""Teeth, tongue, glands, and pads of fat between the muscles of the jaw."""

from __future__ import annotations

import torch
from torch import Tensor

from cephalign.simulate.procedural.canvas import Canvas, Where
from cephalign.simulate.procedural.jaw import ARCH_BACK, BITE, CROWN_MM, ROOT_MM, arch
from cephalign.simulate.procedural.person import Person
from cephalign.simulate.procedural.shapes import Points
from cephalign.simulate.tissues import Tissue

# A tooth is so wide along the row.
TOOTH_MM = 7.5
MUSCLE = Where(over=(Tissue.MUSCLE,))
FLESH = Where(over=(Tissue.MUSCLE, Tissue.FAT))
SOFT = Where(over=(Tissue.MUSCLE, Tissue.FAT, Tissue.MUCOSA))
OVER_TONGUE = Where(over=(Tissue.MUCOSA, Tissue.SOFT))


def paint_mouth(canvas: Canvas, person: Person) -> None:
    """Paint what lies between palate and floor of the mouth."""
    drop = person.jaw_open
    # The tongue, with air above it, and the soft palate.
    canvas.ball((0, 35, -87), (22.5, 33, 17.5), Tissue.MUCOSA, FLESH)
    canvas.ball((0, 34, -88), (21, 31, 16.5), Tissue.SOFT, SOFT)
    canvas.tube(((0, 44, -70.2), (0, 26, -70), (0, 14, -73)), (1.5, 1.6, 1.5), Tissue.CAVITY, OVER_TONGUE)
    canvas.tube(((0, 22, -67), (0, 8, -70), (0, 3, -80)), (3, 4, 3), Tissue.SOFT, SOFT)
    _paint_teeth(canvas, drop)
    # Parotid and submandibular glands; the fat of the cheek and on both sides of the muscles of the jaw.
    canvas.balls((53, -8, -68), (9, 13, 19), Tissue.GLAND, FLESH)
    canvas.balls((29, 22, -108 - drop), (8, 13, 7), Tissue.GLAND, MUSCLE)
    canvas.balls((41, 34, -66), (8, 16, 16), Tissue.FAT, MUSCLE)
    canvas.balls((24, 0, -72), (5, 9, 22), Tissue.FAT, MUSCLE)
    canvas.balls((34, 6, -66), (3, 14, 16), Tissue.FAT, MUSCLE)
    hyoid = ((-17, 6, -118), (-9, 20, -122), (0, 27, -123), (9, 20, -122), (17, 6, -118))
    canvas.tube(hyoid, (1.5, 2.2, 2.8, 2.2, 1.5), Tissue.CORTICAL_BONE, FLESH)


def _paint_teeth(canvas: Canvas, drop: float) -> None:
    """Paint two rows of crowns, with gaps between them, and roots that taper into the bone."""
    for sign, bite in ((1, BITE), (-1, BITE - drop - 0.6)):

        def tooth(xyz: Points, sign: int = sign, bite: float = bite) -> Tensor:
            x, y, z = xyz
            height = (z - bite) * sign
            angle = torch.atan2(x, (y - ARCH_BACK).clamp(min=-14) + 14)
            beside = (torch.remainder(angle * (42 / TOOTH_MM), 1.0) - 0.5).abs_() * TOOTH_MM
            root = (height - CROWN_MM).clamp(min=0)
            across = arch(xyz).abs_() - 3.7 + 0.14 * root
            along = beside - 3.4 + 0.12 * root
            body = torch.maximum(torch.maximum(across, along), torch.maximum(-height, height - ROOT_MM))
            return torch.maximum(body, 22 - y)

        low, high = (bite, bite + ROOT_MM) if sign > 0 else (bite - ROOT_MM, bite)
        canvas.shape((-32, 20, low), (32, 76, high), tooth, Tissue.TOOTH)
