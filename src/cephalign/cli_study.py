"""The verb `study`: the paper's tables and figures, part by part."""

# ruff: noqa: PLC0415 - so that --help answers at once

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cephalign.cli_progress import progress
from cephalign.errors import InputError

if TYPE_CHECKING:
    from cephalign.study.originals import Source
    from cephalign.study.scale import Scale
    from cephalign.study.study import Study

EXTRA = {"monai": "MONAI", "skimage": "scikit-image"}
Part = Literal["all", "fig6", "fig7", "fig8", "fig9", "table1", "table2", "table3", "report"]


def study(
    part: Annotated[Part, typer.Argument(metavar="PART", help="A table, a figure, all of them, or report.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The study's folder.")],
    scale: Annotated[
        Literal["smoke", "small", "paper"],
        typer.Option(help="From a minute on two cores, over some hours, to the paper's own size."),
    ] = "small",
    seed: Annotated[int, typer.Option(min=0, help="Decides every head, copy, split and first weight.")] = 0,
    anatomy: Annotated[
        Path | None,
        typer.Option(help="A folder of label maps of real heads; if left out, heads are procedural."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="PAIRS.tsv",
            help="Real originals instead: a table of T1s and CTs with the columns fixed, moving and "
            "reference (a transform file), with paths from the table's folder.",
        ),
    ] = None,
    device: Annotated[
        Literal["auto", "cpu", "cuda"],
        typer.Option(help="Where networks learn."),
    ] = "auto",
) -> None:
    """Compare every method of the paper's tables, on simulated heads or on yours.

    What was measured is kept cell by cell: the same command goes on where an earlier one was ended. Each part
    does what it needs itself; report writes one page of all that is there.
    """
    gc.enable()  # a study is no matter of a few seconds
    _refuse_missing()
    from cephalign.parallel import undivided_operations
    from cephalign.study.cells import CELLS
    from cephalign.study.report import HTML, write_report
    from cephalign.study.scale import scale_of
    from cephalign.study.study import Study
    from cephalign.train.leg import device_of

    chosen, source = _source(scale_of(scale), anatomy, data)
    with progress("study") as bar, undivided_operations():
        made = Study(chosen, seed, out, source, device_of(device), bar.begin, bar.reach)
        if part == "report" and not (out / CELLS).is_dir():
            raise InputError(f"nothing to report in {out}", do="run a table or figure of the study first")
        _ = made.cells  # a folder of something else is refused before the work begins
        for make in _makers(part):
            make(made)
    if part in ("all", "report"):
        write_report(made)
        typer.echo(out / HTML)
    else:
        typer.echo(out / "cells")


def _source(scale: Scale, anatomy: Path | None, data: Path | None) -> tuple[Scale, Source]:
    from cephalign.io.pairs_table import read_pairs
    from cephalign.study.originals import FEWEST, Scanned, Simulated

    if data is None:
        return scale, Simulated.of(anatomy)
    if anatomy:
        raise InputError("--anatomy and --data exclude each other", do="give one of them")
    count = len(read_pairs(data))
    if count < FEWEST:
        raise InputError(f"{data} holds too few pairs", expected=f"{FEWEST} at least", got=str(count))
    return replace(scale, originals=count), Scanned(data)


def _refuse_missing() -> None:
    """Refuse to begin without what the last hour would need."""
    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        raise InputError(
            "a study needs more than registering does",
            expected=", ".join(EXTRA.values()),
            got=f"without {', '.join(EXTRA[name] for name in missing)}",
            do="pip install 'cephalign[study]'",
        )


def _makers(part: Part) -> list[Callable[[Study], None]]:
    from cephalign.study import fig6, fig7, fig8, fig9, table1, table2, table3

    parts: dict[str, Callable[[Study], None]] = {
        "fig6": fig6.make,
        "fig7": fig7.make,
        "fig8": fig8.make,
        "table1": table1.make,
        "table2": table2.make,
        "table3": table3.make,
        "fig9": fig9.make,
    }
    if part == "report":
        return []
    return list(parts.values()) if part == "all" else [parts[part]]


def add_study_verb(app: typer.Typer) -> None:
    """Mount the verb on the program; its errors are left to the program's own handler."""
    app.command()(study)
