"""The verb `rire`: all pairs of the RIRE project's patients, in its own form, scored where possible."""

# ruff: noqa: PLC0415 - so that --help answers at once

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cephalign.cli_progress import progress
from cephalign.errors import InputError, OutputError

if TYPE_CHECKING:
    from cephalign.rire.run import Outcome

VARIABLE = "CEPHALIGN_RIRE"
INCOMPLETE_EXIT = 3


def rire(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[FOLDER]", envvar=VARIABLE, help="The folder of unpacked RIRE patients."),
    ] = None,
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write to.")],
    method: Annotated[
        Literal["ours", "evolution"], typer.Option(help="How to refine; evolution is the paper's way.")
    ] = "ours",
    standards: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where the standards are, if not in the patients' folders."),
    ] = None,
    investigator: Annotated[
        str, typer.Option(help="For the head of the transform files: who you are.")
    ] = "unknown",
    site: Annotated[str, typer.Option(help="For the same: where you are.")] = "unknown",
    date: Annotated[str, typer.Option(help="For the same: when this was done.")] = "unknown",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Do again what is done.")] = False,
) -> None:
    """Register all pairs of the RIRE project's patients, and score those with a standard.

    Writes each transform as the project takes it, and a summary. What is done already is kept.
    """
    from cephalign.io.rire_standard import RireHeader
    from cephalign.rire.layout import find_patients, pairs_of, place_of
    from cephalign.rire.records import refuse_other_methods
    from cephalign.rire.run import NO_TRANSFORM, Task, run_pair
    from cephalign.rire.summary import MARKDOWN, counted, write_summary

    gc.enable()  # a run of many pairs is no matter of a few seconds
    if folder is None:
        raise InputError(
            "no RIRE patients were given",
            expected=f"a folder, or its name in {VARIABLE}",
            do="see docs/rire.md",
        )
    patients = find_patients(folder)
    if standards and not standards.is_dir():
        raise InputError(f"{standards} is no folder", expected="the folder of RIRE's standards")
    task = Task(
        out=out,
        standards=place_of(standards or folder, patients),
        method=method,
        header=RireHeader(investigators=investigator, site=site, date=date),
        overwrite=overwrite,
    )
    pairs = [pair for patient in patients for pair in pairs_of(patient, task.standards)]
    if not overwrite:
        refuse_other_methods(pairs, out, method)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError.at(out, error) from error
    outcomes = []
    with progress("pairs", len(pairs)) as bar:
        for pair in pairs:
            outcomes.append(run_pair(pair, task))
            bar.say(_line(outcomes[-1]))
            bar.advance()
    write_summary(outcomes, out, root=folder, method=method)
    typer.echo(f"{counted(outcomes)}\n{out / MARKDOWN}")
    if any(outcome.status in NO_TRANSFORM for outcome in outcomes):
        raise typer.Exit(INCOMPLETE_EXIT)


def add_rire_verb(app: typer.Typer) -> None:
    """Mount the verb on the program; its errors are left to the program's own handler."""
    app.command()(rire)


def _line(outcome: Outcome) -> str:
    pair = outcome.pair
    took = "" if outcome.seconds is None else f" ({outcome.seconds:.1f} s{', kept' * outcome.kept})"
    return f"{pair.patient.name} {pair.from_name} to {pair.to_name}: {outcome.status}{took}"
