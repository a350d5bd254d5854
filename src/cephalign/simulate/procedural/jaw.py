"""Palate, teeth and lower jaw."""

from __future__ import annotations

import torch
from torch import Tensor

from cephalign.simulate.procedural.drawing import Drawing
from cephalign.simulate.procedural.person import Person
from cephalign.simulate.procedural.shapes import Points, chain, common, limb

# The row of teeth runs along this half ellipse; average head.
ARCH_BACK, ARCH_WIDE, ARCH_LONG = 26.0, 25.5, 44.0
# Where the teeth meet, and how far crowns and roots reach from there.
BITE, CROWN_MM, ROOT_MM = -89.0, 8.5, 19.0


def arch(xyz: Points, wide: float = 0.0) -> Tensor:
    """Return (about) the distance from the row of teeth in the plane, positive outside of it."""
    x, y, _ = xyz
    a, b = ARCH_WIDE + wide, ARCH_LONG + wide
    forward = (y - ARCH_BACK).clamp(min=0) * (1 / b)
    across = x * (1 / a)
    square = across * across + forward * forward
    steep = (across * (1 / a)).square_() + (forward * (1 / b)).square_()
    length = square.sqrt()
    return (length - 1) * length * steep.clamp_(min=1e-8).rsqrt_()


def draw_bones(bone: Drawing, person: Person) -> None:
    """Add the sockets of the upper teeth, the palate and the lower jaw."""
    drop = person.jaw_open

    def upper(xyz: Points) -> Tensor:
        _, y, z = xyz
        ring = arch(xyz).abs_() - 5.5
        return common(torch.maximum(ring, 20 - y), (z + 74.5).abs_() - 7.5, 3)

    def palate(xyz: Points) -> Tensor:
        x, y, z = xyz
        plate = (z + 67.5 - 2 * (1 - (x * (1 / 20)) ** 2)).abs_() - 1.8
        return torch.maximum(torch.maximum(plate, arch(xyz, 1)), 18 - y)

    def body(xyz: Points) -> Tensor:
        _, y, z = xyz
        # The lower border lies further out than the teeth.
        flare = (-(z + drop) - 98) * 0.22
        ring = (arch(xyz, 1.0) - flare).abs_() - 5.6
        return common(torch.maximum(ring, 14 - y), (z + 108 + drop).abs_() - 10.5, 5)

    bone.join((-34, 20, -84), (34, 78, -64), upper, 3)
    bone.join((-26, 18, -72), (26, 72, -62), palate, 1)
    bone.join((-38, 14, -122), (38, 80, -94), body, 3)
    bone.join(
        (-14, 54, -124), (14, 80, -104), lambda p: limb(p, (-8, 68, -114 - drop), (8, 68, -114 - drop), 6), 5
    )
    wide = 2.0 * (person.jaw - 1) / 0.05
    ramus = ((31, 22, -107 - drop), (43 + wide, 4, -96 - drop), (46 + wide, 1, -70), (47 + wide, -7, -48))
    bone.join_both((24, -14, -120), (58, 34, -44), lambda p: _flat_chain(p, ramus, (6, 5, 4, 5.5), 9), 4)
    bone.join_both(
        (36, 8, -78),
        (56, 26, -46),
        lambda p: chain(p, ((45 + wide, 12, -74), (48 + wide, 18, -50)), (3.5, 2.2)),
        4,
    )


def _flat_chain(
    xyz: Points, points: tuple[tuple[float, float, float], ...], radii: tuple[float, ...], long: float
) -> Tensor:
    """Return a chain drawn out along y, as the ramus is."""
    x, y, z = xyz
    squeeze = radii[1] / (radii[1] + long / 2)
    flat = tuple((a, b * squeeze, c) for a, b, c in points)
    return chain((x, y * squeeze, z), flat, radii)
