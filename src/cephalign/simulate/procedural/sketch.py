"""The large smooth shapes of a head as distances on a coarse lattice: skin, fat, bone, room for the brain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cephalign.simulate.procedural import face, jaw, neck, skull
from cephalign.simulate.procedural import frame as frames
from cephalign.simulate.procedural.drawing import FAR_MM, Drawing
from cephalign.simulate.procedural.frame import Frame
from cephalign.simulate.procedural.lattice import Lattice, Refinement
from cephalign.simulate.procedural.person import Person
from cephalign.simulate.procedural.shapes import common, joined
from cephalign.simulate.procedural.space import Space
from cephalign.simulate.procedural.waves import Waves

# So much flesh covers all bone.
COVER_MM = 3.2
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

    def on(self, lattice: Lattice, name: str) -> Tensor:
        """Return one field at all points of a finer lattice, (I, J, K)."""
        return self.refined(lattice)(self.field(name)[None], lattice.whole)[0]

    def refined(self, lattice: Lattice) -> Refinement:
        """Return what carries the fields to a finer lattice."""
        return Refinement(self.frame.lattice, lattice, self.frame.device)


@dataclass(frozen=True, eq=False)
class Unevenness:
    """Where skull, scalp and fat of a person are thicker, and where fat runs between the muscles."""

    skull: Waves
    scalp: Waves
    fat: Waves
    planes: Waves

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Unevenness:
        """Draw a person's."""
        skull, scalp, fat = (Waves.draw(rng, wavelength, 24, 0.3) for wavelength in (55.0, 70.0, 70.0))
        # Muscles run downwards, and so do the planes between them.
        return cls(skull, scalp, fat, Waves.draw(rng, 30.0, 40, 0.3).stretched((1, 1, 0.35)))


def sketch(
    person: Person, space: Space, uneven: Unevenness, spacing_mm: float, device: torch.device
) -> Sketch:
    """Draw the large shapes of a person.

    Parameters
    ----------
    person : Person
    space : Space
    uneven : Unevenness
    spacing_mm : float
        Of the coarse lattice.
    device : torch.device

    Returns
    -------
    Sketch
    """
    frame = Frame(_around(space, person, spacing_mm), space, device)
    room, cranium = _skull(frame, person, uneven.skull.on(frame.lattice, device))
    bone, skin = Drawing(frame, cranium.clone()), Drawing(frame, cranium)
    for organ in (face, jaw, neck):
        organ.draw_bones(bone, person)
    scalp_mm = person.scalp + 0.35 * uneven.scalp.on(frame.lattice, device)
    skin.field.sub_(scalp_mm)
    face.draw_skin(skin, person)
    neck.draw_skin(skin, person)
    # No bone comes through the skin.
    covered = common(bone.field, skin.field + COVER_MM, 2)
    places = frame.whole().xyz
    fat_mm = face.fat_thickness(places, person, scalp_mm)
    fat = skin.field + fat_mm * (1 + 0.15 * uneven.fat.on(frame.lattice, device))
    # There are few planes of fat above the jaw.
    planes = uneven.planes.on(frame.lattice, device) + 4 * torch.sigmoid((places[2] + 30) * 0.1)
    return Sketch(frame, torch.stack([skin.field, fat, covered, room, planes]))


def _skull(frame: Frame, person: Person, noise: Tensor) -> tuple[Tensor, Tensor]:
    """Return the distances from the room for brain and cord, and from the outside of its bone."""
    room, cranium = frame.full(FAR_MM), frame.full(FAR_MM)
    head = frame.patch((-85, -122, -92), (85, 95, 95))
    assert head is not None
    inside = skull.cavity(head.xyz)
    room[head.box] = common(inside, -skull.petrous_ridge(head.xyz), 5).clamp_(max=FAR_MM)
    thickness = skull.bone_thickness(person, head.xyz, noise[head.box])
    cranium[head.box] = skull.cranium(head.xyz, inside, thickness).clamp_(max=FAR_MM)
    canal = frame.patch((-22, -66, -195), (22, -20, -50))
    assert canal is not None
    part = room[canal.box]
    part.copy_(joined(part, neck.canal(canal.xyz, person), 3))
    return room, cranium


def _around(space: Space, person: Person, spacing_mm: float) -> Lattice:
    """Return the lattice around the whole head, bends and all."""
    axes = [np.linspace(a, b, 6) for a, b in zip(LOW, HIGH, strict=True)]
    points = space.head(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3))
    # A cubic needs nodes around.
    low, high = points.min(axis=0) - 2 * spacing_mm, points.max(axis=0) + 3 * spacing_mm
    low[2] = -person.neck_below - 4 * spacing_mm
    low, high = np.maximum(low, frames.LOW), np.minimum(high, frames.HIGH - spacing_mm)
    x, y, z = (float(v) for v in low)
    i, j, k = (int(np.ceil(n / spacing_mm)) + 1 for n in high - low)
    return Lattice((x, y, z), (i, j, k), spacing_mm)
