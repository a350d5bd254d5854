"""The ten places in the head at which the RIRE study measured."""

from __future__ import annotations

import numpy as np
import torch

from cephalign.geometry.grid import Float
from cephalign.simulate.procedural import deep, face, orbits, stem
from cephalign.simulate.procedural.folds import Folds, central_y
from cephalign.simulate.procedural.person import Person
from cephalign.simulate.procedural.skull import cavity
from cephalign.simulate.procedural.space import Space

# The central sulcus reaches the midline here, so far under the inner table.
SULCUS_X, UNDER_TABLE_MM = 5.0, 3.0


def landmarks(space: Space, person: Person, folds: Folds) -> Float:
    """Return (10, 3) places in the order of `LANDMARKS`, mm in this head's frame.

    Each is the middle of a structure in the average head, taken to this head as the structure itself was.
    """
    x, y, z = face.GLOBE
    left, right = (np.mean(deep.occipital_horn(person, side)[1:], axis=0) for side in (-1, 1))
    average = (
        (-x, y, z),
        (x, y, z),
        orbits.CHIASM,
        stem.FOURTH,
        left,
        right,
        deep.GENU,
        deep.SPLENIUM,
        _central_sulcus(-1, folds, person.atrophy),
        _central_sulcus(1, folds, person.atrophy),
    )
    return space.head(np.array(average))


def _central_sulcus(side: int, folds: Folds, atrophy: float) -> tuple[float, float, float]:
    sway = float(folds.sway[0 if side > 0 else 1])
    y = float(central_y(torch.tensor(SULCUS_X), torch.tensor(sway)))
    heights = torch.linspace(40, 90, 501)
    column = (torch.full_like(heights, side * SULCUS_X), torch.full_like(heights, y), heights)
    inside = cavity(column) < -(UNDER_TABLE_MM + atrophy)
    return side * SULCUS_X, y, float(heights[inside].max())
