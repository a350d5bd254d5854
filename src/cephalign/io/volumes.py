"""Reading and writing volumes of every format people have, chosen by suffix or by what a folder holds."""

# ruff: noqa: PLC0415 - nibabel, SimpleITK and pydicom are imported only for the format that needs them

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cephalign.errors import InputError
from cephalign.geometry.volume import Volume

RIRE_HEADER = "header.ascii"
OTHER_SUFFIXES = {".nii", ".nii.gz", ".mha", ".mhd", ".nrrd", ".nhdr"}
READABLE = (
    "NIfTI (.nii, .nii.gz), MetaImage (.mha, .mhd), NRRD (.nrrd, .nhdr), a folder of DICOM files, "
    "RIRE (header.ascii)"
)
WRITABLE = "NIfTI (.nii, .nii.gz), MetaImage (.mha), NRRD (.nrrd), RIRE (header.ascii)"


@dataclass(frozen=True)
class ReadOptions:
    """What may be done with a scan that is ambiguous; by default it is refused.

    Parameters
    ----------
    series : str, optional
        Which DICOM series of a folder: its SeriesInstanceUID, the beginning of it, or its number.
    allow_tilt : bool
        Resample the slices of a tilted CT gantry onto an orthogonal grid.
    allow_gaps : bool
        Fill missing or unevenly spaced DICOM slices by interpolation.
    allow_unoriented : bool
        Take a NIfTI or NRRD file that does not say where it lies: axes R, A, S, centre at the world origin.
    """

    series: str | None = None
    allow_tilt: bool = False
    allow_gaps: bool = False
    allow_unoriented: bool = False


def read_volume(path: str | Path, options: ReadOptions | None = None) -> Volume:
    """Read one 3D scan.

    Parameters
    ----------
    path : str or Path
        A file, or the folder of a DICOM series or of a RIRE volume.
    options : ReadOptions, optional
        How to resolve what is ambiguous.

    Returns
    -------
    Volume
        In RAS+ mm; its data may be Fortran-ordered.

    Raises
    ------
    InputError
        Missing, unreadable, damaged, not one 3D scan of real numbers, or of unknown format.
    GeometryError
        It does not say, or not unambiguously, where its voxels lie.
    """
    path, options = Path(path), options or ReadOptions()
    suffix = _suffix(path)
    if not path.exists():
        raise InputError(f"{path} does not exist")
    if _is_rire(path):
        from cephalign.io import rire

        return rire.read(path / RIRE_HEADER if path.is_dir() else path)
    if is_dicom(path):
        from cephalign.io import dicom

        return dicom.read(path, options)
    if suffix in {".nii", ".nii.gz"}:
        from cephalign.io import nifti

        return nifti.read(path, allow_unoriented=options.allow_unoriented)
    if suffix in {".mha", ".mhd", ".nrrd", ".nhdr"}:
        from cephalign.io import itk_image

        return itk_image.read(path, allow_unoriented=options.allow_unoriented)
    raise InputError(f"{path}: unknown volume format", expected=READABLE, got=suffix or "no suffix")


def write_volume(volume: Volume, path: str | Path, *, description: str = "") -> None:
    """Write a scan in the format of the suffix, whole or not at all.

    Parameters
    ----------
    volume : Volume
    path : str or Path
        .nii, .nii.gz, .mha, .nrrd, or a file named header.ascii (RIRE, which writes image.bin beside it).
    description : str
        A few words on what it is, kept in the header.

    Raises
    ------
    InputError
        The format is unknown or cannot hold these data.
    OutputError
        The file cannot be written.
    """
    path = Path(path)
    match _suffix(path):
        case ".nii" | ".nii.gz":
            from cephalign.io import nifti_write

            nifti_write.write(volume, path, description)
        case ".mha" | ".nrrd":
            from cephalign.io import itk_image

            itk_image.write(volume, path, description)
        case _ if path.name.lower() == RIRE_HEADER:
            from cephalign.io import rire

            rire.write(volume, path, description)
        case suffix:
            # Two files cannot be replaced at one stroke, and one holds as much.
            in_two = {".mhd": "write .mha, which is one file", ".nhdr": "write .nrrd, which is one file"}
            raise InputError(
                f"cannot write {path}: unknown or unsupported volume format",
                expected=WRITABLE,
                got=suffix or "no suffix",
                do=in_two.get(suffix, ""),
            )


def _suffix(path: Path) -> str:
    """Return the last suffix in lower case; `.gz` counts together with the one before it."""
    name = path.name.lower()
    return ".nii.gz" if name.endswith(".nii.gz") else path.suffix.lower()


def _is_rire(path: Path) -> bool:
    return path.name.lower() == RIRE_HEADER or (path / RIRE_HEADER).is_file()


def is_dicom(path: Path) -> bool:
    """Whether a scan is read as DICOM: a folder that is not RIRE's, or a file that begins as DICOM does."""
    if path.is_dir():
        return not _is_rire(path)
    try:
        with path.open("rb") as file:
            return _suffix(path) not in OTHER_SUFFIXES and file.read(132)[128:] == b"DICM"
    except OSError:
        return False
