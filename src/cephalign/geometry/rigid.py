"""Rigid transforms of world points, held as one 4 x 4 matrix in RAS+ mm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.transform import Rotation

from cephalign.errors import GeometryError
from cephalign.geometry.grid import Float, apply_affine, frozen_affine

# A rotation read from text with six decimals is off by 1e-6; 1e-4 moves a point of the head by 0.01 mm.
RIGID_TOLERANCE = 1e-4
# Below this the matrix is taken as it is, so that writing and reading keeps every bit.
EXACT_TOLERANCE = 1e-12


@dataclass(frozen=True, eq=False)
class Rigid:
    """A rotation and a translation; its name states its direction, as in `moving_from_fixed`.

    `moving_from_fixed.map(p)` takes a point of the fixed scan to the same anatomy in the moving scan, and
    `a_from_b @ b_from_c` is `a_from_c`.

    Parameters
    ----------
    matrix : (4, 4) array
        Homogeneous matrix in RAS+ mm.

    Raises
    ------
    GeometryError
        Shear, scaling, reflection, or NaN.
    """

    matrix: Float

    def __post_init__(self) -> None:
        matrix = frozen_affine(self.matrix, "rigid transform")
        R = matrix[:3, :3]
        deviation = float(np.abs(R.T @ R - np.eye(3)).max())
        if deviation > RIGID_TOLERANCE:
            raise GeometryError(
                "transform is not rigid",
                expected="a pure rotation and translation",
                got=f"scaling or shear of {deviation:.2g}",
                do="register with a rigid model, or remove scaling and shear first",
            )
        if np.linalg.det(R) < 0:
            raise GeometryError("transform is a reflection", expected="determinant +1", got="determinant -1")
        if deviation > EXACT_TOLERANCE:
            U, _, Vt = np.linalg.svd(R)
            nearest = matrix.copy()
            nearest[:3, :3] = U @ Vt
            matrix = frozen_affine(nearest, "rigid transform")
        object.__setattr__(self, "matrix", matrix)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rigid) and np.array_equal(self.matrix, other.matrix)

    def __hash__(self) -> int:
        return hash(self.matrix.tobytes())

    @classmethod
    def identity(cls) -> Rigid:
        """Return the transform that moves nothing."""
        return cls(np.eye(4))

    @classmethod
    def from_rotation(
        cls, rotation: ArrayLike, translation: ArrayLike = (0, 0, 0), centre: ArrayLike = (0, 0, 0)
    ) -> Rigid:
        """Build x -> R (x - centre) + centre + translation from a (3, 3) matrix and mm."""
        R, t, c = (np.asarray(a, dtype=np.float64) for a in (rotation, translation, centre))
        matrix = np.eye(4)
        matrix[:3, :3] = R
        matrix[:3, 3] = c + t - R @ c
        return cls(matrix)

    @classmethod
    def from_euler(
        cls, angles_deg: ArrayLike, translation: ArrayLike = (0, 0, 0), centre: ArrayLike = (0, 0, 0)
    ) -> Rigid:
        """Build R = Rz Ry Rx from degrees about fixed world axes x, y, z in this order, about `centre`."""
        return cls.from_rotation(
            Rotation.from_euler("xyz", angles_deg, degrees=True).as_matrix(), translation, centre
        )

    @classmethod
    def from_quaternion(
        cls, xyzw: ArrayLike, translation: ArrayLike = (0, 0, 0), centre: ArrayLike = (0, 0, 0)
    ) -> Rigid:
        """Build from a quaternion x, y, z, w (scalar last; its length does not matter), about `centre`."""
        if not np.linalg.norm(np.asarray(xyzw, dtype=np.float64)) > 0:
            raise GeometryError("quaternion has no length", expected="a non-zero quaternion", got=str(xyzw))
        return cls.from_rotation(Rotation.from_quat(xyzw).as_matrix(), translation, centre)

    @classmethod
    def from_axis_angle(
        cls,
        axis: ArrayLike,
        angle_deg: float,
        translation: ArrayLike = (0, 0, 0),
        centre: ArrayLike = (0, 0, 0),
    ) -> Rigid:
        """Build a right-handed turn of `angle_deg` about `axis` (any length) through `centre`."""
        unit = np.asarray(axis, dtype=np.float64)
        length = np.linalg.norm(unit)
        if not length > 0:
            raise GeometryError("rotation axis has no length", expected="a non-zero axis", got=str(axis))
        rotation = Rotation.from_rotvec(unit / length * np.deg2rad(angle_deg))
        return cls.from_rotation(rotation.as_matrix(), translation, centre)

    @classmethod
    def from_parameters(cls, parameters: ArrayLike, centre: ArrayLike) -> Rigid:
        """Build from six numbers: rotation vector (radians) about `centre`, then translation (mm)."""
        p = np.asarray(parameters, dtype=np.float64)
        return cls.from_rotation(Rotation.from_rotvec(p[:3]).as_matrix(), p[3:], centre)

    @property
    def rotation(self) -> Float:
        """(3, 3) rotation matrix."""
        return self.matrix[:3, :3]

    @property
    def translation(self) -> Float:
        """(3,) where the world origin goes, in mm."""
        return self.matrix[:3, 3]

    @property
    def angle_deg(self) -> float:
        """Total rotation angle in degrees, 0 to 180."""
        return float(np.rad2deg(Rotation.from_matrix(self.rotation).magnitude()))

    def euler(self) -> Float:
        """Return (3,) degrees about fixed world x, y, z, as `from_euler` takes them.

        At a y angle of +-90 degrees only the sum (or difference) of x and z is defined: x carries it all.
        """
        R = self.rotation
        horizontal = float(np.hypot(R[0, 0], R[1, 0]))
        y = np.arctan2(-R[2, 0], horizontal)
        if horizontal > 1e-9:
            x, z = np.arctan2(R[2, 1], R[2, 2]), np.arctan2(R[1, 0], R[0, 0])
        else:
            x, z = np.arctan2(-R[1, 2], R[1, 1]), 0.0
        return np.asarray(np.rad2deg([x, y, z]), dtype=np.float64)

    def quaternion(self) -> Float:
        """Return (4,) unit quaternion x, y, z, w with w >= 0."""
        return np.asarray(Rotation.from_matrix(self.rotation).as_quat(canonical=True), dtype=np.float64)

    def axis_angle(self) -> tuple[Float, float]:
        """Return the (3,) unit axis and the angle in degrees (axis x where nothing turns)."""
        vector = np.asarray(Rotation.from_matrix(self.rotation).as_rotvec(), dtype=np.float64)
        angle = float(np.linalg.norm(vector))
        axis = vector / angle if angle > 0 else np.array([1.0, 0.0, 0.0])
        return axis, float(np.rad2deg(angle))

    def parameters(self, centre: ArrayLike) -> Float:
        """Return (6,) rotation vector (radians) about `centre`, translation (mm): see `from_parameters`."""
        c = np.asarray(centre, dtype=np.float64)
        return np.concatenate([Rotation.from_matrix(self.rotation).as_rotvec(), self.map(c) - c])

    def map(self, points: ArrayLike) -> Float:
        """Map (..., 3) world points, in mm."""
        return apply_affine(self.matrix, points)

    def displacement(self, points: ArrayLike) -> Float:
        """Return (...) how far each of (..., 3) points moves, in mm."""
        moved: Float = np.linalg.norm(self.map(points) - np.asarray(points, dtype=np.float64), axis=-1)
        return moved

    def distance(self, other: Rigid, points: ArrayLike) -> Float:
        """Return (...) how far apart the two transforms put each of (..., 3) points, in mm: the TRE there."""
        apart: Float = np.linalg.norm(self.map(points) - other.map(points), axis=-1)
        return apart

    def inverse(self) -> Rigid:
        """Return the opposite direction: `fixed_from_moving` of a `moving_from_fixed`."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.rotation.T
        matrix[:3, 3] = -self.rotation.T @ self.translation
        return Rigid(matrix)

    def __invert__(self) -> Rigid:
        return self.inverse()

    def __matmul__(self, other: Rigid) -> Rigid:
        return Rigid(self.matrix @ other.matrix)
