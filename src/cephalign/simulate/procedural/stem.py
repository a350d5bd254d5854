"""Brain stem, fourth ventricle, the cerebellum's white matter, and the cord."""

from __future__ import annotations

from cephalign.simulate.procedural.canvas import IN_ROOM, Canvas
from cephalign.simulate.procedural.neck import canal_line, canal_y
from cephalign.simulate.procedural.person import Person
from cephalign.simulate.tissues import Tissue

FOURTH = (0.0, -39.5, -29.0)
CORD_FROM = -58.0


def paint_stem(canvas: Canvas, person: Person) -> None:
    """Paint from the midbrain down; the cord is 12 by 8 mm (Frostell et al., Front Neurol 7:238, 2016)."""
    stem, white = Tissue.BRAIN_STEM, Tissue.CEREBELLUM_WHITE
    canvas.tubes(((10, -32, -28), (19, -44, -31), (24, -56, -34)), (7, 7, 6), white, IN_ROOM)
    canvas.tubes(((5, -38, -22), (10, -50, -28)), (3, 4), white, IN_ROOM)
    canvas.tube(((0, -44, -27), (0, -58, -27)), (5, 6), white, IN_ROOM)
    canvas.ball((0, -24, -27), (16, 12.5, 13), stem, IN_ROOM)
    canvas.tube(((0, -22, -4), (0, -26, -14), (0, -30, -30)), (10, 12, 12), stem, IN_ROOM)
    canvas.tubes(((5, -29, -4), (5, -34, -12)), (5, 5), stem, IN_ROOM)
    canvas.tubes(((13, -14, -5), (7, -20, -17)), (5.5, 5.5), stem, IN_ROOM)
    canvas.tube(((0, -31, -36), (0, -37, -48), (0, -40, CORD_FROM)), (11, 8, 6.2), stem, IN_ROOM)
    # Water between the peduncles, over the pons and beneath the tectum.
    canvas.ball((0, -9, -14), (4.5, 7, 5), Tissue.CSF, IN_ROOM)
    wide = 0.75 + 0.25 * person.ventricles
    canvas.ball(FOURTH, (5.5 * wide, 4.2 * wide, 9), Tissue.VENTRICLE, IN_ROOM)
    canvas.tube(((0, -40, -30), (0, -45, -29)), (3.5, 1.5), Tissue.VENTRICLE, IN_ROOM)
    canvas.tube(((0, -24, 0), (0, -31, -12), (0, -38, -24)), (1.3, 1.1, 1.8), Tissue.VENTRICLE, IN_ROOM)
    line = canal_line(person)
    at = [CORD_FROM, *(z for _, _, z in line[1:])]
    cord = [(0.0, canal_y(person, z) + 0.5, z) for z in at]
    for offset in (-2.0, 2.0):
        canvas.tube(
            [(x + offset, y, z) for x, y, z in cord], (4.6, 4.4, 4.2, 4.2, 4.0), Tissue.SPINAL_CORD, IN_ROOM
        )
