"""The verbs about files: convert, invert, apply, info. Nothing heavy is imported before a verb runs."""

# ruff: noqa: PLC0415 - so that --help answers at once

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cephalign.cli_inputs import (
    Allowed,
    BothFlags,
    FixedOption,
    FixedSeriesOption,
    FromStyleOption,
    GapsOption,
    Grids,
    MovingOption,
    MovingSeriesOption,
    ReadFlags,
    SeriesOption,
    Style,
    StyleOption,
    TiltOption,
    UnorientedOption,
    both_flags,
    each_file,
    style_of,
    transform_of,
    volume_of,
)
from cephalign.errors import InputError

if TYPE_CHECKING:
    from cephalign.geometry import Grid, Rigid

DICOM_SUFFIX = ".dcm"
Interpolation = Literal["linear", "nearest", "cubic"]


def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A transform or a volume.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="What to write; its suffix is its format.")],
    *,
    fixed: FixedOption = None,
    moving: MovingOption = None,
    from_style: FromStyleOption = None,
    style: StyleOption = None,
    series: SeriesOption = None,
    fixed_series: FixedSeriesOption = None,
    moving_series: MovingSeriesOption = None,
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
        if series:
            raise InputError(f"{source} is a transform", do="give --fixed-series and --moving-series instead")
        both = both_flags(flags, fixed_series, moving_series)
        grids = (_grid(fixed, both[0]), _grid(moving, both[1]))
        found = transform_of(source, grids, from_style)
        _write(found, target, style=style, paths=(fixed, moving), grids=grids, flags=both)
        return
    if fixed or moving or style or fixed_series or moving_series:
        raise InputError(
            f"{source} is a volume", do="leave out the options for transforms; --series is for it"
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
    fixed_series: FixedSeriesOption = None,
    moving_series: MovingSeriesOption = None,
    allow_tilt: TiltOption = False,
    allow_gaps: GapsOption = False,
    allow_unoriented: UnorientedOption = False,
) -> None:
    """Write the opposite transform; --fixed and --moving are those of the input."""
    allowed = Allowed(allow_tilt=allow_tilt, allow_gaps=allow_gaps, allow_unoriented=allow_unoriented)
    both = both_flags(allowed, fixed_series, moving_series)
    grids = (_grid(fixed, both[0]), _grid(moving, both[1]))
    fixed_from_moving = transform_of(transform, grids, from_style).inverse()
    # In the result the two scans have changed their parts.
    _write(
        fixed_from_moving,
        target,
        style=style,
        paths=(moving, fixed),
        grids=grids[::-1],
        flags=both[::-1],
    )


def apply(
    moving: Annotated[Path, typer.Argument(metavar="MOVING", help="The volume to resample.")],
    *,
    transform: Annotated[Path, typer.Option("--transform", "-t", help="Takes fixed points to moving.")],
    like: Annotated[Path, typer.Option("--like", help="The fixed volume, whose grid the result has.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The volume to write.")],
    interpolation: Annotated[Interpolation, typer.Option(help="Between voxels.")] = "linear",
    fill: Annotated[
        float | None,
        typer.Option(
            help="Value outside the moving volume; by default -1000 in a CT in Hounsfield units, else 0."
        ),
    ] = None,
    from_style: FromStyleOption = None,
    fixed_series: FixedSeriesOption = None,
    moving_series: MovingSeriesOption = None,
    allow_tilt: TiltOption = False,
    allow_gaps: GapsOption = False,
    allow_unoriented: UnorientedOption = False,
) -> None:
    """Resample MOVING onto the grid of the fixed volume through a transform."""
    from cephalign.io.volumes import write_volume
    from cephalign.prep.resample import resample

    allowed = Allowed(allow_tilt=allow_tilt, allow_gaps=allow_gaps, allow_unoriented=allow_unoriented)
    both = both_flags(allowed, fixed_series, moving_series)
    grid = volume_of(like, both[0]).grid
    volume = volume_of(moving, both[1])
    moving_from_fixed = transform_of(transform, (grid, volume.grid), from_style)
    write_volume(resample(volume, grid, moving_from_fixed, interpolation=interpolation, fill=fill), out)


def info(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Volumes and transforms.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list on standard output.")] = False,
    fixed: FixedOption = None,
    moving: MovingOption = None,
    from_style: FromStyleOption = None,
    series: SeriesOption = None,
    fixed_series: FixedSeriesOption = None,
    moving_series: MovingSeriesOption = None,
    allow_tilt: TiltOption = False,
    allow_gaps: GapsOption = False,
    allow_unoriented: UnorientedOption = False,
) -> None:
    """Say what volumes and transforms are: grid and orientation, or angles and displacement."""
    from cephalign.describe import as_text, describe_transform, describe_volume

    flags = ReadFlags(
        series=series, allow_tilt=allow_tilt, allow_gaps=allow_gaps, allow_unoriented=allow_unoriented
    )
    both = both_flags(flags, fixed_series, moving_series)
    grids = (_grid(fixed, both[0]), _grid(moving, both[1]))

    def facts_of(file: Path) -> dict[str, Any]:
        if _is_transform(file, from_style):
            return describe_transform(transform_of(file, grids, from_style), grids[0])
        return describe_volume(volume_of(file, flags))

    with each_file(files, facts_of) as described:
        if as_json:
            typer.echo(json.dumps([{"file": name, **facts} for name, facts in described], indent=2))
        elif described:
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


def _grid(path: Path | None, flags: ReadFlags) -> Grid | None:
    return volume_of(path, flags).grid if path else None


def _write(
    moving_from_fixed: Rigid,
    target: Path,
    *,
    style: Style | None,
    paths: tuple[Path | None, Path | None],
    grids: Grids,
    flags: BothFlags,
) -> None:
    fixed, moving = paths
    if target.suffix.lower() == DICOM_SUFFIX and fixed and moving:
        _write_dicom(moving_from_fixed, target, (fixed, moving), flags)
        return
    from cephalign.io.transforms import write_transform

    write_transform(moving_from_fixed, target, fixed=grids[0], moving=grids[1], style=style_of(style))


def _write_dicom(moving_from_fixed: Rigid, target: Path, paths: tuple[Path, Path], flags: BothFlags) -> None:
    from cephalign.io import dicom_registration
    from cephalign.io.dicom_objects import Move
    from cephalign.io.dicom_source import read_series
    from cephalign.io.volumes import ReadOptions

    fixed, moving = (read_series(path, ReadOptions(**own)) for path, own in zip(paths, flags, strict=True))
    dicom_registration.write(Move(fixed, moving, moving_from_fixed, ""), target, by_images=False)
