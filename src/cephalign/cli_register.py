"""The verb `register`: two scans in, the transform and the moving scan on the fixed grid out."""

# ruff: noqa: PLC0415 - so that --help answers at once

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(
    fixed: Annotated[Path, typer.Argument(metavar="FIXED", help="The scan whose grid the result has.")],
    moving: Annotated[Path, typer.Argument(metavar="MOVING", help="The scan that is moved.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write to.")],
) -> None:
    """Find the motion between two scans of one head."""
    from cephalign.io.transforms import write_transform
    from cephalign.io.volumes import read_volume, write_volume
    from cephalign.prep.resample import resample
    from cephalign.registration import register as registered

    fixed_scan, moving_scan = read_volume(fixed), read_volume(moving)
    moving_from_fixed = registered(fixed_scan, moving_scan).moving_from_fixed
    out.mkdir(parents=True, exist_ok=True)
    write_transform(moving_from_fixed, out / "moving_from_fixed.tfm")
    write_volume(resample(moving_scan, fixed_scan.grid, moving_from_fixed), out / "moving_on_fixed.nii.gz")


def add_register_verb(app: typer.Typer) -> None:
    """Mount the verb on the program; its errors are left to the program's own handler."""
    app.command()(register)
