"""The verb `augment`: many scans from a few, by rigid motions that are known."""

# ruff: noqa: PLC0415 - so that --help answers at once

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cephalign.cli_inputs import GapsOption, SeriesOption, TiltOption, UnorientedOption, say
from cephalign.cli_progress import progress
from cephalign.errors import InputError

if TYPE_CHECKING:
    from cephalign.io.pairs_table import PairOfPaths

TABLE_SUFFIX = ".tsv"
DRAWN = ("count", "seed", "angle", "shift")


def augment(
    context: typer.Context,
    originals: Annotated[
        list[Path],
        typer.Argument(
            metavar="SCAN... | PAIRS.tsv",
            help="Scans, one of each person; or a table of pairs with the columns fixed, moving and "
            "reference (a transform file; empty for aligned pairs), with paths from the table's folder.",
        ),
    ],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write to.")],
    count: Annotated[int, typer.Option(help="Copies of each original.")] = 99,
    seed: Annotated[int, typer.Option(help="A copy depends on it, its number and its original's.")] = 0,
    angle: Annotated[float, typer.Option(help="Most rotation either way, degrees.")] = 15.0,
    shift: Annotated[float, typer.Option(help="Most translation either way along each axis, mm.")] = 5.0,
    replay: Annotated[
        Path | None, typer.Option(help="An augmentation.json: do what was drawn there, and draw nothing.")
    ] = None,
    jobs: Annotated[int, typer.Option(help="Copies made at the same time.")] = 2,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace copies made earlier.")] = False,
    series: SeriesOption = None,
    allow_tilt: TiltOption = False,
    allow_gaps: GapsOption = False,
    allow_unoriented: UnorientedOption = False,
) -> None:
    """Make rigid copies of scans or of pairs of scans, with the true motions and a split by original.

    Each scan of a pair is moved on its own. The copies stand beside the original, on its grid.
    """
    from cephalign.augmentation.dataset import RECORD, remove_copies, write_dataset
    from cephalign.augmentation.originals import inspect_originals
    from cephalign.augmentation.plan import Request, draw_plan
    from cephalign.augmentation.record import FORMAT, read_plan
    from cephalign.io.folders import refuse_data
    from cephalign.io.volumes import ReadOptions
    from cephalign.results_folder import output_folder

    if jobs < 1:
        raise InputError("impossible --jobs", expected="1 or more", got=str(jobs))
    _refuse_both(context, replay)
    request = Request(count, seed, angle, shift)
    sign = ("format", FORMAT)
    refuse_data(out, overwrite=overwrite, maker="cephalign augment", record=RECORD, sign=sign)
    options = ReadOptions(series, allow_tilt, allow_gaps, allow_unoriented)
    found = inspect_originals(_sources(originals), options, lambda path: say(f"reading {path}"))
    if replay:
        plan = read_plan(replay, found)
    else:
        plan = draw_plan(request, [[scan.grid.centre for scan in one.scans.values()] for one in found])
    with output_folder(out) as folder:
        with progress("copying", len(found) * (plan.request.count + 1)) as bar:

            def show(name: str) -> None:
                if name.endswith("original"):
                    bar.say(f"copying {name.partition('_')[0]}")
                bar.advance()

            write_dataset(found, plan, folder, options, jobs=jobs, progress=show)
        if overwrite:
            remove_copies(out)  # only now that the new ones are whole
    subsets = ", ".join(f"{plan.subsets.count(subset)} {subset}" for subset in dict.fromkeys(plan.subsets))
    typer.echo(f"{plan.request.count} copies of each of {len(found)} originals ({subsets})\n{out}")


def add_augment_verb(app: typer.Typer) -> None:
    """Mount the verb on the program; its errors are left to the program's own handler."""
    app.command()(augment)


def _refuse_both(context: typer.Context, replay: Path | None) -> None:
    given = [
        name
        for name in DRAWN
        if (source := context.get_parameter_source(name)) is not None and source.name == "COMMANDLINE"
    ]
    if replay and given:
        options = ", ".join(f"--{name}" for name in given)
        raise InputError(f"{replay} says what to do", do=f"leave out {options}, or --replay")


def _sources(originals: Sequence[Path]) -> Sequence[Path | PairOfPaths]:
    tables = [path for path in originals if path.suffix.lower() == TABLE_SUFFIX]
    if not tables:
        return originals
    if len(originals) > 1:
        raise InputError(f"{tables[0]} is a table of pairs", expected="it alone, or scans and no table")
    from cephalign.io.pairs_table import read_pairs

    return read_pairs(tables[0])
