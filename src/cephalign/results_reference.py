"""The files that a reference transform leaves: the transform in the formats asked for, and a record."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cephalign.geometry import Volume
from cephalign.io.record import DIRECTION, FRAME
from cephalign.io.texts import finite, write_json
from cephalign.results import RECORD as REGISTRATION_RECORD
from cephalign.results import (
    REFERENCE_RECORD,
    TRANSFORM_NAMES,
    inputs_record,
    versions_record,
    write_transforms,
)
from cephalign.results_folder import outdated_files, refuse_other

if TYPE_CHECKING:
    from cephalign.align.reference.answer import Reference  # its room loads torch

# Distances between poses are means over six points so far from the middle of the head.
RADIUS_MM = 75.0
PROVENANCE = ("numpy", "scipy", "torch", "SimpleITK")


def outdated_references(out: Path, inputs: Collection[Path]) -> list[Path]:
    """Return what an earlier reference left in a folder, and a later one might not replace.

    Raises
    ------
    OutputError
        The folder holds a registration.
    """
    refuse_other(out, REGISTRATION_RECORD)
    return outdated_files(out, REFERENCE_RECORD, TRANSFORM_NAMES.values(), inputs)


def write_reference(
    found: Reference,
    folder: Path,
    *,
    scans: tuple[Volume, Volume],
    paths: tuple[Path, Path],
    parameters: dict[str, object],
    styles: Sequence[str],
) -> None:
    """Write all files of a reference transform.

    Parameters
    ----------
    found : Reference
    folder : Path
        An existing folder.
    scans, paths : pair of Volume, pair of Path
        Fixed and moving, and where they were read from.
    parameters : dict
        What the user chose, for the record.
    styles : sequence of str
        Values of `TransformStyle`.

    Raises
    ------
    OutputError
        A file cannot be written.
    """
    write_transforms(found.moving_from_fixed, folder, scans, styles)
    about = np.array(found.centre) + RADIUS_MM * np.concatenate([np.eye(3), -np.eye(3)])
    record = {
        "direction": DIRECTION,
        "frame": FRAME,
        DIRECTION: found.moving_from_fixed.matrix.tolist(),
        "agreed": found.agreed,
        "reason": found.reason,
        "uncertainty_mm": finite(found.uncertainty_mm),
        "spreads_mm": (
            {name: finite(mm) for name, mm in asdict(found.spreads).items()} if found.spreads else None
        ),
        "members": [
            {
                "name": member.name,
                DIRECTION: member.moving_from_fixed.matrix.tolist(),
                "similarity_nats": finite(member.similarity),
                "surface_gap_mm": finite(member.surface_gap_mm),
                "agrees": member.agrees,
                "distance_mm": float(
                    member.moving_from_fixed.distance(found.moving_from_fixed, about).mean()
                ),
            }
            for member in found.members
        ],
        "inputs": inputs_record(scans, paths),
        "parameters": parameters,
        "versions": versions_record(PROVENANCE),
    }
    write_json(record, folder / REFERENCE_RECORD)
