"""The verb `simulate`: heads that look like heads, as many as wanted, whose motion is known."""

# ruff: noqa: PLC0415 - so that --help answers at once

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cephalign.cli_progress import progress
from cephalign.errors import InputError

if TYPE_CHECKING:
    from cephalign.geometry import Modality
    from cephalign.simulate.head import Anatomy


def simulate(
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write to.")],
    preset: Annotated[
        str, typer.Option(metavar="rire|modern|clinical|hard|training|small", help="What kind of scans.")
    ] = "rire",
    count: Annotated[int, typer.Option(help="How many heads.")] = 1,
    seed: Annotated[int, typer.Option(help="Head number n depends on the seed and on n alone.")] = 0,
    scans: Annotated[
        str,
        typer.Option(metavar="T1,CT,...", help="Which scans of each head; if left out, all."),
    ] = "",
    anatomy: Annotated[
        Path | None,
        typer.Option(help="A folder of label maps of real heads to draw from, instead of our own heads."),
    ] = None,
    angle: Annotated[float, typer.Option(help="Most rotation against the first scan, degrees.")] = 15.0,
    shift: Annotated[float, typer.Option(help="Most translation against the first scan, mm.")] = 5.0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace simulated heads.")] = False,
) -> None:
    """Simulate scans of heads, with their true motions, landmarks and label maps."""
    if count < 1 or seed < 0:
        raise InputError("--count and --seed count things", expected="--count from 1, --seed from 0")
    import numpy as np

    from cephalign.simulate.dataset import Dataset
    from cephalign.simulate.session import check_request, simulated_session

    modalities = _modalities(scans)
    check_request(preset, modalities, angle, shift)
    heads = _anatomy(anatomy)
    dataset = Dataset(out, overwrite=overwrite)
    request = {"preset": preset, "seed": seed, "angle_deg": angle, "shift_mm": shift}
    with progress("simulating", count) as bar:
        for number in range(1, count + 1):
            session = simulated_session(
                np.random.default_rng([seed, number]),
                preset,
                modalities=modalities,
                anatomy=heads,
                angle_deg=angle,
                shift_mm=shift,
            )
            dataset.add(session, f"sub-{number:04d}", {**request, "number": number})
            bar.advance()
    typer.echo(str(out))


def add_simulate_verb(app: typer.Typer) -> None:
    """Mount the verb on the program; its errors are left to the program's own handler."""
    app.command()(simulate)


def _modalities(scans: str) -> list[Modality]:
    from cephalign.geometry import Modality

    names = [name.strip().upper() for name in scans.split(",") if name.strip()]
    known = ("CT", "T1", "T2", "PD", "PET")
    if not set(names) <= set(known) or len(set(names)) < len(names):
        raise InputError("--scans cannot be read", expected=f"some of {', '.join(known)}", got=repr(scans))
    return [Modality[name] for name in names]


def _anatomy(folder: Path | None) -> Anatomy:
    if folder is None:
        from cephalign.simulate.procedural import procedural_head

        return procedural_head
    from cephalign.simulate.labelled import LabelledHeads

    return LabelledHeads(folder)
