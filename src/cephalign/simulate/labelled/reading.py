"""A label map from a file: whole numbers on a 1 mm grid whose axes run right, forwards and up."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from cephalign.errors import InputError
from cephalign.geometry import Grid, Volume
from cephalign.geometry.grid import Float, apply_affine
from cephalign.io.volumes import read_volume
from cephalign.simulate.labelled.table import LARGEST_NUMBER, TABLE
from cephalign.simulate.tissues import Tissue

Labels = NDArray[np.uint16]

# All that follows counts voxels as millimetres.
SPACING_MM = 1.0
SPACING_TOLERANCE = 0.02
# In thicker voxels a skull is one voxel thick, if that.
COARSEST_MM = 2.5
# A larger box is not around a head.
LONGEST_MM = 400.0


def read_labels(path: Path, table: Mapping[int, Tissue]) -> tuple[Labels, Grid]:
    """Read a label map.

    Parameters
    ----------
    path : Path
    table : mapping of int to Tissue
        The numbers that may occur.

    Returns
    -------
    labels : (I, J, K) uint16 array
        The file's numbers.
    grid : Grid
        1 mm isotropic; its axes are within 45 degrees of RAS.

    Raises
    ------
    InputError
        Unreadable, not a label map, too coarse, or a number that the table lacks.
    GeometryError
        The file does not say where its voxels lie.
    """
    volume = read_volume(path)
    labels = _whole_numbers(volume, path)
    found = np.flatnonzero(np.bincount(labels.ravel(order="K")))
    unknown = [str(number) for number in found.tolist() if number not in table]
    if unknown:
        raise InputError(
            f"{path} has labels whose tissue is not known: {', '.join(unknown[:12])}",
            expected="numbers of FreeSurfer and SynthSeg, or of the folder's table",
            do=f"name the tissue of each in {path.parent / TABLE}, in columns number and tissue",
        )
    if len(found) < 2:
        raise InputError(f"{path} is empty", expected="a label map of a head", got="one number everywhere")
    spacing, extent = volume.grid.spacing, volume.grid.extent
    if spacing.max() > COARSEST_MM or extent.max() > LONGEST_MM:
        raise InputError(
            f"{path} is no label map of one head",
            expected=f"voxels of at most {COARSEST_MM:g} mm over at most {LONGEST_MM:g} mm",
            got=f"voxels of {spacing.max():.3g} mm, {extent.max():.4g} mm long",
        )
    return _upright(labels, volume.grid)


def _whole_numbers(volume: Volume, path: Path) -> Labels:
    data = volume.data
    if data.dtype.kind == "b":
        return data.astype(np.uint16)
    lowest, highest = float(data.min()), float(data.max())
    fits = lowest >= 0 and highest <= LARGEST_NUMBER  # NaN does not
    labels = data.astype(np.uint16) if fits else None
    if labels is None or (data.dtype.kind == "f" and not np.array_equal(labels, data)):
        raise InputError(
            f"{path} is not a label map",
            expected=f"whole numbers from 0 to {LARGEST_NUMBER}, one for each structure",
            got=f"{data.dtype.name} from {lowest:.6g} to {highest:.6g}",
            do="give label maps (segmentations), not scans",
        )
    return labels


def _upright(labels: Labels, grid: Grid) -> tuple[Labels, Grid]:
    """Turn the array until its axes run along R, A and S, and take the nearest voxel each millimetre."""
    _, axes = linear_sum_assignment(-np.abs(grid.directions))
    signs = np.sign(grid.directions[np.arange(3), axes])
    shape = np.array(grid.shape)[axes]
    # The file's index is linear in ours.
    steps: list[NDArray[np.intp]] = []
    world_from_voxel = np.eye(4)
    first: Float = np.zeros(3)
    for axis in range(3):
        spacing = float(grid.spacing[axes[axis]])
        fine = abs(spacing - SPACING_MM) <= SPACING_TOLERANCE
        step = 1.0 if fine else SPACING_MM / spacing
        count = int(shape[axis]) if fine else max(1, round(shape[axis] / step))
        at = (shape[axis] - 1) / 2 + (np.arange(count) - (count - 1) / 2) * step
        if signs[axis] < 0:
            at = shape[axis] - 1 - at
        steps.append(np.clip(np.rint(at), 0, shape[axis] - 1).astype(np.intp))
        first[axes[axis]] = at[0]
        world_from_voxel[:3, axis] = grid.directions[:, axes[axis]] * signs[axis] * spacing * step
    world_from_voxel[:3, 3] = apply_affine(grid.world_from_voxel, first)
    upright = np.ascontiguousarray(labels.transpose(axes)[np.ix_(*steps)])
    return upright, Grid((upright.shape[0], upright.shape[1], upright.shape[2]), world_from_voxel)
