"""Reading and writing a rigid transform in the formats other tools read, chosen by suffix or by name."""

# ruff: noqa: PLC0415 - pydicom is imported only for the format that needs it

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from cephalign.errors import InputError
from cephalign.geometry.grid import Grid
from cephalign.geometry.rigid import Rigid
from cephalign.io import fsl, itk, lta, record, rire_standard
from cephalign.io.exchange import read_bytes
from cephalign.io.itk_containers import HDF5_SIGNATURE


class TransformStyle(StrEnum):
    """The family of tools a transform file belongs to."""

    ITK = "itk"
    FSL = "fsl"
    LTA = "lta"
    RIRE = "rire"
    JSON = "json"
    DICOM = "dicom"


STYLE_BY_SUFFIX = {
    ".tfm": TransformStyle.ITK,
    ".txt": TransformStyle.ITK,
    ".h5": TransformStyle.ITK,
    ".lta": TransformStyle.LTA,
    ".standard": TransformStyle.RIRE,
    ".json": TransformStyle.JSON,
    ".dcm": TransformStyle.DICOM,
}
AMBIGUOUS_SUFFIX = ".mat"
MAT_STYLES = (TransformStyle.ITK, TransformStyle.FSL)
SUFFIXES = (*STYLE_BY_SUFFIX, AMBIGUOUS_SUFFIX)


def read_transform(
    path: str | Path,
    *,
    fixed: Grid | None = None,
    moving: Grid | None = None,
    style: TransformStyle | None = None,
) -> Rigid:
    """Read a rigid transform of any known format.

    Parameters
    ----------
    path : str or Path
    fixed, moving : Grid, optional
        Grids of the two scans; FSL and RIRE need both, LTA only where it lacks its own.
    style : TransformStyle, optional
        The format, where the suffix does not say it. A `.mat` is told apart by its content: text is FSL's,
        binary is ITK's.

    Returns
    -------
    Rigid
        `moving_from_fixed`: takes a RAS+ mm point of the fixed scan to the moving scan.

    Raises
    ------
    InputError
        Missing, unreadable, not a linear transform, or the grids it needs are not given.
    GeometryError
        Linear, but not rigid.
    """
    path = Path(path)
    chosen = TransformStyle(style) if style else _style_of_content(path)
    match chosen:
        case TransformStyle.ITK:
            return itk.read(path)
        case TransformStyle.FSL:
            return fsl.read(path, fixed, moving)
        case TransformStyle.LTA:
            return lta.read(path, fixed, moving)
        case TransformStyle.RIRE:
            return rire_standard.read(path, fixed, moving)
        case TransformStyle.JSON:
            return record.read(path)
        case TransformStyle.DICOM:
            from cephalign.io import dicom_registration_read

            return dicom_registration_read.read(path)


def write_transform(
    moving_from_fixed: Rigid,
    path: str | Path,
    *,
    fixed: Grid | None = None,
    moving: Grid | None = None,
    style: TransformStyle | None = None,
) -> None:
    """Write a rigid transform in the format of the suffix, or of `style`; whole or not at all.

    Parameters
    ----------
    moving_from_fixed : Rigid
        RAS+ mm, fixed to moving.
    path : str or Path
        `.mat` needs `style` (`itk` or `fsl`): nothing else says which of the two is meant.
    fixed, moving : Grid, optional
        Grids of the two scans; FSL, LTA and RIRE need both.
    style : TransformStyle, optional

    Raises
    ------
    InputError
        The format is unknown or ambiguous, or needs grids that are not given.
    OutputError
        The file cannot be written.
    """
    path = Path(path)
    chosen = TransformStyle(style) if style else _style_of_suffix(path)
    _refuse_unlike(path, chosen)
    match chosen:
        case TransformStyle.ITK:
            itk.write(moving_from_fixed, path)
        case TransformStyle.FSL:
            fsl.write(moving_from_fixed, path, fixed, moving)
        case TransformStyle.LTA:
            lta.write(moving_from_fixed, path, fixed, moving)
        case TransformStyle.RIRE:
            rire_standard.write(moving_from_fixed, path, fixed, moving)
        case TransformStyle.JSON:
            record.write(moving_from_fixed, path)
        case TransformStyle.DICOM:
            raise InputError(
                f"cannot write {path}: a DICOM registration names the images of both series",
                do="let `cephalign convert` or `invert` write it, with both series as --fixed and --moving",
            )


def _refuse_unlike(path: Path, style: TransformStyle) -> None:
    """Refuse a name by which a file would be read as of another style."""
    own = [suffix for suffix, one in STYLE_BY_SUFFIX.items() if one is style]
    own += [AMBIGUOUS_SUFFIX] if style in MAT_STYLES else []
    # Any text may be called .txt.
    if path.suffix.lower() in {*SUFFIXES} - {*own, ".txt"}:
        raise InputError(
            f"{path}: its suffix is that of another format", expected=" or ".join(own), got=path.suffix
        )


def _style_of_content(path: Path) -> TransformStyle:
    """Return the style of an existing file; only `.mat` needs a look inside."""
    if path.suffix.lower() != AMBIGUOUS_SUFFIX:
        return _style_of_suffix(path, option="--from-style")
    head = read_bytes(path)[:512]
    is_itk = b"\0" in head or head.startswith((b"#Insight", HDF5_SIGNATURE))
    return TransformStyle.ITK if is_itk else TransformStyle.FSL


def _style_of_suffix(path: Path, option: str = "--style") -> TransformStyle:
    suffix = path.suffix.lower()
    if suffix == AMBIGUOUS_SUFFIX:
        raise InputError(f"{path}: both ITK and FSL use .mat", do=f"choose with {option} itk or {option} fsl")
    if suffix not in STYLE_BY_SUFFIX:
        raise InputError(
            f"{path}: unknown transform format",
            expected="a suffix of " + ", ".join(SUFFIXES),
            got=suffix or "none",
            do=f"use one of these, or name the format with {option}",
        )
    return STYLE_BY_SUFFIX[suffix]
