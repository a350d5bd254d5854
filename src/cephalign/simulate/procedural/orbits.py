"""Orbits and what they hold: fat, globes, muscles, optic nerves up to the chiasm."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from cephalign.simulate.procedural import face
from cephalign.simulate.procedural.canvas import IN_ROOM, Canvas, Where
from cephalign.simulate.procedural.person import Person
from cephalign.simulate.procedural.shapes import Points
from cephalign.simulate.tissues import Tissue

# A globe is 24 mm wide, its wall 1 mm thick (Bekerman et al., J Ophthalmol 2014:503645).
GLOBE_MM = 12.1
CHIASM = (0.0, 4.0, -11.5)
NOT_BRAIN = Where(walled=True)


def paint_orbits(canvas: Canvas, person: Person) -> None:
    """Paint both orbits."""
    x, y, z = face.GLOBE

    def fat(xyz: Points) -> Tensor:
        # The lids close it in front.
        return torch.maximum(face.orbit(xyz), xyz[1] - 66)

    canvas.both((8, 12, -42), (52, 68, -4), fat, Tissue.FAT, NOT_BRAIN)
    apex = (face.ORBIT_APEX[0] + 1, face.ORBIT_APEX[1] + 3, face.ORBIT_APEX[2])
    for across, up in ((10.5, 0), (-10.5, 0), (0, 10.5), (0, -10.5)):
        belly = ((apex[0] + x + across * 1.1) / 2, 36, (apex[2] + z + up * 1.1) / 2)
        end = (x + across, y + 2, z + up)
        canvas.tubes((apex, belly, end), (1.2, 2.2, 1.0), Tissue.MUSCLE, NOT_BRAIN)
    # Large heads have no larger eyes.
    radius = GLOBE_MM * person.eyes / float(np.cbrt(person.width * person.length * person.height))
    globe = Where(over=(Tissue.FAT, Tissue.MUSCLE, Tissue.SKIN, Tissue.CORTICAL_BONE, Tissue.DIPLOE))
    canvas.balls(face.GLOBE, radius, Tissue.EYE_WALL, globe)
    canvas.balls(face.GLOBE, radius - max(1.0, 0.4 * canvas.frame.lattice.spacing_mm), Tissue.EYE)
    canvas.balls((x, y + radius - 0.5, z), (5.5, 2.6, 5.5), Tissue.EYE)  # behind the cornea
    canvas.balls((x, y + radius - 4.5, z), (4.6, 2.1, 4.6), Tissue.LENS)
    canvas.balls((x + 12, y - 2, z + 9), (4, 6, 4), Tissue.GLAND, Where(over=(Tissue.FAT,)))


def paint_optic_nerves(canvas: Canvas) -> None:
    """Paint nerves, chiasm and tracts; after the brain, for they pass through bone and water."""
    x, y, z = face.GLOBE
    nerve = ((x - 1.5, y - 12, z), (22, 30, -21), (13, 17, -15), (8, 9, -13), CHIASM)
    canvas.tubes(nerve, (1.9, 1.8, 1.8, 1.9, 2.2), Tissue.OPTIC_NERVE)
    canvas.ball(CHIASM, (6.5, 3.6, 2.4), Tissue.OPTIC_NERVE, IN_ROOM)
    canvas.tubes((CHIASM, (9, -3, -9), (15, -12, -7)), (2.0, 1.7, 1.5), Tissue.OPTIC_NERVE, IN_ROOM)


def paint_sella(canvas: Canvas) -> None:
    """Paint the pituitary gland in its pit, and its stalk."""
    wall = 0.4 + canvas.wall_mm
    hollow = Where(over=(Tissue.CAVITY, Tissue.MUCOSA, Tissue.DIPLOE, Tissue.MUSCLE))
    canvas.ball((0, 2, -18.5), (8 + wall, 6.5 + wall, 4.5 + wall), Tissue.CORTICAL_BONE, hollow)
    canvas.ball((0, 2, -18.5), (8, 6.5, 4.5), Tissue.CSF)
    canvas.ball((0, 2, -19), (6.5, 5, 3.8), Tissue.GLAND)
    canvas.tube(((0, 2, -17), (0, 0, -11)), (1.1, 1.1), Tissue.GLAND, IN_ROOM)
