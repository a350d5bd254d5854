"""Tissues that a label map lacks, made by geometry from those it has."""

from __future__ import annotations

from collections.abc import Set

import numpy as np
from numpy.typing import ArrayLike

from cephalign.geometry.grid import Float
from cephalign.simulate.labelled.canvas import Canvas
from cephalign.simulate.labelled.membranes import mark_falx, mark_tentorium
from cephalign.simulate.labelled.places import TYPICAL_MM
from cephalign.simulate.labelled.soft_tissues import split_soft_tissue
from cephalign.simulate.tissues import Tissue

# An eye of 23 to 26 mm length (Bekerman et al., J Ophthalmol 2014:503645), its wall and its lens, mm.
GLOBE_RADIUS_MM, WALL_MM = (11.2, 12.8), 1.0
LENS_MM, LENS_FORWARDS = (4.6, 2.1, 4.6), 0.6
FEWEST_EYE_VOX = 500
# Teeth are labelled as bone: all that is so dense about the bite is taken for them, head mm.
TEETH_MM = ((-34.0, 22.0, -88.0), (34.0, 90.0, -64.0))
# The pineal gland lies behind the third ventricle, the pituitary gland below the chiasm (numbers of both).
THIRD_VENTRICLE, CHIASM = 14, 85
PINEAL_FROM_REAR_MM, PINEAL_RADII_MM = (0.0, -3.0, 1.0), (2.2, 2.2, 2.2)
PITUITARY_FROM_CHIASM_MM, PITUITARY_RADII_MM = (0.0, 0.0, -10.0), (6.0, 4.5, 4.0)
# A chiasm that the map lacks.
FEWEST_CHIASM_VOX, CHIASM_MM, CHIASM_RADII_MM = 20, TYPICAL_MM["optic_chiasm"], (6.0, 2.5, 1.6)


def refine(canvas: Canvas, given: Set[Tissue], rng: np.random.Generator) -> None:
    """Paint what the label map lacks.

    Parameters
    ----------
    canvas : Canvas
        A clean head.
    given : set of Tissue
        What the map's table tells apart; this is left alone.
    rng : numpy Generator
    """
    if not given & {Tissue.EYE_WALL, Tissue.LENS}:
        for side in (-1, 1):
            _shape_eye(canvas, side)
    if not given & {Tissue.FAT, Tissue.GLAND}:
        split_soft_tissue(canvas, rng)
    if Tissue.DURA not in given:
        mark_falx(canvas)
        mark_tentorium(canvas)
    if Tissue.TOOTH not in given:
        _mark_teeth(canvas)
    if np.count_nonzero(canvas.numbers == CHIASM) < FEWEST_CHIASM_VOX:
        _ellipsoid(canvas, CHIASM_MM, CHIASM_RADII_MM, Tissue.CSF, Tissue.OPTIC_NERVE)
    third, chiasm = _points(canvas, THIRD_VENTRICLE), _points(canvas, CHIASM)
    if Tissue.CALCIFICATION not in given and third is not None:
        pineal = third[third[:, 1].argmin()] + PINEAL_FROM_REAR_MM
        _ellipsoid(canvas, pineal, PINEAL_RADII_MM, Tissue.CSF, Tissue.CALCIFICATION)
    if Tissue.GLAND not in given and chiasm is not None:
        pituitary = chiasm.mean(axis=0) + PITUITARY_FROM_CHIASM_MM
        _ellipsoid(canvas, pituitary, PITUITARY_RADII_MM, Tissue.CSF, Tissue.GLAND)


def _shape_eye(canvas: Canvas, side: int) -> None:
    """Make the globe of one side a ball with a wall and a lens."""
    patch, xyz = canvas.patch(*((0, 15, -75), (75, 95, 10)) if side > 0 else ((-75, 15, -75), (0, 95, 10)))
    here = canvas.tissues[patch]
    eye = here == Tissue.EYE
    count = int(eye.sum())
    if count < FEWEST_EYE_VOX:
        return
    centre = np.median(xyz[:, eye], axis=1)
    radius = float(np.clip((count * 3 / 4 / np.pi) ** (1 / 3), *GLOBE_RADIUS_MM))
    here[eye] = Tissue.SOFT
    offset = xyz - centre[:, None, None, None]
    free = (here != Tissue.CORTICAL_BONE) & (here != Tissue.DIPLOE) & (here != Tissue.AIR)
    distance = np.linalg.norm(offset, axis=0)
    here[free & (distance <= radius)] = Tissue.EYE_WALL
    here[free & (distance <= radius - WALL_MM)] = Tissue.EYE
    offset[1] -= LENS_FORWARDS * radius
    in_lens = ((offset / np.reshape(LENS_MM, (3, 1, 1, 1))) ** 2).sum(axis=0) <= 1
    here[free & in_lens] = Tissue.LENS


def _mark_teeth(canvas: Canvas) -> None:
    patch, xyz = canvas.patch(*TEETH_MM)
    here = canvas.tissues[patch]
    low, high = np.array(TEETH_MM)[:, :, None, None, None]
    within = ((xyz >= low) & (xyz <= high)).all(axis=0)
    here[within & (here == Tissue.CORTICAL_BONE)] = Tissue.TOOTH


def _ellipsoid(
    canvas: Canvas, centre_mm: ArrayLike, radii_mm: tuple[float, ...], onto: Tissue, tissue: Tissue
) -> None:
    """Paint an ellipsoid, where `onto` is now."""
    centre, radii = np.asarray(centre_mm), np.asarray(radii_mm)
    patch, xyz = canvas.patch(centre - radii, centre + radii)
    here = canvas.tissues[patch]
    within = (((xyz - centre[:, None, None, None]) / radii[:, None, None, None]) ** 2).sum(axis=0) <= 1
    here[within & (here == onto)] = tissue


def _points(canvas: Canvas, number: int) -> Float | None:
    at = np.argwhere(canvas.numbers == number)
    return canvas.head_from_voxel.map(at) if len(at) else None
