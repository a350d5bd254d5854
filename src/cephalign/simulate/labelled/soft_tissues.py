"""Skin, fat, muscle and glands where a label map has only soft tissue: by depth, place and noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cephalign.geometry.grid import Float
from cephalign.simulate.labelled.canvas import (
    COARSE,
    Canvas,
    Image,
    Mask,
    coarse,
    distance_to,
    eroded,
    fine,
    grown,
    noise,
)
from cephalign.simulate.labelled.growth import BONE
from cephalign.simulate.tissues import Tissue

# Below the skin, mm: over the skull, and more in cheeks and neck, which begin here (head mm).
FAT_MM, FAT_BELOW_MM, FACE_MM = 4.5, 3.5, -30.0
# On the vault there is hardly any muscle.
FAT_ABOVE_MM, VAULT_MM = 6.0, 35.0
FAT_NOISE_MM, NOISE_SD_MM = 1.2, (12.0, 12.0, 12.0)
# On the skull lies a thin layer without fat: galea, periosteum.
GALEA_MM = 1.6
# Fat between muscles: sheets where a noise that is long downwards crosses 0, and pads where it is high.
SHEETS, PADS, BETWEEN_SD_MM = 0.16, 1.5, (6.0, 6.0, 14.0)
# Ellipsoids, right side, head mm: centre and radii. The tongue is on both sides of the midline.
PAROTID_MM = ((53.0, -8.0, -50.0), (10.0, 14.0, 20.0))
TONGUE_MM = ((0.0, 36.0, -78.0), (21.0, 30.0, 24.0))
# Of the fat of the orbit, from the globe's centre.
ORBIT_MM = ((-5.0, -13.0, 0.0), (17.0, 25.0, 16.0))
# An ear is skin on cartilage, away from bone.
EAR_MM, FROM_BONE_MM = ((82.0, -25.0, -35.0), (22.0, 40.0, 45.0)), 6.0
LINING_MM = 2.0
# A nose is cartilage so far in. Beside its septum runs air, which maps from MR seldom show, but for where
# noise has the turbinates shut the way.
NOSE_DEPTH_MM, MEATUS_MM, MEATUS_NOISE = 7.0, (2.0, 5.0), -0.5


def split_soft_tissue(canvas: Canvas, rng: np.random.Generator) -> None:
    """Turn soft tissue and thick skin into skin, fat, muscle, gland, cartilage and mucosa."""
    tissues = canvas.tissues
    at = np.nonzero(canvas.is_any(Tissue.SOFT, Tissue.SKIN, Tissue.MUCOSA))
    was = tissues[at]
    xyz = canvas.head_from_voxel.map(np.stack(at, axis=-1)).astype(np.float32)
    depth = _at(distance_to(coarse(tissues == Tissue.AIR)), at, tissues.shape)
    from_bone = _at(distance_to(coarse(canvas.is_any(*BONE))), at, tissues.shape)
    at_cavity = (
        _at(grown(coarse(tissues == Tissue.CAVITY), LINING_MM).astype(np.float32), at, tissues.shape) > 0.5
    )
    small = tuple(-(-n // COARSE) for n in tissues.shape)
    layer, between = (_at(noise(rng, small, sd), at, tissues.shape) for sd in (NOISE_SD_MM, BETWEEN_SD_MM))
    face = 1 / (1 + np.exp((xyz[:, 2] - FACE_MM) / 8))
    vault = 1 / (1 + np.exp((VAULT_MM - xyz[:, 2]) / 8))
    is_fat = depth < FAT_MM + FAT_BELOW_MM * face + FAT_ABOVE_MM * vault + FAT_NOISE_MM * layer
    is_fat |= (np.abs(between) < SHEETS) | (between > PADS)
    now = np.where(is_fat, Tissue.FAT, Tissue.MUSCLE).astype(np.uint8)
    now[(from_bone < GALEA_MM) & (xyz[:, 2] > FACE_MM)] = Tissue.MUSCLE
    sides = np.abs(xyz)
    sides[:, 1:] = xyz[:, 1:]
    now[_within(sides, PAROTID_MM) & (depth > FAT_MM)] = Tissue.GLAND
    now[_within(xyz, TONGUE_MM)] = Tissue.SOFT
    now[_in_orbit(canvas, xyz)] = Tissue.FAT
    now[at_cavity & (from_bone > LINING_MM)] = Tissue.MUCOSA
    now[(was == Tissue.SKIN) & (from_bone > FROM_BONE_MM) & _within(sides, EAR_MM)] = Tissue.CARTILAGE
    now[was == Tissue.MUCOSA] = Tissue.MUCOSA
    inner = (was == Tissue.MUCOSA) & (depth > NOSE_DEPTH_MM)
    now[(was == Tissue.MUCOSA) & ~inner] = Tissue.CARTILAGE
    slit = (sides[:, 0] > MEATUS_MM[0]) & (sides[:, 0] < MEATUS_MM[1]) & (between > MEATUS_NOISE)
    now[inner & slit] = Tissue.CAVITY
    # Two layers of voxels.
    now[~eroded(eroded(tissues != Tissue.AIR))[at]] = Tissue.SKIN
    tissues[at] = now


def _at(field: Image, at: tuple[NDArray[np.intp], ...], shape: tuple[int, ...]) -> Image:
    """Take the values of a field on coarse voxels at some of all."""
    values: Image = fine(field, shape)[at]
    return values


def _within(points: Image, ellipsoid: tuple[tuple[float, ...], tuple[float, ...]]) -> Mask:
    centre, radii = np.array(ellipsoid, dtype=np.float32)
    return np.asarray((((points - centre) / radii) ** 2).sum(axis=1) < 1)


def _in_orbit(canvas: Canvas, points: Image) -> Mask:
    """Around and behind each globe."""
    eyes: Float = canvas.head_from_voxel.map(np.argwhere(canvas.tissues == Tissue.EYE))
    within = np.zeros(len(points), dtype=bool)
    for side in (-1, 1):
        globe = eyes[eyes[:, 0] * side > 0]
        if len(globe):
            offset, radii = ORBIT_MM
            centre = globe.mean(axis=0) + np.array(offset) * (side, 1, 1)
            within |= _within(points, (tuple(centre), radii))
    return within
