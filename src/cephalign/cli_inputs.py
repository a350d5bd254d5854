"""What verbs have in common: how scans are read, and the options that say so."""

# ruff: noqa: PLC0415 - so that --help answers at once

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypedDict, TypeVar

import typer

from cephalign.errors import CephalignError

if TYPE_CHECKING:
    from cephalign.geometry import Grid, Rigid, Volume
    from cephalign.io.transforms import TransformStyle

Format = Literal["itk", "fsl", "lta", "rire", "json"]
# A registration of DICOM is about two series, and not a format that any transform can be written in.
Style = Literal["itk", "fsl", "lta", "rire", "json", "dicom"]

FixedOption = Annotated[Path | None, typer.Option("--fixed", help="Fixed volume, for its grid.")]
MovingOption = Annotated[Path | None, typer.Option("--moving", help="Moving volume, for its grid.")]
FromStyleOption = Annotated[
    Style | None,
    typer.Option("--from-style", help="Format of the input transform, if its name does not say."),
]
StyleOption = Annotated[
    Style | None, typer.Option("--style", help="Format of the output transform, if its name does not say.")
]
SERIES = "DICOM series: its number or UID, where a folder holds several."
SeriesOption = Annotated[str | None, typer.Option("--series", help=SERIES)]
FixedSeriesOption = Annotated[str | None, typer.Option("--fixed-series", help=SERIES)]
MovingSeriesOption = Annotated[str | None, typer.Option("--moving-series", help=SERIES)]
TiltOption = Annotated[
    bool, typer.Option("--allow-tilt", help="Accept a tilted CT gantry (it is resampled upright).")
]
GapsOption = Annotated[bool, typer.Option("--allow-gaps", help="Accept missing or unevenly spaced slices.")]
UnorientedOption = Annotated[
    bool, typer.Option("--allow-unoriented", help="Accept a volume whose header does not say where it lies.")
]

WRONG_EXIT = 2
Found = TypeVar("Found")


class Allowed(TypedDict):
    """The fields of `ReadOptions` that say what may be done with a scan."""

    allow_tilt: bool
    allow_gaps: bool
    allow_unoriented: bool


class ReadFlags(Allowed):
    """All fields of `ReadOptions`, held back until a volume is read."""

    series: str | None


# Of the fixed and of the moving scan.
BothFlags = tuple[ReadFlags, ReadFlags]


def both_flags(allowed: Allowed, fixed_series: str | None, moving_series: str | None) -> BothFlags:
    """Return how each of two scans is read, of whose series either has its own."""
    return {**allowed, "series": fixed_series}, {**allowed, "series": moving_series}


def say(what: str) -> None:
    """Tell the user what is being done, apart from the results."""
    typer.echo(f"cephalign: {what}", err=True)


def volume_of(path: Path, flags: ReadFlags) -> Volume:
    """Read a volume as the command line's flags allow."""
    from cephalign.io.volumes import ReadOptions, read_volume

    return read_volume(path, ReadOptions(**flags))


def style_of(name: Style | None) -> TransformStyle | None:
    """Return the format of a name."""
    from cephalign.io.transforms import TransformStyle

    return TransformStyle(name) if name else None


Grids = tuple["Grid | None", "Grid | None"]


def transform_of(path: Path, grids: Grids, style: Style | None) -> Rigid:
    """Read a transform; `grids` are those of the fixed and the moving scan."""
    from cephalign.io.transforms import read_transform

    return read_transform(path, fixed=grids[0], moving=grids[1], style=style_of(style))


@contextmanager
def each_file(files: list[Path], work: Callable[[Path], Found]) -> Iterator[list[tuple[str, Found]]]:
    """Give the names of files with what was made of each; those that are wrong are told, and end in 2."""
    found, wrong = [], False
    for file in files:
        try:
            found.append((str(file), work(file)))
        except CephalignError as error:
            say(str(error))
            wrong = True
    yield found
    if wrong:
        raise typer.Exit(WRONG_EXIT)
