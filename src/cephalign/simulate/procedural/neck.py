"""The neck: vertebrae around their canal, and the skin, drawn on a coarse lattice."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor

from cephalign.simulate.procedural.drawing import Drawing
from cephalign.simulate.procedural.person import Person
from cephalign.simulate.procedural.shapes import Points, chain, common, ellipsoid, limb

# Upper and lower face of each body from the axis down, and its discs between: 16 to 19 mm apart
# (Gilad and Nissan, J Anat 143:115, 1985); middle of the body in front of the middle of the canal.
BODIES = tuple((-91.0 - 17.5 * n, -104.5 - 17.5 * n) for n in range(6))
# Radii of the canal at the points of its line.
CANAL_MM = (16.0, 12.0, 8.5, 8.0, 8.0)
FORWARD, BODY_WIDE, BODY_LONG = 16.0, 11.0, 8.0


def canal_line(person: Person) -> tuple[tuple[float, float, float], ...]:
    """Return the middle of the spinal canal from the foramen magnum down, bent as this neck is."""
    bend = person.lordosis
    return (
        (0, -41, -56),
        (0, -40, -75),
        (0, -40 + 0.6 * bend, -105),
        (0, -42 + bend, -140),
        (0, -47 + 0.5 * bend, -200),
    )


def canal_y(person: Person, z: float) -> float:
    """Return where the middle of the canal lies at a height."""
    line = canal_line(person)
    for upper, lower in pairwise(line):
        if lower[2] <= z:
            share = (upper[2] - z) / (upper[2] - lower[2])
            return upper[1] + share * (lower[1] - upper[1])
    return line[-1][1]


def canal(xyz: Points, person: Person) -> Tensor:
    """Return the distance from the spinal canal."""
    return chain(xyz, canal_line(person), CANAL_MM)


def draw_bones(bone: Drawing, person: Person) -> None:
    """Add atlas, axis and the vertebrae below."""
    y = canal_y(person, -72)

    def ring(xyz: Points) -> Tensor:
        """Return the atlas, a ring without a body."""
        around = ((xyz[0] * 0.82) ** 2 + (xyz[1] - y) ** 2).sqrt_() - 20
        return common(around.abs_() - 3.2, (xyz[2] + 72).abs_() - 5, 3)

    bone.join((-30, y - 24, -78), (30, y + 24, -66), ring, 2)
    bone.join_both(
        (14, y - 10, -80), (42, y + 12, -62), lambda p: limb(p, (19, y + 2, -72), (37, y, -71), 7, 4), 3
    )
    bone.join(
        (-7, y + 8, -92), (7, y + 22, -64), lambda p: limb(p, (0, y + 15, -66), (0, y + 16, -92), 5, 7), 2
    )
    for upper, lower in BODIES:
        _draw_vertebra(bone, person, upper, lower)


def _draw_vertebra(bone: Drawing, person: Person, upper: float, lower: float) -> None:
    middle = (upper + lower) / 2
    y = canal_y(person, middle)

    def body(xyz: Points) -> Tensor:
        around = ellipsoid((xyz[0], xyz[1], xyz[2] * 0), (0, y + FORWARD, 0), (BODY_WIDE, BODY_LONG, 99))
        return common(around, (xyz[2] - middle).abs_() - (upper - lower) / 2, 2)

    def lamina(xyz: Points) -> Tensor:
        x, _, z = xyz
        ring = ((x * 0.85) ** 2 + (xyz[1] - y) ** 2).sqrt_() - 12
        sheet = common(ring.abs_() - 2.2, (z - middle + 2).abs_() - 5.5, 2)
        return common(sheet, xyz[1] - y - 10, 2)

    def spine(xyz: Points) -> Tensor:
        return limb(xyz, (0, y - 13, middle - 2), (0, y - 27, middle - 11), 3.4, 4)

    def facet(xyz: Points) -> Tensor:
        return limb(xyz, (17, y - 1, middle + 6), (17, y - 5, middle - 8), 5.2, 5.2)

    bone.join((-13, y + 6, lower), (13, y + 26, upper), body, 1)
    bone.join((-18, y - 16, lower - 2), (18, y + 12, upper), lamina, 1)
    bone.join((-5, y - 32, lower - 8), (5, y - 10, upper), spine, 2)
    bone.join_both((11, y - 11, lower - 5), (24, y + 6, upper + 5), facet, 2)


def draw_skin(skin: Drawing, person: Person) -> None:
    """Add the neck down to where the shoulders begin."""
    wide, deep = 56 * person.neck, 57 * person.neck

    def column(xyz: Points) -> Tensor:
        x, y, z = xyz
        down = (-z - 70).clamp(min=0)
        widening = 1 + (down * (1 / 115)) ** 3 * 0.28
        across = x / (wide * widening)
        along = (y + 38 - 0.08 * down) / (deep * (1 + (widening - 1) * 0.4))
        around = ((across * across + along * along).sqrt_() - 1) * (0.9 * deep)
        return common(around, z + 48, 30)

    skin.join((-92, -125, -195), (92, 60, -45), column, 24)
    # Larynx.
    skin.join((-16, 0, -165), (16, 34, -125), lambda p: limb(p, (0, 12, -138), (0, 12, -158), 9, 8), 10)
