"""The sampling grid of a scan: how many voxels, and where each voxel's centre lies in world (RAS+ mm)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cephalign.errors import GeometryError

Float = NDArray[np.float64]

# Direction cosines come from text and float32 headers; a shear beyond this is a real one (0.06 degrees).
SHEAR_TOLERANCE = 1e-3


def apply_affine(affine: Float, points: ArrayLike) -> Float:
    """Map points through a 4 x 4 affine.

    Parameters
    ----------
    affine : (4, 4) array
    points : (..., 3) array

    Returns
    -------
    (..., 3) float64 array
    """
    mapped: Float = np.asarray(points, dtype=np.float64) @ affine[:3, :3].T + affine[:3, 3]
    return mapped


def frozen_affine(affine: ArrayLike, what: str) -> Float:
    """Copy `affine` into a read-only float64 (4, 4) array; refuse wrong shapes, NaN and a wrong last row."""
    matrix = np.array(affine, dtype=np.float64)
    if matrix.shape != (4, 4):
        raise GeometryError(f"{what} has a wrong shape", expected="a 4 x 4 matrix", got=str(matrix.shape))
    if not np.isfinite(matrix).all():
        raise GeometryError(f"{what} holds NaN or infinity", expected="finite numbers")
    if not np.array_equal(matrix[3], [0.0, 0.0, 0.0, 1.0]):
        raise GeometryError(f"{what} is not affine", expected="last row 0 0 0 1", got=str(matrix[3].tolist()))
    matrix.setflags(write=False)
    return matrix


@dataclass(frozen=True, eq=False)
class Grid:
    """A regular grid of voxel centres in world coordinates.

    Parameters
    ----------
    shape : tuple of three ints
        Number of voxels along the array axes i, j, k.
    world_from_voxel : (4, 4) array
        Maps voxel indices (a whole index is a voxel *centre*) to RAS+ mm. Oblique and left-handed grids
        are welcome; axes that are not orthogonal are refused.

    Raises
    ------
    GeometryError
        Shape below one voxel, NaN, zero spacing, or sheared axes (as a tilted CT gantry makes them).
    """

    shape: tuple[int, int, int]
    world_from_voxel: Float

    def __post_init__(self) -> None:
        shape = tuple(int(n) for n in self.shape)
        if len(shape) != 3 or min(shape) < 1:
            raise GeometryError(
                "grid shape is not three-dimensional", expected="three counts of at least 1", got=str(shape)
            )
        matrix = frozen_affine(self.world_from_voxel, "world_from_voxel")
        spacing = np.linalg.norm(matrix[:3, :3], axis=0)
        if spacing.min() <= 0:
            raise GeometryError(
                "grid spacing is zero", expected="positive spacing", got=str(spacing.tolist())
            )
        cosines = matrix[:3, :3] / spacing
        if np.abs(cosines.T @ cosines - np.eye(3)).max() > SHEAR_TOLERANCE:
            raise GeometryError(
                "grid axes are not orthogonal", expected="orthogonal axes", got=str(cosines.round(4).tolist())
            )
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "world_from_voxel", matrix)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Grid)
            and self.shape == other.shape
            and np.array_equal(self.world_from_voxel, other.world_from_voxel)
        )

    def __hash__(self) -> int:
        return hash((self.shape, self.world_from_voxel.tobytes()))

    @property
    def spacing(self) -> Float:
        """(3,) distance between neighbouring voxel centres along i, j, k in mm."""
        spacing: Float = np.linalg.norm(self.world_from_voxel[:3, :3], axis=0)
        return spacing

    @property
    def directions(self) -> Float:
        """(3, 3) unit vectors of the axes i, j, k as columns, in world."""
        return self.world_from_voxel[:3, :3] / self.spacing

    @property
    def voxel_from_world(self) -> Float:
        """(4, 4) inverse of `world_from_voxel`."""
        return np.asarray(np.linalg.inv(self.world_from_voxel), dtype=np.float64)

    @property
    def centre(self) -> Float:
        """(3,) world position of the middle of the grid."""
        return apply_affine(self.world_from_voxel, (np.array(self.shape) - 1) / 2)

    @property
    def extent(self) -> Float:
        """(3,) size along i, j, k in mm, from outer voxel face to outer voxel face."""
        extent: Float = self.spacing * np.array(self.shape)
        return extent

    @property
    def is_left_handed(self) -> bool:
        """Whether the array axes form a left-handed system in world."""
        return bool(np.linalg.det(self.world_from_voxel[:3, :3]) < 0)

    @property
    def corners(self) -> Float:
        """(8, 3) world positions of the eight corner voxels' centres; the first array axis varies fastest."""
        last = np.array(self.shape) - 1
        indices = [(i, j, k) for k, j, i in product((0, 1), repeat=3)]
        return apply_affine(self.world_from_voxel, np.array(indices) * last)

    def cropped(self, first: ArrayLike, shape: Sequence[int]) -> Grid:
        """Return the part of the grid with a shape that begins at a voxel; all stay where they are."""
        matrix = self.world_from_voxel.copy()
        matrix[:3, 3] = apply_affine(matrix, first)
        return Grid((int(shape[0]), int(shape[1]), int(shape[2])), matrix)

    def resized(self, spacing: ArrayLike) -> Grid:
        """Return a grid over the same extent with `spacing` (mm, one or three), its centre kept exactly."""
        wanted = np.broadcast_to(np.asarray(spacing, dtype=np.float64), (3,))
        # A scan of one slice keeps its one slice; half a voxel of excess is not worth another voxel.
        shape = np.maximum(1, np.round(self.extent / wanted)).astype(int)
        matrix = np.eye(4)
        matrix[:3, :3] = self.directions * wanted
        matrix[:3, 3] = self.centre - matrix[:3, :3] @ ((shape - 1) / 2)
        return Grid((int(shape[0]), int(shape[1]), int(shape[2])), matrix)
