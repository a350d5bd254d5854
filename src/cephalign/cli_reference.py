"""The verb `reference`: two scans in, a transform to hold others against, or a refusal."""

# ruff: noqa: PLC0415 - so that --help answers at once

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cephalign.cli_inputs import (
    Allowed,
    FixedSeriesOption,
    GapsOption,
    MovingSeriesOption,
    TiltOption,
    UnorientedOption,
    both_flags,
    say,
    volume_of,
)
from cephalign.cli_register import FAILED_EXIT, styles_of

if TYPE_CHECKING:
    from cephalign.align.reference.answer import Reference
    from cephalign.geometry import Volume


def reference(
    fixed: Annotated[Path, typer.Argument(metavar="FIXED", help="The scan that stays.")],
    moving: Annotated[Path, typer.Argument(metavar="MOVING", help="The scan that is moved.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write to.")],
    method: Annotated[
        Literal["consensus", "paper"],
        typer.Option(help="Many runs that must agree, or the paper's procedure, which takes cleaned scans."),
    ] = "consensus",
    seed: Annotated[int, typer.Option(min=1, help="Of whatever is random.")] = 1,
    formats: Annotated[
        str,
        typer.Option("--format", metavar="itk,fsl,lta,rire,json", help="Of the transform; one or several."),
    ] = "itk",
    fixed_series: FixedSeriesOption = None,
    moving_series: MovingSeriesOption = None,
    allow_tilt: TiltOption = False,
    allow_gaps: GapsOption = False,
    allow_unoriented: UnorientedOption = False,
) -> None:
    """Find a transform to hold others against, with its uncertainty, or refuse.

    Exits with 3 where the runs do not agree: the files are written, but are no reference.
    """
    from cephalign.results_folder import output_folder
    from cephalign.results_reference import outdated_references, write_reference

    allowed = Allowed(allow_tilt=allow_tilt, allow_gaps=allow_gaps, allow_unoriented=allow_unoriented)
    styles = styles_of(formats)
    inputs = fixed, moving
    with output_folder(out, inputs=inputs, outdated=outdated_references(out, inputs)) as folder:
        say("reading")
        with ThreadPoolExecutor(2) as pool:
            both = both_flags(allowed, fixed_series, moving_series)
            fixed_scan, moving_scan = pool.map(volume_of, (fixed, moving), both)
        found = _found(fixed_scan, moving_scan, method, seed)
        say("writing")
        write_reference(
            found,
            folder,
            scans=(fixed_scan, moving_scan),
            paths=(fixed, moving),
            parameters={
                "method": method,
                "seed": seed,
                "fixed_series": fixed_series,
                "moving_series": moving_series,
                **allowed,
            },
            styles=styles,
        )
    typer.echo(f"{'done' if found.agreed else 'refused'}: {found.reason}")
    if math.isfinite(found.uncertainty_mm):
        typer.echo(f"uncertainty: {found.uncertainty_mm:.2f} mm")
    typer.echo(out)
    if not found.agreed:
        raise typer.Exit(FAILED_EXIT)


def add_reference_verb(app: typer.Typer) -> None:
    """Mount the verb on the program; its errors are left to the program's own handler."""
    app.command()(reference)


def _found(fixed: Volume, moving: Volume, method: str, seed: int) -> Reference:
    if method == "paper":
        from cephalign.align.reference.paper import paper

        return paper(fixed, moving, seed=seed, progress=say)
    import numpy as np

    from cephalign.align.reference.consensus import consensus

    return consensus(fixed, moving, np.random.default_rng(seed), progress=say)
