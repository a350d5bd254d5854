"""Falx and tentorium: where the fluid is as far from one part of the brain as from the other."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from cephalign.simulate.labelled.canvas import Canvas, Mask
from cephalign.simulate.tissues import Tissue

# FreeSurfer's numbers of cortex and white matter.
LEFT, RIGHT, CEREBELLUM = (2, 3), (41, 42), (7, 8, 46, 47)
# One voxel or two thick, and not where the parts are far apart.
HALF_THICK_MM, FARTHEST_MM = 0.6, 8.0
FALX_MM = ((-14.0, -115.0, -28.0), (14.0, 85.0, 90.0))
# The falx ends above the corpus callosum, about in such an ellipse of y and z, head mm, and behind at the
# tentorium.
EDGE_CENTRE_MM, EDGE_RADII_MM = (-4.0, 2.0), (46.0, 32.0)
REAR_MM, REAR_END_MM = -45.0, 2.0
TENTORIUM_MM = ((-58.0, -100.0, -40.0), (58.0, -15.0, 20.0))


def mark_falx(canvas: Canvas) -> None:
    """Paint the falx into the fluid between the hemispheres."""
    patch, (_, y, z) = canvas.patch(*FALX_MM)
    numbers, tissues = canvas.numbers[patch], canvas.tissues[patch]
    between = _between(np.isin(numbers, LEFT), np.isin(numbers, RIGHT))
    (y0, z0), (ry, rz) = EDGE_CENTRE_MM, EDGE_RADII_MM
    beyond_edge = ((y - y0) / ry) ** 2 + ((z - z0) / rz) ** 2 > 1
    below = (y < REAR_MM) & (z < REAR_END_MM)
    tissues[between & beyond_edge & ~below & (tissues == Tissue.CSF)] = Tissue.DURA


def mark_tentorium(canvas: Canvas) -> None:
    """Paint the tentorium into the fluid between cerebrum and cerebellum."""
    patch, _ = canvas.patch(*TENTORIUM_MM)
    numbers, tissues = canvas.numbers[patch], canvas.tissues[patch]
    between = _between(np.isin(numbers, LEFT + RIGHT), np.isin(numbers, CEREBELLUM))
    tissues[between & (tissues == Tissue.CSF)] = Tissue.DURA


def _between(one: Mask, other: Mask) -> Mask:
    if not one.any() or not other.any():
        return np.zeros(one.shape, dtype=bool)
    from_one, from_other = (ndimage.distance_transform_edt(~part) for part in (one, other))
    return np.asarray((np.abs(from_one - from_other) <= 2 * HALF_THICK_MM) & (from_one < FARTHEST_MM))
