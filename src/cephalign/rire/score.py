"""How far a transform is from RIRE's standard.

The project measured at up to ten volumes of interest in the brain, whose positions it keeps to itself (West
et al., J Comput Assist Tomogr 21:554, 1997). We measure at landmarks where a file gives them, else all over
the head: those errors are larger, since face and neck lie further out. The corners of the From volume lie
further out still; they need neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cephalign.errors import InputError
from cephalign.geometry import Grid, Rigid, Volume
from cephalign.geometry.grid import Float, apply_affine
from cephalign.io.exchange import finite, read_text
from cephalign.prep.head import head_mask
from cephalign.rire.layout import Place

Points = Literal["landmarks", "head"]

# A head's mask has some hundred thousand voxels; so many of them say the same of a rigid motion.
HEAD_POINTS = 2000
LANDMARK_COLUMNS = ("landmark", "x_ras_mm", "y_ras_mm", "z_ras_mm")


@dataclass(frozen=True, eq=False)
class Score:
    """Distances in mm between where a transform and the standard put the same points.

    Parameters
    ----------
    points : {'landmarks', 'head'}
        What the points of the first three are.
    found, identity, centres : (N,) arrays
        Of the transform, of none (the first voxels lie on each other), and of the shift that lays the middles
        of the two grids on each other.
    corners : (8,) array
        Of the transform, at the corners of the From volume.
    """

    points: Points
    found: Float
    identity: Float
    centres: Float
    corners: Float


def score(
    moving_from_fixed: Rigid,
    standard_moving_from_fixed: Rigid,
    fixed: Volume,
    moving_grid: Grid,
    landmarks: Float | None = None,
) -> Score:
    """Hold a transform against the standard.

    Parameters
    ----------
    moving_from_fixed, standard_moving_from_fixed : Rigid
    fixed : Volume
        The To volume.
    moving_grid : Grid
        Grid of the From volume.
    landmarks : (N, 3) array, optional
        World points of the To volume (RAS+ mm). Those that either volume does not show are left out.

    Returns
    -------
    Score
    """
    standard = standard_moving_from_fixed
    points, kind = _points(standard, fixed, moving_grid, landmarks)
    centres = Rigid.from_euler((0, 0, 0), moving_grid.centre - fixed.grid.centre)
    return Score(
        points=kind,
        found=moving_from_fixed.distance(standard, points),
        identity=Rigid.identity().distance(standard, points),
        centres=centres.distance(standard, points),
        corners=(~moving_from_fixed).distance(~standard, moving_grid.corners),
    )


def _points(
    standard: Rigid, fixed: Volume, moving_grid: Grid, landmarks: Float | None
) -> tuple[Float, Points]:
    if landmarks is not None:
        seen = _within(fixed.grid, landmarks) & _within(moving_grid, standard.map(landmarks))
        if seen.any():
            return landmarks[seen], "landmarks"
    head = head_mask(fixed)
    voxels = np.argwhere(head.data)
    spread = np.linspace(0, len(voxels) - 1, min(HEAD_POINTS, len(voxels))).round().astype(int)
    return apply_affine(head.grid.world_from_voxel, voxels[spread]), "head"


def _within(grid: Grid, points: Float) -> NDArray[np.bool_]:
    """Return (N,) whether a point lies within the outer faces of the voxels."""
    index = apply_affine(grid.voxel_from_world, points)
    return np.asarray(((index >= -0.5) & (index <= np.array(grid.shape) - 0.5)).all(axis=1))


def find_landmarks(place: Place, patient: str, to_name: str) -> Float | None:
    """Read the landmarks of a To volume, from a file such as `mr_T1_landmarks.tsv`, if there is one.

    Returns
    -------
    (N, 3) array or None
        World points of that volume, RAS+ mm.

    Raises
    ------
    InputError
        The file does not hold what it should.
    """
    path = place.find(patient, f"{to_name}_landmarks.tsv")
    return read_landmarks(path) if path else None


def read_landmarks(path: Path) -> Float:
    """Read a table of landmarks: a name, then x, y, z (RAS+ mm), separated by tabs, under one line of names.

    Returns
    -------
    (N, 3) array

    Raises
    ------
    InputError
    """
    head, *rows = [line.split("\t") for line in read_text(path).splitlines() if line.strip()] or [[]]
    if tuple(head) != LANDMARK_COLUMNS or not rows:
        raise InputError(
            f"{path} is no table of landmarks",
            expected="lines of " + ", ".join(LANDMARK_COLUMNS) + " under these names, separated by tabs",
        )
    return np.array([finite(row[1:], f"{path}: landmark {row[0]}", 3) for row in rows])
