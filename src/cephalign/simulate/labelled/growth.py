"""How a head differs from another of the same shape: thicker skull or scalp, a shrunken brain.

Each is a field of directions with a length in mm, on a lattice over the head. A head is drawn from its label
map backwards, so a place is looked up where the fields say that it came from.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy import ndimage

from cephalign.simulate.labelled.canvas import (
    COARSE,
    Canvas,
    Image,
    Mask,
    coarse,
    distance_to,
    grown,
    signed_distance,
)
from cephalign.simulate.tissues import Tissue

# In this order in the fields.
GROWTHS = ("skull", "scalp", "shrinkage", "ventricles")
# Voxels (mm) of the label map between nodes of the lattice.
LATTICE = 4

BRAIN = (
    Tissue.GREY,
    Tissue.WHITE,
    Tissue.DEEP_GREY,
    Tissue.VENTRICLE,
    Tissue.CEREBELLUM_GREY,
    Tissue.CEREBELLUM_WHITE,
    Tissue.BRAIN_STEM,
    Tissue.OEDEMA,
    Tissue.TUMOUR,
    Tissue.BLEEDING,
)
FLUID, VESSELS = (Tissue.CSF, Tissue.DURA), (Tissue.VEIN, Tissue.ARTERY, Tissue.OPTIC_NERVE)
BONE = (Tissue.CORTICAL_BONE, Tissue.DIPLOE, Tissue.AIR_CELLS)
# Vessels farther from the brain lie outside the skull, fluid below this height (head mm) in the spine.
VESSELS_MM, FLUID_MM, SPINE_MM = 12.0, 25.0, -55.0
# Bone farther from the brain is no longer of its case.
SKULL_MM = 20.0
# Gaps in it are shut for measuring.
GAP_MM = 4.0
# What is thicker is not stretched further: petrous bones, cheeks, neck.
THICKEST_SKULL_MM, THICKEST_SCALP_MM = 12.0, 10.0
# Only the vault grows: below this height (head mm) the base is too rugged to be stretched along one
# direction.
VAULT_MM, VAULT_ONSET_MM = -20.0, 6.0
# The brain moves most at its surface, and not at all at this depth; around the ventricles, within this.
SURFACE_MM, DEEP_MM, AROUND_VENTRICLES_MM = 6.0, 36.0, 12.0
DIRECTION_SD_MM, FIELD_SD_MM = 6.0, 2.0


def growth_fields(canvas: Canvas) -> torch.Tensor:
    """Measure where a head can grow.

    Returns
    -------
    (4, 3, A, B, C) float16 tensor
        In the order of `GROWTHS`, displacements along the voxel axes in mm: outwards by the thickness of the
        bone, and of the soft tissue, passed on the way from the brain; outwards at the brain's surface; and
        away from the lateral ventricles. Node (0, 0, 0) is voxel (0, 0, 0).
    """
    inside = _inside(canvas)
    from_inside = signed_distance(inside)
    case = inside | (coarse(canvas.is_any(*BONE)) & (from_inside < SKULL_MM))
    from_case = distance_to(grown(grown(case, GAP_MM), -GAP_MM))
    from_head = distance_to(coarse(canvas.tissues != Tissue.AIR))
    outwards = _directions(from_inside)
    skull = np.clip(np.maximum(from_inside, 0) - from_case, 0, THICKEST_SKULL_MM)
    height = canvas.coarse_places()[2]
    skull /= 1 + np.exp((VAULT_MM - height) / VAULT_ONSET_MM)
    scalp = np.clip(from_case - from_head, 0, THICKEST_SCALP_MM)
    depth = np.maximum(-from_inside, 0)
    shrinkage = np.minimum(depth / SURFACE_MM, np.clip((DEEP_MM - depth) / (DEEP_MM - SURFACE_MM), 0, 1))
    from_ventricles = signed_distance(coarse(canvas.tissues == Tissue.VENTRICLE))
    nearness = np.exp(-((from_ventricles / AROUND_VENTRICLES_MM) ** 2))
    away = _directions(from_ventricles)
    fields = [outwards * skull, outwards * scalp, outwards * shrinkage, away * nearness]
    return torch.from_numpy(np.stack([_on_lattice(field) for field in fields]))


def _inside(canvas: Canvas) -> Mask:
    """Return what the skull holds, on coarse voxels."""
    brain = coarse(canvas.is_any(*BRAIN))
    from_brain = distance_to(brain)
    vessels = coarse(canvas.is_any(*VESSELS)) & (from_brain < VESSELS_MM)
    fluid = coarse(canvas.is_any(*FLUID)) & (from_brain < FLUID_MM)
    fluid &= canvas.coarse_places()[2] > SPINE_MM
    return np.asarray(ndimage.gaussian_filter((brain | fluid | vessels).astype(np.float32), 1.5) > 0.5)


def _directions(distance: Image) -> Image:
    """Return the (3, ...) direction in which a distance grows; short where several meet."""
    smooth = ndimage.gaussian_filter(distance, DIRECTION_SD_MM / COARSE, mode="nearest")
    gradient = np.stack(np.gradient(smooth, COARSE))
    return np.asarray(gradient / np.maximum(np.linalg.norm(gradient, axis=0), 0.7), dtype=np.float32)


def _on_lattice(field: Image) -> Image:
    """Smooth a field on coarse voxels and keep the nodes of the lattice."""
    step = LATTICE // COARSE
    smooth = [ndimage.gaussian_filter(part, FIELD_SD_MM / COARSE, mode="nearest") for part in field]
    return np.stack([part[::step, ::step, ::step] for part in smooth]).astype(np.float16)
