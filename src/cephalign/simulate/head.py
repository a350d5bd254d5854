"""A simulated head: which tissue lies where, in the head's own frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch

from cephalign.geometry import Grid
from cephalign.geometry.grid import Float

# The places in the head at which the RIRE study measured (West et al., J Comput Assist Tomogr 21:554, 1997).
LANDMARKS = (
    "left_globe",
    "right_globe",
    "optic_chiasm",
    "fourth_ventricle",
    "left_occipital_horn",
    "right_occipital_horn",
    "rostral_corpus_callosum",
    "caudal_corpus_callosum",
    "left_central_sulcus_at_midline",
    "right_central_sulcus_at_midline",
)


@dataclass(frozen=True, eq=False)
class Head:
    """A label map and the places in it.

    The head's own frame is that of Talairach and MNI space, in mm and unscaled: origin at the anterior
    commissure, x to the right, y to the nose, z to the vertex, the posterior commissure on the y axis.

    Parameters
    ----------
    tissues : (I, J, K) uint8 tensor
        Numbers of `Tissue`. All outer faces are air but the lowest: what lies below it continues it.
    grid : Grid
        Where the voxels lie in the head's frame; axes i, j, k along x, y, z, isotropic.
    landmarks : (10, 3) array
        In the order of `LANDMARKS`, mm in the head's frame.
    parameters : mapping
        What was drawn for this head; can be written as JSON.
    known_from_mm : float
        Below this z what the label map shows is made up, and the field of view of scans ends above it.
    """

    tissues: torch.Tensor
    grid: Grid
    landmarks: Float
    parameters: Mapping[str, Any]
    known_from_mm: float = -np.inf


class Anatomy(Protocol):
    """Where heads come from."""

    def __call__(self, rng: np.random.Generator, *, spacing_mm: float, device: torch.device) -> Head:
        """Draw another head."""
