"""Reading the Spatial Registration object of DICOM, ours or another program's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.uid import DeformableSpatialRegistrationStorage, SpatialRegistrationStorage

from cephalign.errors import InputError
from cephalign.geometry.grid import Float
from cephalign.geometry.rigid import Rigid
from cephalign.io.dicom_file import quiet_pydicom, read_dataset
from cephalign.io.dicom_source import element_of
from cephalign.io.exchange import finite, refuse_large, rigid_or_refuse
from cephalign.io.frames import flip_xy

# Matrices are text; a move by less is none.
IDENTITY_TOLERANCE = 1e-6


def is_registration(path: Path) -> bool:
    """Whether a file is a registration of DICOM, rigid or not, rather than a scan."""
    dataset = read_dataset(path, tags=["SOPClassUID"], pixels=False) if path.is_file() else None
    return _sop_class(dataset) in (SpatialRegistrationStorage, DeformableSpatialRegistrationStorage)


def read(path: Path) -> Rigid:
    """Read `moving_from_fixed` from an object that registers one series to another.

    Fixed is what the object leaves where it is, moving what it moves.

    Raises
    ------
    InputError
        No such object, damaged, a deformation, several things moved, or a motion in several steps, whose
        order programs disagree on.
    GeometryError
        Scaling, shear or a reflection.
    """
    refuse_large(path)
    dataset = read_dataset(path)
    if _sop_class(dataset) != SpatialRegistrationStorage:
        raise InputError(
            f"{path} is no DICOM registration",
            expected="a Spatial Registration object",
            got=getattr(_sop_class(dataset), "name", "none"),
        )
    try:
        with quiet_pydicom():
            items = [(_name(item), _matrix(item, path)) for item in dataset.RegistrationSequence]
    except InputError:
        raise
    except Exception as error:  # values are parsed on access, and raise whatever they like
        raise InputError(f"{path}: damaged DICOM file ({error})", do="export it again") from error
    moved = [(name, matrix) for name, matrix in items if _moves(matrix)]
    if not items or len(moved) > 1:
        raise InputError(
            f"{path}: it is not told which one moves",
            expected="one thing that is moved onto one that stays",
            got=f"{len(moved)} that are moved: {', '.join(name for name, _ in moved[:3])}",
            do="export the registration of the two series alone",
        )
    fixed_from_moving_lps = moved[0][1] if moved else np.eye(4)
    return rigid_or_refuse(flip_xy(fixed_from_moving_lps), path).inverse()


def _sop_class(dataset: Any) -> Any:
    with quiet_pydicom():
        element = None if dataset is None else element_of([dataset], "SOPClassUID")
    return None if element is None else element.value


def _moves(matrix: Float) -> bool:
    return bool(np.abs(matrix - np.eye(4)).max() > IDENTITY_TOLERANCE)


def _name(item: Any) -> str:
    """Return what tells an item from others, for an error."""
    return str(item.get("FrameOfReferenceUID") or item.ReferencedImageSequence[0].ReferencedSOPInstanceUID)


def _matrix(item: Any, path: Path) -> Float:
    """Return the matrix of an item; steps that move nothing do not count."""
    (registration,) = item.MatrixRegistrationSequence
    steps = []
    for step in registration.MatrixSequence:
        numbers = finite(step.FrameOfReferenceTransformationMatrix, f"{path}: its matrix", 16)
        steps.append(numbers.reshape(4, 4))
        if not np.array_equal(steps[-1][3], [0, 0, 0, 1]):
            raise InputError(f"{path}: its matrix is damaged", expected="last row 0 0 0 1")
    moving = [step for step in steps if _moves(step)]
    if len(moving) > 1:
        raise InputError(
            f"{path}: a motion in {len(moving)} steps",
            expected="one matrix",
            do="export it as one, since programs disagree on which step comes first",
        )
    return moving[0] if moving else np.eye(4)
