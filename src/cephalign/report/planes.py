"""What the panels of a picture show: cuts through a scan, their grey levels, and two ways to compare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cephalign.geometry import Modality, Rigid, Volume
from cephalign.geometry.grid import Float, apply_affine

Grey = NDArray[np.float32]
Colour = NDArray[np.uint8]

# Okabe and Ito's orange: told from grey by every kind of colour vision.
MOVING_RGB = (255, 176, 32)
TINT_RGB = (255, 214, 150)
# Even, so that tiles meet in the middle of the panel.
TILES = 8
# Air is -1000 HU in every CT, and no MR scan holds numbers like it.
CT_BELOW_HU = -500.0
# Grey levels by HU: soft tissue gets half of them, bone the rest; a straight window would show only one.
CT_HU = (-1000.0, -200.0, -20.0, 100.0, 300.0, 1400.0)
CT_GREY = (0.0, 0.05, 0.25, 0.55, 0.65, 1.0)
# The brightest thousandths are vessels and wrap-around; shown white, they cost nothing.
PERCENTILES = (1.0, 99.6)


@dataclass(frozen=True)
class Plane:
    """One of the three cuts, in radiological display: the patient's right is on the left of the picture.

    Parameters
    ----------
    name : str
    right, down : tuples of three floats
        World directions (RAS) to the right and downwards in the picture.
    letters : tuple of four str
        What lies to the left, right, top and bottom.
    """

    name: str
    right: tuple[float, float, float]
    down: tuple[float, float, float]
    letters: tuple[str, str, str, str]


PLANES = (
    Plane("axial", (-1, 0, 0), (0, -1, 0), ("R", "L", "A", "P")),
    Plane("coronal", (-1, 0, 0), (0, 0, -1), ("R", "L", "S", "I")),
    Plane("sagittal", (0, -1, 0), (0, 0, -1), ("A", "P", "S", "I")),
)


@dataclass(frozen=True)
class Field:
    """The square field of view that all panels share.

    Parameters
    ----------
    centre : (3,) array
        World point of the fixed scan in the middle of each panel.
    extent_mm : float
        Side of the square.
    pixels : int
        Side of a panel.
    """

    centre: Float
    extent_mm: float
    pixels: int

    @property
    def pixel_mm(self) -> float:
        """Size of a pixel in mm."""
        return self.extent_mm / self.pixels


def cut(volume: Volume, scan_from_fixed: Rigid, plane: Plane, field: Field) -> Grey:
    """Sample a scan on a plane of the fixed world, linearly; the voxels stay where and what they are.

    Parameters
    ----------
    volume : Volume
    scan_from_fixed : Rigid
        Takes points of the fixed world to that of the scan.
    plane : Plane
    field : Field

    Returns
    -------
    (pixels, pixels) float32 array
        Rows from top to bottom; NaN where the scan does not reach.
    """
    n = field.pixels
    voxel_from_pixel = volume.grid.voxel_from_world @ scan_from_fixed.matrix @ _world_from_pixel(plane, field)
    values = ndimage.affine_transform(
        volume.data,
        voxel_from_pixel[:3, :3],
        voxel_from_pixel[:3, 3],
        output_shape=(1, n, n),
        output=np.float32,
        order=1,
        mode="nearest",
    )[0]
    # A voxel reaches half a voxel beyond its centre: of a 4 mm slice that is worth seeing.
    rows, columns = np.arange(n)[:, None], np.arange(n)[None, :]
    for axis, count in enumerate(volume.grid.shape):
        _, down, right, start = voxel_from_pixel[axis]
        index = down * rows + (right * columns + start)
        values[(index < -0.5) | (index > count - 0.5)] = np.nan
    return np.asarray(values, dtype=np.float32)


def points_of(plane: Plane, field: Field) -> Float:
    """Return (pixels, pixels, 3) world points of the fixed scan, one for each pixel."""
    rows, columns = np.indices((field.pixels, field.pixels), dtype=np.float64)
    return apply_affine(
        _world_from_pixel(plane, field), np.stack([np.zeros_like(rows), rows, columns], axis=-1)
    )


def _world_from_pixel(plane: Plane, field: Field) -> Float:
    """Return the (4, 4) matrix that takes 0, row, column to the fixed world."""
    matrix = np.eye(4)
    matrix[:3, 1] = np.array(plane.down) * field.pixel_mm
    matrix[:3, 2] = np.array(plane.right) * field.pixel_mm
    matrix[:3, 3] = field.centre - matrix[:3, 1:3].sum(axis=1) * (field.pixels - 1) / 2
    return matrix


def grey_levels(cuts: list[Grey], modality: Modality) -> list[Grey]:
    """Turn intensities into grey from 0 to 1, by the same rule for all cuts of one scan; NaN stays.

    CT is shown by its Hounsfield units, anything else between percentiles of what the cuts show.
    """
    seen = np.concatenate([values[::2, ::2].ravel() for values in cuts])
    seen = seen[np.isfinite(seen)]
    if not seen.size:
        return cuts
    if modality is Modality.CT or (modality is Modality.UNKNOWN and seen.min() < CT_BELOW_HU):
        return [np.interp(values, CT_HU, CT_GREY).astype(np.float32) for values in cuts]
    low, high = np.percentile(seen, PERCENTILES)
    if high <= low:  # nearly everything is air
        low, high = float(seen.min()), float(seen.max())
    scale = 1 / (high - low) if high > low else 0.0
    return [np.clip((values - low) * scale, 0, 1).astype(np.float32) for values in cuts]


def checkerboard(fixed: Grey, moving: Grey) -> Colour:
    """Alternate tiles of fixed (grey) and moving (tinted); where one scan ends the other is shown.

    Returns
    -------
    (pixels, pixels, 3) uint8 array
    """
    tile = np.arange(fixed.shape[0]) * TILES // fixed.shape[0]
    is_moving = (tile[:, None] + tile[None, :]) % 2 == 1
    is_moving = np.where(np.isnan(moving), False, is_moving | np.isnan(fixed))
    grey = np.nan_to_num(np.where(is_moving, moving, fixed))
    tint = np.where(is_moving[..., None], np.array(TINT_RGB, np.float32), np.float32(255))
    return np.asarray(np.round(grey[..., None] * tint), dtype=np.uint8)


def overlay(fixed: Grey, lines: Grey, halo: Grey) -> Colour:
    """Draw lines (opacity 0 to 1) in the moving scan's colour over the fixed scan, set off by a dark halo.

    Returns
    -------
    (pixels, pixels, 3) uint8 array
    """
    grey = np.nan_to_num(fixed) * (255 * (1 - lines) * (1 - halo))
    picture = grey[..., None] + lines[..., None] * np.array(MOVING_RGB, np.float32)
    return np.asarray(np.round(picture), dtype=np.uint8)
