"""Scans put elsewhere: by the header, or by resampling onto a grid along the world's axes."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from cephalign.geometry import Grid, Rigid, Volume
from cephalign.prep.resample import resample


def moved_header(scan: Volume, new_from_scan: Rigid) -> Volume:
    """Move a scan's header; its voxels stay as they are."""
    return Volume(scan.data, Grid(scan.grid.shape, new_from_scan.matrix @ scan.grid.world_from_voxel))


def resampled(scan: Volume, new_from_scan: Rigid, finest_mm: float) -> Volume:
    """Move a scan and sample it along the world's axes, with empty space around it."""
    corners = moved_header(scan, new_from_scan).grid.corners
    spacing = max(finest_mm, float(scan.grid.spacing.min()))
    return resample(scan, upright_grid(corners, spacing), ~new_from_scan)


def upright_grid(points: np.ndarray, spacing_mm: float, margin_mm: float = 0.0) -> Grid:
    """Return a grid along the world's axes that holds (N, 3) points."""
    low, high = points.min(axis=0) - margin_mm, points.max(axis=0) + margin_mm
    matrix = np.diag([spacing_mm] * 3 + [1.0])
    matrix[:3, 3] = low
    return Grid(tuple(np.ceil((high - low) / spacing_mm).astype(int).tolist()), matrix)


def any_turn(rng: np.random.Generator) -> np.ndarray:
    """Draw a rotation evenly from all there are."""
    return Rotation.from_quat(rng.normal(size=4)).as_matrix()
