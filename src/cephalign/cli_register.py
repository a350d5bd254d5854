"""The verb `register`: two scans in, the transform and the moving scan on the fixed grid out."""

# ruff: noqa: PLC0415 - so that --help answers at once

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import typer

from cephalign.cli_inputs import (
    Allowed,
    BothFlags,
    FixedSeriesOption,
    Format,
    FromStyleOption,
    GapsOption,
    MovingSeriesOption,
    Style,
    TiltOption,
    UnorientedOption,
    both_flags,
    say,
    transform_of,
    volume_of,
)
from cephalign.errors import InputError

if TYPE_CHECKING:
    from cephalign.geometry import Rigid, Volume
    from cephalign.io.dicom_source import Series
    from cephalign.io.volumes import ReadOptions

FAILED_EXIT = 3


def register(
    fixed: Annotated[Path, typer.Argument(metavar="FIXED", help="The scan whose grid the result has.")],
    moving: Annotated[Path, typer.Argument(metavar="MOVING", help="The scan that is moved.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write to.")],
    method: Annotated[
        Literal["auto", "pose", "features", "symmetry", "header"], typer.Option(help="How a start is found.")
    ] = "auto",
    init: Annotated[
        Path | None,
        typer.Option(
            metavar="TRANSFORM", help="Takes fixed points to moving: start there, and look for no start."
        ),
    ] = None,
    from_style: FromStyleOption = None,
    refine: Annotated[
        Literal["mi", "evolution", "none"], typer.Option(help="How to go on from there.")
    ] = "mi",
    auto_order: Annotated[
        bool, typer.Option("--auto-order", help="If only MOVING is an MR, move FIXED onto it instead.")
    ] = False,
    fail_on: Annotated[
        Literal["doubtful", "failed"], typer.Option(help="From which status on the exit code is 3.")
    ] = "failed",
    formats: Annotated[
        str,
        typer.Option("--format", metavar="itk,fsl,lta,rire,json", help="Of the transform; one or several."),
    ] = "itk",
    dicom: Annotated[
        bool, typer.Option("--dicom", help="Write a DICOM series and registration too, of DICOM series.")
    ] = False,
    keep_identifiers: Annotated[
        bool,
        typer.Option(
            "--keep-identifiers", help="Let record and page say what DICOM headers say of the patient."
        ),
    ] = False,
    fixed_series: FixedSeriesOption = None,
    moving_series: MovingSeriesOption = None,
    allow_tilt: TiltOption = False,
    allow_gaps: GapsOption = False,
    allow_unoriented: UnorientedOption = False,
) -> None:
    """Find the motion between two scans of one head."""
    from cephalign.results import outdated_results, write_results
    from cephalign.results_folder import output_folder

    if auto_order and init:
        raise InputError(
            "--init and --auto-order",
            expected="one of them",
            do="name the fixed scan first if it has a start",
        )
    if init and method != "auto":
        raise InputError("--init and --method", expected="one of them: with a start none is looked for")
    allowed = Allowed(allow_tilt=allow_tilt, allow_gaps=allow_gaps, allow_unoriented=allow_unoriented)
    flags = both_flags(allowed, fixed_series, moving_series)
    styles = styles_of(formats)
    paths = fixed, moving
    inputs = [*paths, *([init] if init else [])]
    with output_folder(out, inputs=inputs, outdated=outdated_results(out, inputs)) as folder:
        scans = _read(paths, flags)
        from cephalign.registration import Status
        from cephalign.registration import register as registered
        from cephalign.registration_modality import in_wrong_order

        if auto_order and in_wrong_order(*scans):
            say(f"{moving.name} is the MR: {fixed.name} is moved onto it")
            paths, scans, flags = paths[::-1], scans[::-1], flags[::-1]
        sources = _dicom_sources(paths, flags) if dicom else None
        identifiers = _identifiers(paths, flags) if keep_identifiers else ({}, {})
        start = _start(init, scans, from_style) if init else None
        found = registered(*scans, method=method, init=start, refinement=refine, progress=say)
        say("writing")
        shown = write_results(
            found,
            folder,
            scans=scans,
            paths=paths,
            identifiers=identifiers,
            parameters={
                "method": method,
                "init": init and str(init),
                "from_style": from_style,
                "refine": refine,
                "auto_order": auto_order,
                "fail_on": fail_on,
                "format": ",".join(styles),
                "dicom": dicom,
                "keep_identifiers": keep_identifiers,
                "fixed_series": flags[0]["series"],
                "moving_series": flags[1]["series"],
                **allowed,
            },
            styles=styles,
        )
        if sources and found.status is Status.FAILED:
            say("a failed registration is not written as DICOM")
        elif sources:
            from cephalign.prep.resample import background
            from cephalign.results_dicom import write_dicom

            write_dicom(found, folder, shown=shown, padding=background(scans[1]), series=sources)
    typer.echo(f"{found.status.value}: {found.reason}\n{out}")
    if found.status is Status.FAILED or found.status.value == fail_on:
        raise typer.Exit(FAILED_EXIT)


def add_register_verb(app: typer.Typer) -> None:
    """Mount the verb on the program; its errors are left to the program's own handler."""
    app.command()(register)


def _read(paths: tuple[Path, Path], flags: BothFlags) -> tuple[Volume, Volume]:
    say("reading")
    with ThreadPoolExecutor(2) as pool:
        # Reading and unpacking go on while the heavy libraries are imported.
        fixed, moving = (pool.submit(volume_of, *each) for each in zip(paths, flags, strict=True))
        import cephalign.registration  # noqa: F401

        return fixed.result(), moving.result()


def _start(init: Path, scans: tuple[Volume, Volume], style: Style | None) -> Rigid:
    if not init.is_file():
        raise InputError(f"there is no start --init {init}", expected="the file of a transform")
    return transform_of(init, (scans[0].grid, scans[1].grid), style)


def _identifiers(paths: tuple[Path, Path], flags: BothFlags) -> tuple[dict[str, str], dict[str, str]]:
    from cephalign.io.dicom_identity import identifiers_of

    fixed, moving = map(identifiers_of, paths, _options(flags))
    return fixed, moving


def _dicom_sources(paths: tuple[Path, Path], flags: BothFlags) -> tuple[Series, Series]:
    from cephalign.results_dicom import source_series

    return source_series(paths, _options(flags), warn=say)


def _options(flags: BothFlags) -> tuple[ReadOptions, ReadOptions]:
    from cephalign.io.volumes import ReadOptions

    return ReadOptions(**flags[0]), ReadOptions(**flags[1])


def styles_of(formats: str) -> list[Format]:
    """Return the transform formats in a list with commas; refuse unknown ones."""
    wanted = [name.strip() for name in formats.split(",")]
    if not set(wanted) <= set(get_args(Format)):
        raise InputError(
            "unknown transform format in --format", expected=", ".join(get_args(Format)), got=repr(formats)
        )
    return [style for style in get_args(Format) if style in wanted]
