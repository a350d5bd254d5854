"""Where a label map's brain lies in the frame of the head: a rigid fit of its deep structures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cephalign.errors import InputError
from cephalign.geometry import Rigid
from cephalign.geometry.grid import Float, apply_affine
from cephalign.simulate.labelled.reading import Labels

# Centres of the structures in MNI space, mm: those of the AAL atlas (Tzourio-Mazoyer et al., NeuroImage
# 15:273, 2002), the mean of both sides; here the right one's, with FreeSurfer's numbers left and right.
CENTRES_MNI: Mapping[tuple[int, int], tuple[float, float, float]] = {
    (10, 49): (11.9, -17.6, 8.0),  # thalamus
    (11, 50): (13.2, 11.5, 9.3),  # caudate
    (12, 51): (25.8, 4.4, 2.4),  # putamen
    (13, 52): (19.5, 0.1, 0.2),  # pallidum
    (17, 53): (27.1, -20.3, -10.2),  # hippocampus
    (18, 54): (25.3, 0.0, -17.3),  # amygdala
}
# MNI space is turned and shifted against the frame of the commissures (Lancaster et al., Hum Brain Mapp
# 28:1194, 2007: `icbm_spm2tal`, here without its sideways terms: its template is not quite symmetric).
TALAIRACH_FROM_MNI: Float = np.array(
    [[0.9254, 0, 0, 0], [0, 0.9316, -0.0871, -1.7667], [0, 0.0883, 0.8924, 4.0926], [0, 0, 0, 1]]
)
SMALLEST_STRUCTURE_VOX = 30
FEWEST_PAIRS = 3
# Sizes of heads alone put a centre some 5 mm off.
FARTHEST_OFF_MM = 8.0


def structure_centres() -> dict[int, Float]:
    """Return the (3,) centre of each structure in the frame of the commissures, by FreeSurfer number."""
    centres = {}
    for (left, right), centre in CENTRES_MNI.items():
        centres[right] = apply_affine(TALAIRACH_FROM_MNI, centre)
        centres[left] = centres[right] * (-1, 1, 1)
    return centres


def fit_frame(labels: Labels, path: Path) -> tuple[Rigid, Float]:
    """Lay a label map into the head's frame.

    A fit without scale: sizes stay as they are. Only the direction of the published centres counts, so that
    their scale hardly matters.

    Parameters
    ----------
    labels : (I, J, K) uint16 array
        FreeSurfer's numbers in voxels of 1 mm, axes near RAS.
    path : Path
        For the message.

    Returns
    -------
    head_from_voxel : Rigid
    centres : (N, 3) array
        The structures' own centres in the head's frame, mm.

    Raises
    ------
    InputError
        Too few of the structures are there.
    """
    published = structure_centres()
    found = _centres(labels, np.array(sorted(published)))
    pairs = [pair for pair in CENTRES_MNI if found.keys() >= set(pair)]
    for last in (False, True):
        if len(pairs) < FEWEST_PAIRS:
            raise InputError(
                f"{path}: too little of the brain is labelled to tell how the head lies",
                expected=f"both sides of {FEWEST_PAIRS} of FreeSurfer's structures {list(CENTRES_MNI)}",
                got=f"{len(pairs)} of them",
            )
        chosen = [number for pair in pairs for number in pair]
        points = np.array([found[number] for number in chosen])
        targets = np.array([published[number] for number in chosen])
        head_from_voxel = kabsch(points, targets)
        if not last:  # half a hippocampus, say, has its centre elsewhere
            off = np.linalg.norm(head_from_voxel.map(points) - targets, axis=1).reshape(-1, 2).max(axis=1)
            pairs = [pair for pair, mm in zip(pairs, off, strict=True) if mm <= FARTHEST_OFF_MM]
    return head_from_voxel, head_from_voxel.map(points)


def _centres(labels: Labels, numbers: NDArray[np.intp]) -> dict[int, Float]:
    """Return the centres of those structures that are there, in voxels."""
    wanted = np.zeros(np.iinfo(labels.dtype).max + 1, dtype=bool)
    wanted[numbers] = True
    at = np.nonzero(wanted[labels])
    of = labels[at]
    counts = np.bincount(of, minlength=int(numbers.max()) + 1)
    sums = np.stack([np.bincount(of, weights=axis, minlength=len(counts)) for axis in at], axis=1)
    return {int(n): sums[n] / counts[n] for n in numbers if counts[n] >= SMALLEST_STRUCTURE_VOX}


def kabsch(points: Float, targets: Float) -> Rigid:
    """Return the rigid transform that takes (N, 3) points to their targets with least squared error."""
    centre, centre_there = points.mean(axis=0), targets.mean(axis=0)
    U, _, Vt = np.linalg.svd((targets - centre_there).T @ (points - centre))
    rotation = U @ np.diag([1.0, 1.0, np.linalg.det(U @ Vt)]) @ Vt
    return Rigid.from_rotation(rotation, centre_there - centre, centre)
