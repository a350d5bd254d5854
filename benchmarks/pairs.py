"""Misaligned pairs made from one real scan by resampling, so that the truth is known.

The scan is the RIRE practice patient's T1 (a real scan, 26 slices of 4 mm). Its partner is the same scan
under a known motion, resampled with cubic splines onto the grid of that patient's CT, its contrast remapped
by a curve that is not monotone, with noise added. The header of neither tells the motion.

Beyond the first and the last slice the outermost slice is repeated, as a neck goes on below a scan. Filled
with zeros there, the partner has an end that no anatomy has, and every program we measured is drawn away from
it along the slices: 0.16 mm (cmtk) to 0.85 mm (plastimatch), instead of 0.01 and 0.06.

A second kind is real: the CT and the T2 of one specimen, from two scanners. Nobody knows the truth of it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from cephalign.geometry import Grid, Rigid, Volume
from cephalign.geometry.grid import apply_affine
from cephalign.io.volumes import read_volume
from cephalign.simulate.motion import random_motion

CT_SHAPE, CT_SPACING = (512, 512, 29), (0.653595, 0.653595, 4.0)


@dataclass(frozen=True)
class Pair:
    """Two scans and the truth between them; `points` are (N, 3) world points of the fixed scan's anatomy."""

    name: str
    fixed: Volume
    moving: Volume
    moving_from_fixed: Rigid
    points: np.ndarray


def remap_contrast(data: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Send intensities through a random smooth curve that rises, falls and rises: another contrast."""
    top = np.percentile(data, 99.5)
    knots = np.array([0.0, 0.12, 0.3, 0.5, 0.7, 1.0]) * top
    heights = np.array([0.0, 0.5, 0.95, 0.35, 0.75, 0.25]) + np.r_[0.0, rng.uniform(-0.1, 0.1, 5)]
    fine = np.linspace(0, top, 257)
    curve = ndimage.gaussian_filter1d(np.interp(fine, knots, heights), 6)
    return 1000 * np.interp(data, fine, curve)


def recontrasted_pair(scan: Volume, seed: int, angle_deg: float = 30, shift_mm: float = 30) -> Pair:
    """Make pair number `seed`: the scan is fixed, its moved, re-contrasted copy on the CT's grid moving."""
    rng = np.random.default_rng(seed)
    matrix = np.diag([-CT_SPACING[0], -CT_SPACING[1], CT_SPACING[2], 1.0])
    matrix[:3, 3] = scan.grid.centre - matrix[:3, :3] @ ((np.array(CT_SHAPE) - 1) / 2)
    grid = Grid(CT_SHAPE, matrix)
    moving_from_fixed = random_motion(rng, angle_deg, shift_mm, scan.grid.centre)
    voxel = scan.grid.voxel_from_world @ moving_from_fixed.inverse().matrix @ grid.world_from_voxel
    data = ndimage.affine_transform(
        scan.data.astype(np.float64),
        voxel[:3, :3],
        voxel[:3, 3],
        output_shape=CT_SHAPE,
        order=3,
        mode="nearest",
    )
    data = remap_contrast(np.clip(data, 0, None), rng) + rng.normal(0, 15, CT_SHAPE)
    moving = Volume(np.round(data).astype(np.int16), grid)
    return Pair(f"recontrasted-{seed:03d}", scan, moving, moving_from_fixed, head_points(scan))


def head_points(scan: Volume, count: int = 4000) -> np.ndarray:
    """Return (count, 3) world points spread over the head: bright voxels, closed in every slice."""
    inside = ndimage.gaussian_filter(scan.data.astype(np.float32), (2, 2, 0)) > 0.15 * np.percentile(
        scan.data, 98
    )
    inside = np.stack([ndimage.binary_fill_holes(inside[..., k]) for k in range(inside.shape[2])], -1)
    labels, _ = ndimage.label(inside)
    voxels = np.argwhere(labels == np.bincount(labels.ravel())[1:].argmax() + 1)
    voxels = voxels[np.random.default_rng(0).permutation(len(voxels))[:count]]
    return apply_affine(scan.grid.world_from_voxel, voxels)


def rire_t1(data_dir: Path) -> Volume:
    """Read the practice patient's T1."""
    return read_volume(data_dir / "rire" / "training_001_mr_T1.mha")


def specimen(data_dir: Path) -> tuple[Volume, Volume]:
    """Read the T2, which is fixed, and the CT of one specimen."""
    folder = data_dir / "mri-dir"
    return read_volume(folder / "phantom_t2.nii.gz"), read_volume(folder / "phantom_ct.nii.gz")


def data_folder() -> Path:
    """Return the folder of real scans, which are not part of the project."""
    folder = os.environ.get("CEPHALIGN_DATA")
    return Path(folder) if folder else Path(__file__).resolve().parents[2] / "shared" / "data"
