"""ITK transform files: text (.tfm, .txt), MATLAB (.mat, as ANTs writes 0GenericAffine.mat) and HDF5 (.h5).

ITK's resampling transform takes a point of the fixed scan to the moving scan, in LPS: it is our
`moving_from_fixed` with the signs of x and y turned.
"""

from __future__ import annotations

from pathlib import Path

from cephalign.errors import InputError
from cephalign.geometry.rigid import Rigid
from cephalign.io.atomic import whole_file
from cephalign.io.exchange import read_bytes, rigid_or_refuse
from cephalign.io.frames import flip_xy
from cephalign.io.itk_containers import CONTAINERS, parse
from cephalign.io.itk_models import Stored, matrix_of

# What every program built on ITK reads, and FreeSurfer's lta_convert too, with the centre folded in.
WRITTEN_KIND = "AffineTransform_double_3_3"


def read(path: Path) -> Rigid:
    """Read `moving_from_fixed` from an ITK transform file of any of the three containers.

    Parameters
    ----------
    path : Path
        What it holds is told from the content, not from the suffix.

    Returns
    -------
    Rigid
        RAS+ mm, fixed to moving. A composite transform is composed as ITK applies it: the last one first.

    Raises
    ------
    InputError
        Not an ITK transform file, damaged, or a deformation.
    GeometryError
        Linear, but not rigid, or a composite with a part that is not.
    """
    stored = parse(read_bytes(path), path)
    if stored and stored[0].kind.startswith("CompositeTransform_"):
        stored = stored[1:]
    elif len(stored) > 1:
        raise InputError(
            f"{path} holds a list of transforms",
            expected="one transform, or a CompositeTransform",
            got=str(len(stored)),
        )
    if not stored:
        raise InputError(f"{path} holds no transform", expected="an ITK transform")
    moving_from_fixed = rigid_or_refuse(flip_xy(matrix_of(stored[0], path)), path)
    for item in stored[1:]:
        moving_from_fixed = moving_from_fixed @ rigid_or_refuse(flip_xy(matrix_of(item, path)), path)
    return moving_from_fixed


def write(moving_from_fixed: Rigid, path: Path) -> None:
    """Write `moving_from_fixed` in double precision; the suffix chooses text, MATLAB or HDF5.

    Raises
    ------
    InputError
        A suffix by which ITK would not know the container.
    OutputError
        The file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in CONTAINERS:
        raise InputError(
            f"cannot write {path} for ITK",
            expected="a suffix of " + ", ".join(CONTAINERS),
            got=suffix or "none",
        )
    matrix = flip_xy(moving_from_fixed.matrix)
    stored = Stored(WRITTEN_KIND, [*matrix[:3, :3].ravel(), *matrix[:3, 3]], [0.0, 0.0, 0.0])
    with whole_file(path) as temporary:
        temporary.write_bytes(CONTAINERS[suffix](stored))
