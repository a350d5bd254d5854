"""The bones of the face above the teeth, and the skin of the face, drawn on a coarse lattice."""

from __future__ import annotations

import torch
from torch import Tensor

from cephalign.simulate.procedural.drawing import Drawing
from cephalign.simulate.procedural.person import Person
from cephalign.simulate.procedural.shapes import Points, chain, common, ellipsoid, limb

# Middle of the right globe, and the axis of the orbit behind it; average head.
GLOBE = (31.5, 54.0, -23.0)
ORBIT_APEX = (14.0, 17.0, -17.0)
ORBIT_MM, APEX_MM = 17.5, 4.0


def orbit(xyz: Points) -> Tensor:
    """Return the distance from the inside of the right orbit: a cone that opens forward and outward."""
    return limb(xyz, ORBIT_APEX, (32.5, 54.0, -23.0), APEX_MM, ORBIT_MM)


def draw_bones(bone: Drawing, person: Person) -> None:
    """Add orbits, brow, nose, cheek bones and the upper jaw without its teeth."""

    def walls(xyz: Points) -> Tensor:
        """Return the orbit's walls, which end further back at the temple than at the nose."""
        x, y, _ = xyz
        rim = y - 64 + (x - 18) * 0.62
        return common(orbit(xyz) - 3.0, rim, 3)

    bone.join_both((8, 10, -46), (56, 66, 0), walls, 3)
    brow = 4.2 * person.brow
    bone.join_both(
        (0, 55, -14),
        (50, 80, 4),
        lambda p: chain(p, ((0, 72, -4), (20, 69, -5), (46, 48, -11)), (brow + 2, brow, brow)),
        8,
    )
    bone.join((-5, 66, -42), (5, 90, -10), lambda p: limb(p, (0, 71, -14), (0, 86, -36), 5, 3.5), 3)

    def maxilla(xyz: Points) -> Tensor:
        block = ellipsoid(xyz, (25, 44, -51), (17, 19.5, 20.5))
        return common(block, 3 - xyz[0], 4)

    bone.join_both((3, 20, -75), (46, 68, -30), maxilla, 4)
    out = 2.0 * (person.cheeks - 1) / 0.04
    cheek = ((38, 58, -43), (55 + out, 44, -43), (65 + out, 18, -41), (65 + out, -4, -41))
    bone.join_both((30, -8, -52), (74, 66, -34), lambda p: chain(p, cheek, (6, 7, 3, 4)), 3)
    bone.join_both(
        (44, 36, -46), (62, 56, -6), lambda p: limb(p, (52 + out / 2, 46, -40), (49, 47, -11), 5.5, 5), 3
    )
    bone.join_both((8, 2, -72), (26, 26, -38), lambda p: limb(p, (13, 13, -40), (16, 10, -70), 4, 3), 2)


def draw_skin(skin: Drawing, person: Person) -> None:
    """Add the face in front of the skull: cheeks, jaw, mouth, chin, nose, lids."""
    wide = person.cheeks
    jaw, chin, nose, lips = person.jaw, person.chin, person.nose, person.lips
    skin.join((-70, -40, -108), (70, 72, 0), lambda p: ellipsoid(p, (0, 18, -50), (68 * wide, 50, 56)), 10)
    skin.join((-58, -40, -128), (58, 62, -55), lambda p: ellipsoid(p, (0, 12, -90), (55 * jaw, 48, 34)), 12)
    skin.join((-36, 10, -116), (36, 84, -48), lambda p: ellipsoid(p, (0, 45, -80), (37, 37 * jaw, 36)), 14)
    skin.join(
        (-26, 34, -130), (26, 84, -92), lambda p: ellipsoid(p, (0, 55 * jaw, -110), (21, 19 * chin, 13)), 8
    )
    skin.join_both(
        (0, -10, -124), (58, 76, -84), lambda p: limb(p, (40 * jaw, 2, -98), (12, 60 * jaw, -106), 14, 13), 10
    )
    # The muscle over the thin bone of the temple, and the one from the mastoid down.
    skin.join_both((30, -28, -58), (76, 62, 40), lambda p: ellipsoid(p, (48, 12, -12), (21, 46, 46)), 16)
    skin.join_both(
        (20, -50, -125), (72, 12, -40), lambda p: limb(p, (51, -20, -52), (38, -14, -110), 16, 16), 12
    )
    tip = (0.0, 79 + 17 * nose, -46 - 10 * nose)
    base = ((0, 66, -10), (0, 68, -34), (0, 76, -58))
    skin.join((-16, 50, -74), (16, 90, 0), lambda p: chain(p, base, (8, 11, 13)), 6)
    bridge = ((0, 75, -12), (0, 80, -30), tip)
    skin.join((-10, 62, -74), (10, 110, -4), lambda p: chain(p, bridge, (5, 6, 8.5 * nose)), 8)
    skin.join_both(
        (0, 66, -78), (22, 98, -48), lambda p: ellipsoid(p, (8.5, 81, -61), (7.5 * nose, 10, 7)), 5
    )
    skin.join((-26, 66, -98), (26, 92, -70), lambda p: ellipsoid(p, (0, 73, -82.5), (18, 10.5 * lips, 6)), 8)
    skin.join((-26, 66, -104), (26, 92, -80), lambda p: ellipsoid(p, (0, 71.5, -92), (15, 10.5 * lips, 5)), 6)
    skin.join_both((14, 36, -42), (50, 72, -6), lambda p: ellipsoid(p, GLOBE, (16, 14.8, 14.2)), 5)


def fat_thickness(xyz: Points, person: Person, scalp: Tensor) -> Tensor:
    """Return how deep the lower surface of the fat lies under the skin's surface, mm.

    Most of the scalp; 5 to 12 mm over the cheeks and at the nape, little on the nose.
    """
    x, y, z = xyz
    below = torch.sigmoid((-28 - z) * 0.12)
    cheek = ellipsoid((x.abs(), y, z), (42, 52, -62), (18, 24, 20)).mul_(-0.15).sigmoid_()
    nape = ellipsoid(xyz, (0, -95, -120), (50, 22, 60)).mul_(-0.1).sigmoid_()
    nose = ellipsoid(xyz, (0, 88, -55), (16, 14, 26)).mul_(-0.3).sigmoid_()
    lower = (4.0 + 6.5 * cheek + 4.5 * nape) * person.fat + 1.5 - 3 * nose
    return below * lower + (1 - below) * (scalp * 0.85)
