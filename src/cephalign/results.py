"""The folder a registration leaves: transforms, the moving scan on the fixed grid, a record and a page."""

from __future__ import annotations

import math
import platform
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cephalign import __version__
from cephalign.geometry import Grid, Rigid, Volume
from cephalign.io.hashes import sha256_of
from cephalign.io.record import DIRECTION, FRAME
from cephalign.io.texts import finite, write_json
from cephalign.io.transforms import TransformStyle, write_transform
from cephalign.io.volumes import write_volume
from cephalign.prep.resample import resample
from cephalign.report.page import write_report
from cephalign.report.picture import EXTENT_MM, draw_picture, write_picture
from cephalign.results_folder import outdated_files, refuse_other

if TYPE_CHECKING:  # they load torch, which need not be there to write
    from cephalign.registration import Registration
    from cephalign.trust.check import Check

# Each is named for its format's direction: three of them take points of the moving scan to the fixed.
TRANSFORM_NAMES = {
    "itk": "moving_from_fixed.tfm",
    "fsl": "fixed_from_moving.mat",
    "lta": "fixed_from_moving.lta",
    "rire": "fixed_from_moving.standard",
    "json": "moving_from_fixed.json",
}
REFERENCE_RECORD = "reference.json"
RESAMPLED, RECORD, PICTURE = "moving_on_fixed.nii.gz", "registration.json", "registration.png"
REPORT = "report.html"
# For clinical programs (`results_dicom`).
IMAGES, OBJECT = "moving_on_fixed_dicom", "registration.dcm"
PROVENANCE = ("numpy", "scipy", "torch")


def outdated_results(out: Path, inputs: Collection[Path]) -> list[Path]:
    """Return what an earlier registration left in a folder, and a later one might not replace.

    Raises
    ------
    OutputError
        The folder holds a reference transform, which would be taken for one of the registration's.
    """
    refuse_other(out, REFERENCE_RECORD)
    return outdated_files(out, RECORD, (*TRANSFORM_NAMES.values(), OBJECT, IMAGES), inputs)


def write_results(
    found: Registration,
    folder: Path,
    *,
    scans: tuple[Volume, Volume],
    paths: tuple[Path, Path],
    identifiers: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {}),
    parameters: dict[str, object],
    styles: Sequence[str],
) -> Volume:
    """Write all files of a registration, and return the moving scan on the fixed grid.

    Parameters
    ----------
    found : Registration
    folder : Path
        An existing folder.
    scans, paths : pair of Volume, pair of Path
        Fixed and moving, and where they were read from.
    identifiers : pair of mapping
        What record and page are to say of the patient and the examination.
    parameters : dict
        What the user chose, for the record.
    styles : sequence of str
        Values of `TransformStyle`.

    Raises
    ------
    OutputError
        A file cannot be written.
    """
    fixed, moving = scans
    pose = found.moving_from_fixed
    write_transforms(pose, folder, scans, styles)
    with ThreadPoolExecutor(1) as pool:  # interpolating and packing leave a core to the picture
        resampled = pool.submit(_write_resampled, moving, fixed.grid, pose, folder / RESAMPLED)
        picture = draw_picture(
            fixed,
            moving,
            pose,
            centre=np.array(found.centre),
            extent_mm=EXTENT_MM,
            heading=_heading(found, paths),
        )
        write_picture(picture, folder / PICTURE)
        record = registration_record(found, scans, paths, parameters, identifiers)
        write_json(record, folder / RECORD)
        write_report(
            found,
            folder / REPORT,
            scans=scans,
            paths=paths,
            record=record,
            picture=(folder / PICTURE).read_bytes(),
        )
        return resampled.result()


def _write_resampled(moving: Volume, grid: Grid, moving_from_fixed: Rigid, path: Path) -> Volume:
    shown = resample(moving, grid, moving_from_fixed)
    write_volume(shown, path)
    return shown


def write_transforms(
    moving_from_fixed: Rigid, folder: Path, scans: tuple[Volume, Volume], styles: Sequence[str]
) -> None:
    """Write a transform in several formats, each with its suffix; `scans` are fixed and moving."""
    fixed, moving = scans
    for style in styles:
        write_transform(
            moving_from_fixed,
            folder / TRANSFORM_NAMES[style],
            fixed=fixed.grid,
            moving=moving.grid,
            style=TransformStyle(style),
        )


def inputs_record(scans: tuple[Volume, Volume], paths: tuple[Path, Path]) -> dict[str, dict[str, object]]:
    """Return what was registered to what, for a record."""
    return {
        name: {
            "path": str(path),
            "sha256": sha256_of(path),
            "shape": list(scan.grid.shape),
            "spacing_mm": scan.grid.spacing.tolist(),
            "modality": str(scan.modality),
        }
        for name, scan, path in zip(("fixed", "moving"), scans, paths, strict=True)
    }


def versions_record(libraries: Sequence[str]) -> dict[str, str]:
    """Return the versions of this program, of Python and of what else had a hand in it, for a record."""
    return {
        "cephalign": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in libraries},
    }


def _heading(found: Registration, paths: tuple[Path, Path]) -> list[str]:
    seconds = sum(stage.seconds for stage in found.stages)
    last = found.stages[-1]
    moved = float(found.moving_from_fixed.displacement(found.centre))
    return [
        f"{paths[1].name} (moving) on {paths[0].name} (fixed)",
        f"{found.status.value}: {found.reason}",
        f"similarity {last.similarity:.4f} nats after {last.name}; "
        f"turned {found.moving_from_fixed.angle_deg:.1f} degrees, the head's centre moved {moved:.1f} mm; "
        f"{seconds:.1f} s",
    ]


def registration_record(
    found: Registration,
    scans: tuple[Volume, Volume],
    paths: tuple[Path, Path],
    parameters: dict[str, object],
    identifiers: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {}),
) -> dict[str, object]:
    """Say in JSON's terms what a registration found and from what; see `write_results` for the arguments."""
    return {
        "direction": DIRECTION,
        "frame": FRAME,
        DIRECTION: found.moving_from_fixed.matrix.tolist(),
        "status": found.status.value,
        "reason": found.reason,
        "check": _check_record(found.check),
        "inputs": {
            name: {**scan, "identifiers": dict(told)} if told else scan
            for (name, scan), told in zip(inputs_record(scans, paths).items(), identifiers, strict=True)
        },
        "modalities": dict(zip(("fixed", "moving"), map(str, found.modalities), strict=True)),
        "parameters": parameters,
        "stages": [
            {
                "name": stage.name,
                DIRECTION: stage.moving_from_fixed.matrix.tolist(),
                "similarity_nats": finite(stage.similarity),
                "seconds": round(stage.seconds, 3),
            }
            for stage in found.stages
        ],
        "versions": versions_record(PROVENANCE),
    }


def _check_record(check: Check) -> dict[str, object]:
    """Say in JSON's terms what is thought of a registration; what cannot be told is null."""
    stated = math.isfinite(check.expected_mm)
    return {
        "expected_mm": check.expected_mm if stated else None,
        "interval_mm": list(check.interval_mm) if stated else None,
        "evidence": asdict(check.evidence) if check.evidence else {},
    }
