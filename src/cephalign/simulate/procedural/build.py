"""A whole head that belongs to nobody, drawn from random numbers."""

from __future__ import annotations

import numpy as np
import torch

from cephalign.errors import InputError
from cephalign.geometry import Grid
from cephalign.simulate.head import Head
from cephalign.simulate.procedural.brain import paint_brain
from cephalign.simulate.procedural.deep import paint_deep
from cephalign.simulate.procedural.ears import EAR_MM, paint_ears
from cephalign.simulate.procedural.folds import Folds
from cephalign.simulate.procedural.frame import Frame
from cephalign.simulate.procedural.landmarks import landmarks
from cephalign.simulate.procedural.layers import first_coat, label_lattice
from cephalign.simulate.procedural.mouth import paint_mouth
from cephalign.simulate.procedural.nose import paint_nose, paint_sinuses
from cephalign.simulate.procedural.orbits import paint_optic_nerves, paint_orbits, paint_sella
from cephalign.simulate.procedural.person import Person
from cephalign.simulate.procedural.sketch import Unevenness, sketch
from cephalign.simulate.procedural.soft_neck import paint_neck
from cephalign.simulate.procedural.space import Space
from cephalign.simulate.procedural.stem import paint_stem
from cephalign.simulate.procedural.throat import paint_throat
from cephalign.simulate.procedural.vessels import paint_arteries, paint_chalk, paint_dura
from cephalign.simulate.procedural.waves import Waves

# The finest lattice for the large shapes.
SKETCH_MM = 3.4
FINEST_MM, COARSEST_MM = 0.5, 4.0


def procedural_head(
    rng: np.random.Generator, *, spacing_mm: float = 1.0, device: torch.device | str = "cpu"
) -> Head:
    """Draw another head.

    Parameters
    ----------
    rng : numpy Generator
        Decides everything that is random.
    spacing_mm : float
        Of the label map, 0.5 to 4.
    device : torch.device or str
        Where the label map is made and stays.

    Returns
    -------
    Head
        With the neck, which the lowest face cuts. The landmarks are those of `LANDMARKS`, at the middle
        of the structures of this head.

    Raises
    ------
    InputError
        A spacing that is no number, or out of bounds.

    Notes
    -----
    Large shapes (skin, fat, bone, the room for the brain) are distances on a coarse lattice, carried to the
    label map by cubic interpolation; the cortex is folded around sheets that stand on the brain's envelope;
    small organs are painted over these. All are drawn in an average head and bent together.
    The same generator gives the same bytes on a CPU with one thread an operation
    (`cephalign.parallel.undivided_operations`).
    """
    if not FINEST_MM <= spacing_mm <= COARSEST_MM:
        raise InputError(
            "bad spacing of a head", expected=f"{FINEST_MM} to {COARSEST_MM} mm", got=f"{spacing_mm} mm"
        )
    device = torch.device(device)
    person = Person.draw(rng)
    space = Space.draw(rng, (person.width, person.length, person.height), person.torque)
    folds = Folds.draw(rng, person)
    water = Waves.draw(rng, 70.0, 20, 0.3)
    drawing = sketch(person, space, Unevenness.draw(rng), max(SKETCH_MM, 2 * spacing_mm), device)
    lattice = label_lattice(drawing, EAR_MM, spacing_mm)
    canvas = first_coat(Frame(lattice, space, device), drawing)
    paint_neck(canvas, person)
    paint_mouth(canvas, person)
    paint_throat(canvas)
    paint_nose(canvas, person)
    paint_sinuses(canvas, person)
    paint_ears(canvas, person)
    paint_orbits(canvas, person)
    paint_brain(canvas, person, folds, water)
    paint_deep(canvas, person)
    paint_stem(canvas, person)
    paint_chalk(canvas, person)
    paint_dura(canvas)
    paint_arteries(canvas, person)
    paint_sella(canvas)
    paint_optic_nerves(canvas)
    matrix = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    matrix[:3, 3] = lattice.origin
    return Head(
        canvas.tissues,
        Grid(lattice.shape, matrix),
        landmarks(space, person, folds),
        {"source": "procedural", **person.record()},
    )
