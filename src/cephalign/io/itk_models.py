"""The parametrisations in which ITK stores linear transforms, turned into one 4 x 4 matrix (LPS mm)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from cephalign.errors import GeometryError, InputError
from cephalign.geometry.grid import Float
from cephalign.io.exchange import finite


@dataclass(frozen=True)
class Stored:
    """One transform as ITK's three containers (text, MATLAB, HDF5) all hold it."""

    kind: str
    parameters: Sequence[str] | Sequence[float]
    fixed: Sequence[str] | Sequence[float]


def _rotation_of_versor(versor: Float, what: str) -> Float:
    """Return the rotation of a unit quaternion of which only the vector part is stored."""
    squared = float(versor @ versor)
    if squared > 1 + 1e-9:
        raise GeometryError(
            f"{what} holds no rotation", expected="a versor of length at most 1", got=f"{squared**0.5:.6g}"
        )
    scalar = np.sqrt(max(0.0, 1 - squared))
    return np.asarray(Rotation.from_quat([*versor, scalar]).as_matrix(), dtype=np.float64)


def _rotation_of_angles(angles: Float, fixed: Float) -> Float:
    """Return ITK's Euler rotation: Rz Rx Ry, or Rz Ry Rx where the fourth fixed parameter says so."""
    is_zyx = fixed.size > 3 and fixed[3] != 0
    x, y, z = angles
    # Capital letters turn about the moved axes, so the product reads in the order of the letters.
    rotation = Rotation.from_euler("ZYX", [z, y, x]) if is_zyx else Rotation.from_euler("ZXY", [z, x, y])
    return np.asarray(rotation.as_matrix(), dtype=np.float64)


def _scaled(p: Float, fixed: Float, what: str) -> tuple[Float, Float]:
    """Read versor, translation, and one scale (a factor) or three (ITK adds them to the diagonal)."""
    rotation = _rotation_of_versor(p[:3], what)
    matrix = rotation * p[6] if p.size == 7 else rotation + np.diag(p[6:9] - 1)
    return matrix, p[3:6]


Model = Callable[[Float, Float, str], tuple[Float, Float]]

# Name: how many parameters, and how they give the (3, 3) matrix and the (3,) translation.
MODELS: dict[str, tuple[int, Model]] = {
    "IdentityTransform": (0, lambda p, f, w: (np.eye(3), np.zeros(3))),
    "TranslationTransform": (3, lambda p, f, w: (np.eye(3), p)),
    "VersorTransform": (3, lambda p, f, w: (_rotation_of_versor(p, w), np.zeros(3))),
    "VersorRigid3DTransform": (6, lambda p, f, w: (_rotation_of_versor(p[:3], w), p[3:])),
    "Euler3DTransform": (6, lambda p, f, w: (_rotation_of_angles(p[:3], f), p[3:])),
    "Similarity3DTransform": (7, _scaled),
    "ScaleVersor3DTransform": (9, _scaled),
    "AffineTransform": (12, lambda p, f, w: (p[:9].reshape(3, 3), p[9:])),
    "MatrixOffsetTransformBase": (12, lambda p, f, w: (p[:9].reshape(3, 3), p[9:])),
}


def matrix_of(stored: Stored, path: object) -> Float:
    """Return the (4, 4) matrix of one stored transform: LPS mm, fixed to moving.

    Raises
    ------
    InputError
        A deformation, a 2D transform or another kind that is not one matrix; too few numbers.
    GeometryError
        A versor that is no rotation.
    """
    # As in AffineTransform_double_3_3: name, precision, dimensions in and out.
    name, _, tail = stored.kind.partition("_")
    if name not in MODELS or tail not in ("double_3_3", "float_3_3"):
        raise InputError(
            f"{path} does not hold a rigid 3D transform",
            expected="one of " + ", ".join(MODELS),
            got=stored.kind[:80] or "no transform type",
        )
    count, model = MODELS[name]
    what = f"{path}: {name}"
    parameters = finite(stored.parameters, what, count)
    fixed = finite(stored.fixed, f"{what} (fixed parameters)")
    linear, translation = model(parameters, fixed, what)
    centre = np.zeros(3)
    if fixed.size >= 3:
        centre = fixed[:3]
    elif fixed.size:
        raise InputError(
            f"{what} (fixed parameters) cannot be read", expected="a centre of 3 numbers", got=str(fixed.size)
        )
    matrix = np.eye(4)
    matrix[:3, :3] = linear
    matrix[:3, 3] = translation + centre - linear @ centre
    return matrix
