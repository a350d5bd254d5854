"""The large smooth shapes of a head as distances on a coarse lattice: skin, fat, bone, room for the brain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cephalign.simulate.procedural import face, jaw, neck, skull
from cephalign.simulate.procedural.frame import Frame
from cephalign.simulate.procedural.lattice import Lattice, Refinement
from cephalign.simulate.procedural.person import Person
from cephalign.simulate.procedural.shapes import Point, Points, common, joined
from cephalign.simulate.procedural.space import Space
from cephalign.simulate.procedural.waves import Waves

FAR_MM = 20.0
# A shape joins a field within its box and this much around it.
AROUND_MM = 9.0
# The corners of an average head with all that may stick out.
LOW, HIGH = (-106.0, -132.0, -192.0), (106.0, 118.0, 102.0)
NAMES = ("skin", "fat", "bone", "room", "planes")


@dataclass(frozen=True, eq=False)
class Sketch:
    """Signed distances (mm, negative inside) on a coarse lattice.

    Parameters
    ----------
    frame : Frame
    fields : (5, i, j, k) tensor
        From the skin's surface, from the lower surface of the fat, from the surface of all bone, from the
        inside of the skull; and a field whose zeros are planes of fat between the muscles.
    """

    frame: Frame
    fields: Tensor

    def field(self, name: str) -> Tensor:
        """Return one field, (i, j, k)."""
        return self.fields[NAMES.index(name)]

    def refined(self, lattice: Lattice) -> Refinement:
        """Return what carries the fields to a finer lattice."""
        return Refinement(self.frame.lattice, lattice, self.frame.device)


class Drawing:
    """A field that shapes are added to, each in its own box."""

    def __init__(self, frame: Frame) -> None:
        self.frame, self.field = frame, frame.full(FAR_MM)

    def join(self, low: Point, high: Point, shape: Callable[[Points], Tensor], blend_mm: float = 2.0) -> None:
        """Unite the field with a shape that lies between two corners, in the average head."""
        patch = self.frame.patch([a - AROUND_MM for a in low], [b + AROUND_MM for b in high])
        if patch is not None:
            part = self.field[patch.box]
            part.copy_(joined(part, shape(patch.xyz).clamp_(max=FAR_MM), blend_mm))

    def join_both(
        self, low: Point, high: Point, shape: Callable[[Points], Tensor], blend_mm: float = 2.0
    ) -> None:
        """Unite the field with a shape on the right and its mirror image on the left."""
        self.join(low, high, shape, blend_mm)
        left_low, left_high = (-high[0], *low[1:]), (-low[0], *high[1:])
        self.join(left_low, left_high, lambda xyz: shape((-xyz[0], xyz[1], xyz[2])), blend_mm)


def sketch(
    person: Person, space: Space, rng: np.random.Generator, spacing_mm: float, device: torch.device
) -> Sketch:
    """Draw the large shapes of a person.

    Parameters
    ----------
    person : Person
    space : Space
    rng : numpy Generator
        Decides where bone, scalp and fat are thicker.
    spacing_mm : float
        Of the coarse lattice.
    device : torch.device

    Returns
    -------
    Sketch
    """
    frame = Frame(_around(space, person, spacing_mm), space, device)
    noise = [Waves.draw(rng, wavelength, 24, 0.3) for wavelength in (55.0, 70.0, 70.0)]
    planes = Waves.draw(rng, 30.0, 40, 0.3).stretched((1, 1, 0.35))
    skull_noise, scalp_noise, fat_noise = (waves.on(frame.lattice, device) for waves in noise)

    head = frame.patch((-85, -122, -92), (85, 95, 95))
    assert head is not None
    room, cranium = frame.full(FAR_MM), frame.full(FAR_MM)
    inside = skull.cavity(head.xyz)
    room[head.box] = common(inside, -skull.petrous_ridge(head.xyz), 5).clamp_(max=FAR_MM)
    thickness = skull.bone_thickness(person, head.xyz, skull_noise[head.box])
    outer = skull.cranium(head.xyz, inside, thickness)
    cranium[head.box] = outer.clamp(max=FAR_MM)

    bone = Drawing(frame)
    bone.field = cranium.clone()
    face.draw_bones(bone, person)
    jaw.draw_bones(bone, person)
    neck.draw_bones(bone, person)

    skin = Drawing(frame)
    scalp = person.scalp + 0.35 * scalp_noise
    skin.field = (cranium - scalp).clamp_(max=FAR_MM)
    face.draw_skin(skin, person)
    neck.draw_skin(skin, person)
    # No bone comes through the skin.
    covered = common(bone.field, skin.field + 3.2, 2)

    canal = frame.patch((-22, -66, -195), (22, -20, -50))
    if canal is not None:
        part = room[canal.box]
        part.copy_(joined(part, neck.canal(canal.xyz, person), 3))
    fat = skin.field + face.fat_thickness(frame.whole().xyz, person, scalp) * (1 + 0.15 * fat_noise)
    # Muscles run downwards, and so do the planes between them; there are few above the jaw.
    between = planes.on(frame.lattice, device) + 4 * torch.sigmoid((frame.whole().xyz[2] + 30) * 0.1)
    return Sketch(frame, torch.stack([skin.field, fat, covered, room, between]))


def _around(space: Space, person: Person, spacing_mm: float) -> Lattice:
    """Return the lattice around the whole head, bends and all."""
    axes = [np.linspace(a, b, 6) for a, b in zip(LOW, HIGH, strict=True)]
    points = space.head(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3))
    low, high = points.min(axis=0), points.max(axis=0)
    low[2] = -person.neck_below - 4 * spacing_mm
    x, y, z = (float(v) for v in low)
    i, j, k = (int(np.ceil(n / spacing_mm)) + 1 for n in high - low)
    return Lattice((x, y, z), (i, j, k), spacing_mm)
