"""The verb `train`: weights of a network from a configuration, in as many legs as it takes."""

# ruff: noqa: PLC0415 - so that --help answers at once

from __future__ import annotations

import gc
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import typer

from cephalign.cli_progress import progress
from cephalign.errors import InputError

# What a shell says of a process that a signal has ended, less the signal's number.
SIGNALLED = 128


def train(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="What to train: a TOML file.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The training's folder.")],
    anatomy: Annotated[
        Path | None,
        typer.Option(help="A folder of label maps of real heads to draw from, if CONFIG wants them."),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(metavar="WEIGHTS", help="Begin with these weights; if left out, with random ones."),
    ] = None,
    seconds: Annotated[
        float, typer.Option(help="End this leg after so many seconds; if left out, train to the end.")
    ] = math.inf,
    workers: Annotated[
        int, typer.Option(min=0, help="Processes that make samples; what they make does not depend on it.")
    ] = 1,
    device: Annotated[
        Literal["auto", "cpu", "cuda"], typer.Option(help="Where to train; auto takes a GPU if there is one.")
    ] = "auto",
) -> None:
    """Train a network on simulated heads.

    The same command goes on where an earlier leg ended: after --seconds, SIGTERM, Ctrl-C, or a crash.
    """
    began = time.monotonic()
    gc.enable()  # a training is no matter of a few seconds
    if not seconds > 0:
        raise InputError("impossible --seconds", expected="above 0", got=f"{seconds:g}")
    from cephalign.models.weights import load_weights
    from cephalign.train.config import read_config
    from cephalign.train.feed import Recipe
    from cephalign.train.leg import device_of, train_leg
    from cephalign.train.stop import Stop

    recipe = Recipe.of(read_config(config), anatomy)
    begin = load_weights(start) if start else None
    steps = recipe.config.steps
    with Stop(seconds, began) as stop, progress("steps", steps) as bar:

        def show(step: int, row: Mapping[str, float] | None) -> None:
            bar.reach(step, steps)
            if row:
                bar.say(_line(row))

        run = train_leg(
            recipe, out, device=device_of(device), workers=workers, stop=stop, show=show, start=begin
        )
    rest = "" if run.step == steps else "; the same command goes on"
    typer.echo(f"{run.step} of {steps} steps{rest}\n{out / recipe.config.name}.safetensors")
    if stop.signal and run.step < steps:
        raise typer.Exit(SIGNALLED + stop.signal)


def add_train_verb(app: typer.Typer) -> None:
    """Mount the verb on the program; its errors are left to the program's own handler."""
    app.command()(train)


def _line(row: Mapping[str, float]) -> str:
    values = (f"{name} {value:.4g}" for name, value in row.items() if name != "step")
    return ", ".join([f"step {row['step']:.0f}", *values])
