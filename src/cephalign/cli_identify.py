"""The verb `identify`: what scans are, by what they show."""

# ruff: noqa: PLC0415 - so that --help answers at once

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cephalign.cli_inputs import (
    GapsOption,
    ReadFlags,
    SeriesOption,
    TiltOption,
    UnorientedOption,
    each_file,
    volume_of,
)

if TYPE_CHECKING:
    from cephalign.geometry import Modality
    from cephalign.models.modality import Identification


def identify(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Volumes.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list on standard output.")] = False,
    series: SeriesOption = None,
    allow_tilt: TiltOption = False,
    allow_gaps: GapsOption = False,
    allow_unoriented: UnorientedOption = False,
) -> None:
    """Say what scans of heads are: CT, MR-T1, MR-T2, MR-PD, PET, or not sure.

    It looks at the image. What the header says is told where it differs.
    """
    from cephalign.models.modality import shipped_identifier

    identifier = shipped_identifier()
    flags = ReadFlags(
        series=series, allow_tilt=allow_tilt, allow_gaps=allow_gaps, allow_unoriented=allow_unoriented
    )

    def answer(file: Path) -> tuple[Identification, Modality]:
        volume = volume_of(file, flags)
        return identifier.identify(volume), volume.modality

    with each_file(files, answer) as answers:
        if as_json:
            typer.echo(json.dumps([_facts(name, *found) for name, found in answers], indent=2))
        elif answers:
            typer.echo("\n".join(_line(name, *found) for name, found in answers))


def add_identify_verb(app: typer.Typer) -> None:
    """Mount the verb on the program; its errors are left to the program's own handler."""
    app.command()(identify)


def _facts(name: str, found: Identification, header: Modality) -> dict[str, object]:
    return {
        "file": name,
        "modality": found.modality.value,
        "probabilities": {kind.value: round(share, 6) for kind, share in found.probabilities.items()},
        "reason": found.reason,
        "header": header.value,
    }


def _line(name: str, found: Identification, header: Modality) -> str:
    from cephalign.geometry import Modality

    if found.modality is Modality.UNKNOWN:
        line = f"{name}: not sure; {found.reason}"
    else:
        line = f"{name}: {found.modality}, {found.probabilities[found.modality]:.2f}"
    if header is Modality.UNKNOWN or found.modality.startswith(header):  # MR may be any of its kinds
        return line
    return f"{line}; the header says {header}"
