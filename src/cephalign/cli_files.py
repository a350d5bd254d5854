"""The verbs about files: convert, invert, apply, info. Nothing heavy is imported before a verb runs."""

# ruff: noqa: PLC0415 - so that --help answers at once

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypedDict

import typer

from cephalign.errors import InputError

if TYPE_CHECKING:
    from cephalign.geometry import Grid, Rigid, Volume
    from cephalign.io.transforms import TransformStyle

Format = Literal["itk", "fsl", "lta", "rire", "json"]
# A registration of DICOM is about two series, and not a format that any transform can be written in.
Style = Literal["itk", "fsl", "lta", "rire", "json", "dicom"]
Interpolation = Literal["linear", "nearest", "cubic"]

FixedOption = Annotated[Path | None, typer.Option("--fixed", help="Fixed volume, for its grid.")]
MovingOption = Annotated[Path | None, typer.Option("--moving", help="Moving volume, for its grid.")]
FromStyleOption = Annotated[
    Style | None,
    typer.Option("--from-style", help="Format of the input transform, if its name does not say."),
]
StyleOption = Annotated[
    Style | None, typer.Option("--style", help="Format of the output transform, if its name does not say.")
]
SeriesOption = Annotated[
    str | None, typer.Option("--series", help="DICOM series UID, where a folder holds several.")
]
TiltOption = Annotated[
    bool, typer.Option("--allow-tilt", help="Accept a tilted CT gantry (it is resampled upright).")
]
GapsOption = Annotated[bool, typer.Option("--allow-gaps", help="Accept missing or unevenly spaced slices.")]
UnorientedOption = Annotated[
    bool, typer.Option("--allow-unoriented", help="Accept a volume whose header does not say where it lies.")
]


DICOM_SUFFIX = ".dcm"


class ReadFlags(TypedDict):
    """The fields of `ReadOptions`, held back until a volume is read."""

    series: str | None
    allow_tilt: bool
    allow_gaps: bool
    allow_unoriented: bool


def say(what: str) -> None:
    """Tell the user what is being done, apart from the results."""
    typer.echo(f"cephalign: {what}", err=True)


def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A transform or a volume.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="What to write; its suffix is its format.")],
    *,
    fixed: FixedOption = None,
    moving: MovingOption = None,
    from_style: FromStyleOption = None,
    style: StyleOption = None,
    series: SeriesOption = None,
    allow_tilt: TiltOption = False,
    allow_gaps: GapsOption = False,
    allow_unoriented: UnorientedOption = False,
) -> None:
    """Rewrite a transform or a volume in another format.

    FSL, LTA and RIRE transforms depend on the voxel grids: give them with --fixed and --moving. A DICOM
    registration (.dcm) needs both series, given in the same way.
    """
    flags = ReadFlags(
        series=series, allow_tilt=allow_tilt, allow_gaps=allow_gaps, allow_unoriented=allow_unoriented
    )
    if _is_transform(source, from_style):
        grids = (_grid(fixed, flags), _grid(moving, flags))
        found = _read(source, grids, from_style)
        _write(found, target, style=style, paths=(fixed, moving), grids=grids, flags=flags)
        return
    if fixed or moving or style:
        raise InputError(
            f"{source} is a volume", do="leave out --fixed, --moving and --style, which are for transforms"
        )
    from cephalign.io.volumes import write_volume

    write_volume(volume_of(source, flags), target)


def invert(
    transform: Annotated[Path, typer.Argument(metavar="TRANSFORM", help="Takes fixed points to moving.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="Takes moving points to fixed.")],
    *,
    fixed: FixedOption = None,
    moving: MovingOption = None,
    from_style: FromStyleOption = None,
    style: StyleOption = None,
    series: SeriesOption = None,
    allow_tilt: TiltOption = False,
    allow_gaps: GapsOption = False,
    allow_unoriented: UnorientedOption = False,
) -> None:
    """Write the opposite transform; --fixed and --moving are those of the input."""
    flags = ReadFlags(
        series=series, allow_tilt=allow_tilt, allow_gaps=allow_gaps, allow_unoriented=allow_unoriented
    )
    grids = (_grid(fixed, flags), _grid(moving, flags))
    fixed_from_moving = _read(transform, grids, from_style).inverse()
    # In the result the two scans have changed their parts.
    _write(fixed_from_moving, target, style=style, paths=(moving, fixed), grids=grids[::-1], flags=flags)


def apply(
    moving: Annotated[Path, typer.Argument(metavar="MOVING", help="The volume to resample.")],
    *,
    transform: Annotated[Path, typer.Option("--transform", "-t", help="Takes fixed points to moving.")],
    like: Annotated[Path, typer.Option("--like", help="The fixed volume, whose grid the result has.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The volume to write.")],
    interpolation: Annotated[Interpolation, typer.Option(help="Between voxels.")] = "linear",
    fill: Annotated[
        float | None, typer.Option(help="Value outside the moving volume; else by modality.")
    ] = None,
    from_style: FromStyleOption = None,
    series: SeriesOption = None,
    allow_tilt: TiltOption = False,
    allow_gaps: GapsOption = False,
    allow_unoriented: UnorientedOption = False,
) -> None:
    """Resample MOVING onto the grid of the fixed volume through a transform."""
    from cephalign.io.volumes import write_volume
    from cephalign.prep.resample import resample

    flags = ReadFlags(
        series=series, allow_tilt=allow_tilt, allow_gaps=allow_gaps, allow_unoriented=allow_unoriented
    )
    grid = volume_of(like, flags).grid
    volume = volume_of(moving, flags)
    moving_from_fixed = _read(transform, (grid, volume.grid), from_style)
    write_volume(resample(volume, grid, moving_from_fixed, interpolation=interpolation, fill=fill), out)


def info(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Volumes and transforms.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list on standard output.")] = False,
    fixed: FixedOption = None,
    moving: MovingOption = None,
    from_style: FromStyleOption = None,
    series: SeriesOption = None,
    allow_tilt: TiltOption = False,
    allow_gaps: GapsOption = False,
    allow_unoriented: UnorientedOption = False,
) -> None:
    """Say what volumes and transforms are: grid and orientation, or angles and displacement."""
    from cephalign.describe import as_text, describe_transform, describe_volume

    flags = ReadFlags(
        series=series, allow_tilt=allow_tilt, allow_gaps=allow_gaps, allow_unoriented=allow_unoriented
    )
    grids = (_grid(fixed, flags), _grid(moving, flags))
    described = []
    for file in files:
        if _is_transform(file, from_style):
            facts = describe_transform(_read(file, grids, from_style), grids[0])
        else:
            facts = describe_volume(volume_of(file, flags))
        described.append((str(file), facts))
    if as_json:
        typer.echo(json.dumps([{"file": name, **facts} for name, facts in described], indent=2))
    else:
        typer.echo("\n\n".join(as_text(name, facts) for name, facts in described))


def add_file_verbs(app: typer.Typer) -> None:
    """Mount the verbs on the program; their errors are left to the program's own handler."""
    for verb in (convert, invert, apply, info):
        app.command()(verb)


def _is_transform(path: Path, from_style: Style | None) -> bool:
    """Tell a transform from a volume by its suffix; only DICOM's serves both."""
    from cephalign.io.transforms import SUFFIXES

    if from_style is None and path.suffix.lower() == DICOM_SUFFIX:
        from cephalign.io.dicom_registration_read import is_registration

        return is_registration(path)
    return from_style is not None or (path.suffix.lower() in SUFFIXES and not path.is_dir())


def volume_of(path: Path, flags: ReadFlags) -> Volume:
    """Read a volume as the command line's flags allow."""
    from cephalign.io.volumes import ReadOptions, read_volume

    return read_volume(path, ReadOptions(**flags))


def _grid(path: Path | None, flags: ReadFlags) -> Grid | None:
    return volume_of(path, flags).grid if path else None


def _style(name: Style | None) -> TransformStyle | None:
    from cephalign.io.transforms import TransformStyle

    return TransformStyle(name) if name else None


Grids = tuple["Grid | None", "Grid | None"]


def _read(path: Path, grids: Grids, style: Style | None) -> Rigid:
    from cephalign.io.transforms import read_transform

    return read_transform(path, fixed=grids[0], moving=grids[1], style=_style(style))


def _write(
    moving_from_fixed: Rigid,
    target: Path,
    *,
    style: Style | None,
    paths: tuple[Path | None, Path | None],
    grids: Grids,
    flags: ReadFlags,
) -> None:
    fixed, moving = paths
    if target.suffix.lower() == DICOM_SUFFIX and fixed and moving:
        _write_dicom(moving_from_fixed, target, (fixed, moving), flags)
        return
    from cephalign.io.transforms import write_transform

    write_transform(moving_from_fixed, target, fixed=grids[0], moving=grids[1], style=_style(style))


def _write_dicom(moving_from_fixed: Rigid, target: Path, paths: tuple[Path, Path], flags: ReadFlags) -> None:
    from cephalign.io import dicom_registration
    from cephalign.io.dicom_objects import Move
    from cephalign.io.dicom_source import read_series
    from cephalign.io.volumes import ReadOptions

    fixed, moving = (read_series(path, ReadOptions(**flags)) for path in paths)
    dicom_registration.write(Move(fixed, moving, moving_from_fixed, ""), target, by_images=False)
