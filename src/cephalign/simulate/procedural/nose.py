"""Nasal cavity with its turbinates, and the sinuses around it."""

from __future__ import annotations

import torch
from torch import Tensor

from cephalign.simulate.procedural.canvas import SIDES, WALLED, Canvas, Where
from cephalign.simulate.procedural.face import orbit
from cephalign.simulate.procedural.person import Person
from cephalign.simulate.procedural.shapes import Points, common, ellipsoid, limb
from cephalign.simulate.tissues import Tissue

WALL_MM = 1.3
AIRY = Where(over=(Tissue.MUCOSA,))


def paint_sinuses(canvas: Canvas, person: Person) -> None:
    """Paint maxillary, frontal, sphenoid and ethmoid sinuses, each with a thin bony wall.

    Maxillary sinuses hold 5 to 22 ml (Emirzeoglu et al., Surg Radiol Anat 29:627, 2007).
    """
    for n, side in enumerate(SIDES[::-1]):
        large = person.maxillary_sinus[n]
        size = (13.8 * large, 16.5 * large, 17.5 * large)
        _hollow(canvas, (side * 26, 44, -50), size)
        large = person.sphenoid_sinus[n]
        _hollow(canvas, (side * 6.2, 14, -29), (5.4 * large, 13 * large, 8.5 * large))
        large = person.frontal_sinus[n]
        _hollow(canvas, (side * 10.5, 69, 1), (9.5 * large, 4.8, 11 * large))
        for y, z, wide in (
            (30, -27, 4.2),
            (40, -27, 4.6),
            (50, -26, 4.6),
            (59, -24, 4),
            (36, -35, 4.2),
            (47, -35, 4.4),
        ):
            _hollow(canvas, (side * 8.8, y, z), (wide, 5, 4.6))


def _hollow(canvas: Canvas, centre: tuple[float, float, float], size: tuple[float, float, float]) -> None:
    """Paint air within a wall of bone, which also keeps it from the orbit and the face."""
    low, high = ([c + sign * (s + WALL_MM) for c, s in zip(centre, size, strict=True)] for sign in (-1, 1))

    def air(xyz: Points) -> Tensor:
        return torch.maximum(ellipsoid(xyz, centre, size), WALL_MM - orbit((xyz[0].abs(), *xyz[1:])))

    flesh = Where(over=(Tissue.MUSCLE, Tissue.FAT, Tissue.DIPLOE, Tissue.MUCOSA), walled=True)
    canvas.shape(low, high, lambda p: air(p) - WALL_MM, Tissue.CORTICAL_BONE, flesh)
    canvas.shape(low, high, air, Tissue.CAVITY, WALLED)


def paint_nose(canvas: Canvas, person: Person) -> None:
    """Paint mucosa, the air between the turbinates, the septum, and the way out to both nostrils."""

    def hall(xyz: Points) -> Tensor:
        """Return the cavity, higher than wide and narrow under its roof."""
        x, y, z = xyz
        wide = 14 - (z + 66).clamp(min=0) * 0.2 - (y - 58).clamp(min=0) * 0.35
        height = torch.maximum(-66 - z, z + 20 + 1.1 * (y - 56).clamp(min=0))
        return common(
            torch.maximum(x.abs() - wide, height),
            torch.maximum(14 - y, y - 76),
            6,
        )

    canvas.shape(
        (-15, 12, -68),
        (15, 86, -18),
        lambda p: hall(p) - 1.2,
        Tissue.CORTICAL_BONE,
        Where(over=(Tissue.MUSCLE,), walled=True),
    )
    canvas.shape((-15, 12, -68), (15, 86, -18), hall, Tissue.MUCOSA, WALLED)

    def passages(xyz: Points) -> Tensor:
        """Return the slits along septum, floor and wall, as far as no turbinate fills it."""
        x, y, z = xyz
        aside = (x.abs(), y, z)
        lower = limb(aside, (8, 26, -58), (7.5, 66, -58), 4.2, 3.4)
        middle = limb(aside, (6.8, 26, -46), (6, 58, -44), 3.2, 2.6)
        upper = limb(aside, (5, 26, -36), (4.6, 50, -34), 2.0, 1.6)
        solid = torch.minimum(torch.minimum(lower, middle), upper)
        return torch.maximum(torch.maximum(hall(xyz) + 1.4, 1.9 - x.abs()), 0.9 - solid)

    canvas.shape((-14, 12, -68), (14, 86, -20), passages, Tissue.CAVITY, AIRY)
    canvas.tubes(((8, 28, -58), (7.5, 64, -58)), (0.9, 0.7), Tissue.CORTICAL_BONE, AIRY)
    tip = 79 + 17 * person.nose
    canvas.shape(
        (-1.5, 14, -66),
        (1.5, tip, -20),
        lambda p: torch.maximum(p[0].abs() - 0.8, 56 - p[1]),
        Tissue.CARTILAGE,
        Where(over=(Tissue.MUCOSA, Tissue.FAT, Tissue.MUSCLE)),
    )
    canvas.shape((-1.5, 14, -66), (1.5, 56, -20), lambda p: p[0].abs() - 0.6, Tissue.CORTICAL_BONE, AIRY)
    soft = Where(over=(Tissue.MUSCLE,))
    canvas.tube(((0, 78, -36), (0, tip - 4, -54)), (9, 12), Tissue.CARTILAGE, soft)
    canvas.tubes(
        ((5, 76, -58), (5.5, tip - 10, -63), (6, tip - 11, -73)), (3, 2.8, 2.8 * person.nose), Tissue.CAVITY
    )
