"""The outlines of cerebrum and cerebellum, before they are folded, and the tent between them."""

from __future__ import annotations

import torch
from torch import Tensor

from cephalign.simulate.procedural.shapes import Points, common, ellipsoid, joined, limb

# Callosum and what lies below it: here the hemispheres are one.
BODY = ((0.0, -4.0, 6.5), (26.0, 37.5, 22.5))
FISSURE_MM = 1.4


def tentorium(xyz: Points) -> Tensor:
    """Return the height above the tentorium: a tent that falls from the straight sinus to the sides."""
    x, y, z = xyz
    behind = (-40 - y).clamp_(min=0)
    before = (y + 40).clamp_(min=0)
    return (z + 1 + 0.2 * behind + 0.35 * before + 0.33 * x.abs()) * 0.92


def under_tent(xyz: Points) -> Tensor:
    """Return the distance from the room under the tentorium and behind the petrous ridge."""
    x, y, _ = xyz
    ridge = (y + 12 + 0.45 * (x.abs() - 13)) * 0.9
    return torch.maximum(tentorium(xyz), ridge)


def hemispheres(xyz: Points, room: Tensor, water_mm: Tensor) -> Tensor:
    """Return the distance from the envelope of the cerebrum, both halves with what joins them."""
    hull = common(room + water_mm, 1.3 - under_tent(xyz), 3)
    cistern = joined(
        ellipsoid(xyz, (0, -12, -17), (16, 27, 13)), limb(xyz, (0, -24, -20), (0, -34, -50), 16), 4
    )
    hull = common(hull, -cistern, 4)
    body = ellipsoid(xyz, *BODY)
    return common(hull, torch.minimum(FISSURE_MM - xyz[0].abs(), body), 6)


def cerebellum(xyz: Points, room: Tensor) -> Tensor:
    """Return the distance from the cerebellum's envelope."""
    x, y, z = xyz
    sides = (x.abs(), y, z)
    halves = ellipsoid(sides, (25, -60, -34), (32, 32, 24))
    both = joined(halves, ellipsoid(xyz, (0, -59, -23), (16, 27, 24)), 6)
    both = joined(both, ellipsoid(sides, (26, -42, -27), (20, 17, 14)), 6)
    both = common(both, room + 1.8, 3)
    both = common(both, tentorium(xyz) + 1.8, 3)
    stem = limb(xyz, (0, -24, -14), (0, -38, -56), 13, 9)
    return common(both, -stem, 3)
