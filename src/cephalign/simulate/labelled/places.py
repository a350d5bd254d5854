"""The ten places of `LANDMARKS` in a labelled head."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cephalign.geometry import Rigid
from cephalign.geometry.grid import Float
from cephalign.simulate.head import LANDMARKS
from cephalign.simulate.labelled.canvas import Canvas, largest_piece
from cephalign.simulate.tissues import Tissue

# Where they lie, head mm, on the right; used where a head has no such label: means
# over SynthSeg's sixteen heads. The sulcus has no label: it is sought near its place in Talairach's atlas.
TYPICAL_MM = {
    "globe": (31.5, 57.5, -27.0),
    "optic_chiasm": (0.0, 4.5, -9.0),
    "fourth_ventricle": (0.0, -40.0, -25.0),
    "occipital_horn": (25.0, -63.0, 5.0),
    "rostral_corpus_callosum": (0.0, 31.0, 13.0),
    "caudal_corpus_callosum": (0.0, -40.0, 16.0),
    "central_sulcus_at_midline": (6.0, -30.0, 70.0),
}
# FreeSurfer's numbers.
CHIASM, FOURTH_VENTRICLE, LATERAL_VENTRICLES = 85, 15, (4, 43)
FEWEST_VOX = 20
# Of what tapers to an end, so much makes the end.
END_MM = 3.0
# Where the corpus callosum crosses the midline, head mm.
CALLOSUM_MM = ((-1.5, -65.0, -12.0), (1.5, 55.0, 50.0))
# The sulcus meets the upper border of the brain within such a column.
COLUMN_MM = ((2.0, -33.0, 20.0), (8.0, -27.0, 110.0))


def find_places(canvas: Canvas) -> Float:
    """Find the landmarks; each but the last two lies in a voxel of its structure.

    Parameters
    ----------
    canvas : Canvas
        A refined head; its numbers are FreeSurfer's in the brain.

    Returns
    -------
    (10, 3) array
        In the order of `LANDMARKS`, head mm.
    """
    eyes = _voxels(canvas.is_any(Tissue.EYE), canvas.head_from_voxel)
    rostral, caudal = _callosum_ends(canvas)
    found = {
        "optic_chiasm": _middle(_voxels(canvas.has_number(CHIASM), canvas.head_from_voxel)),
        "fourth_ventricle": _middle(_voxels(canvas.has_number(FOURTH_VENTRICLE), canvas.head_from_voxel)),
        "rostral_corpus_callosum": rostral,
        "caudal_corpus_callosum": caudal,
    }
    for side, name, number in ((-1, "left", LATERAL_VENTRICLES[0]), (1, "right", LATERAL_VENTRICLES[1])):
        found[f"{name}_globe"] = _middle(eyes[eyes[:, 0] * side > 0])
        ventricle = _voxels(canvas.has_number(number), canvas.head_from_voxel, whole=True)
        found[f"{name}_occipital_horn"] = _end(ventricle, -1)
        found[f"{name}_central_sulcus_at_midline"] = _top_of_brain(canvas, side)
    return np.array([_or_typical(found[name], name) for name in LANDMARKS])


def _or_typical(place: Float | None, name: str) -> Float:
    if place is not None:
        return place
    side = -1 if name.startswith("left") else 1
    return np.array(TYPICAL_MM[name.removeprefix("left_").removeprefix("right_")]) * (side, 1, 1)


def _voxels(mask: NDArray[np.bool_], head_from_voxel: Rigid, *, whole: bool = False) -> Float:
    """Return (N, 3) head mm of a structure's voxels, or of its largest piece only."""
    at = np.argwhere(mask)
    if whole and len(at):
        start = at.min(axis=0)
        box = tuple(slice(a, b) for a, b in zip(start, at.max(axis=0) + 1, strict=True))
        at = np.argwhere(largest_piece(mask[box])) + start
    return head_from_voxel.map(at)


def _middle(points: Float) -> Float | None:
    """Return the point nearest to the centre of all: the centre itself may lie outside."""
    if len(points) < FEWEST_VOX:
        return None
    middle: Float = points[np.linalg.norm(points - points.mean(axis=0), axis=1).argmin()]
    return middle


def _end(points: Float, direction: int) -> Float | None:
    """Return the foremost or rearmost place."""
    if len(points) < FEWEST_VOX:
        return None
    y = points[:, 1] * direction
    end = points[y > y.max() - END_MM]
    place: Float = end[np.linalg.norm(end - end.mean(axis=0), axis=1).argmin()]
    return place


def _callosum_ends(canvas: Canvas) -> tuple[Float | None, Float | None]:
    patch, xyz = canvas.patch(*CALLOSUM_MM)
    low, high = np.array(CALLOSUM_MM)
    within = ((xyz >= low[:, None, None, None]) & (xyz <= high[:, None, None, None])).all(axis=0)
    white = largest_piece((canvas.tissues[patch] == Tissue.WHITE) & within)
    points = xyz[:, white].T.astype(np.float64)
    return _end(points, 1), _end(points, -1)


def _top_of_brain(canvas: Canvas, side: int) -> Float | None:
    """Return where the cortex ends upwards in a column beside the midline."""
    column = np.array(COLUMN_MM) * (side, 1, 1)
    low, high = column.min(axis=0), column.max(axis=0)
    patch, xyz = canvas.patch(low, high)
    within = ((xyz >= low[:, None, None, None]) & (xyz <= high[:, None, None, None])).all(axis=0)
    brain = (canvas.tissues[patch] == Tissue.GREY) | (canvas.tissues[patch] == Tissue.WHITE)
    points = xyz[:, brain & within].T.astype(np.float64)
    if len(points) < FEWEST_VOX:
        return None
    top: Float = points[points[:, 2] > points[:, 2].max() - END_MM].mean(axis=0)
    return top
