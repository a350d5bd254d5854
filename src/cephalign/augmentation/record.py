"""The record of an augmented data set, from which the same one can be made again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cephalign import __version__
from cephalign.augmentation.motion import Motion
from cephalign.augmentation.originals import Original
from cephalign.augmentation.plan import Plan, Request
from cephalign.augmentation.split import SUBSETS
from cephalign.errors import CephalignError, InputError
from cephalign.io.exchange import finite
from cephalign.io.record import DIRECTION, FRAME

FORMAT, VERSION = "cephalign-augmentation", 1
# They decide the last bits of an interpolated voxel.
PROVENANCE = ("numpy", "scipy")


def as_record(originals: Sequence[Original], plan: Plan) -> dict[str, Any]:
    """Return what was asked for, what was copied and what was drawn, ready for JSON."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "frame": FRAME,
        "request": asdict(plan.request),
        "split": {
            subset: [o.name for o, dealt in zip(originals, plan.subsets, strict=True) if dealt == subset]
            for subset in SUBSETS
        },
        "originals": [
            {
                "name": original.name,
                "scans": {
                    role: {
                        "path": str(scan.path),
                        "sha256": scan.sha256,
                        "modality": str(scan.modality),
                        "shape": list(scan.grid.shape),
                        "spacing_mm": scan.grid.spacing.tolist(),
                    }
                    for role, scan in original.scans.items()
                },
                DIRECTION: original.moving_from_fixed.matrix.tolist(),
                "copies": [
                    {role: asdict(motion) for role, motion in zip(original.scans, copy, strict=True)}
                    for copy in copies
                ],
            }
            for original, copies in zip(originals, plan.motions, strict=True)
        ],
        "versions": {"cephalign": __version__, **{name: version(name) for name in PROVENANCE}},
    }


def read_plan(path: Path, originals: Sequence[Original]) -> Plan:
    """Read what was drawn for these originals.

    Parameters
    ----------
    path : Path
        A record as `as_record` gives it.
    originals : sequence of Original
        Must be those of the record, in the same order, with the same voxels and reference transforms.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        Unreadable, no such record, or of other originals.
    """
    record = _json_object(path)
    if record.get("format") != FORMAT or record.get("version") != VERSION:
        raise InputError(f"{path} is no record of copies", expected="augmentation.json of cephalign augment")
    try:
        entries = list(record["originals"])
        _refuse_others(entries, originals, path)
        motions = tuple(
            tuple(tuple(_motion(copy[role], path) for role in original.scans) for copy in entry["copies"])
            for entry, original in zip(entries, originals, strict=True)
        )
        subset_of = {name: subset for subset in SUBSETS for name in record["split"][subset]}
        plan = Plan(_request(record["request"]), tuple(subset_of[o.name] for o in originals), motions)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path} is damaged", got=f"{type(error).__name__}: {error}"[:80]) from error
    if any(len(copies) != plan.request.count for copies in motions):
        raise InputError(f"{path} is damaged", expected=f"{plan.request.count} copies of each original")
    return plan


def _json_object(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON", got=str(error)[:80]) from error
    return record if isinstance(record, dict) else {}


def _refuse_others(entries: list[Any], originals: Sequence[Original], path: Path) -> None:
    if len(entries) != len(originals):
        raise InputError(
            f"{path} is the record of other scans",
            expected=f"the same {len(entries)} originals in the same order",
            got=str(len(originals)),
        )
    for entry, original in zip(entries, originals, strict=True):
        found = {role: scan.sha256 for role, scan in original.scans.items()}
        paths = " and ".join(str(scan.path) for scan in original.scans.values())
        if {role: scan["sha256"] for role, scan in entry["scans"].items()} != found:
            told = " and ".join(str(scan["path"]) for scan in entry["scans"].values())
            raise InputError(
                f"{paths}: not what {path} is the record of",
                expected=f"{told}, unchanged, as {original.name}",
            )
        if entry[DIRECTION] != original.moving_from_fixed.matrix.tolist():
            raise InputError(f"{paths}: the reference transform is not that of {path}")


def _request(entry: dict[str, Any]) -> Request:
    return Request(
        int(entry["count"]), int(entry["seed"]), float(entry["angle_deg"]), float(entry["shift_mm"])
    )


def _motion(entry: dict[str, Any], path: Path) -> Motion:
    def numbers(name: str, count: int) -> tuple[float, ...]:
        values = entry[name] if count > 1 else [entry[name]]
        return tuple(finite(values, f"{path}: {name}", count).tolist())

    x, y, z = numbers("axis", 3)
    along_x, along_y, along_z = numbers("shift_mm", 3)
    centre_x, centre_y, centre_z = numbers("centre_mm", 3)
    (angle,) = numbers("angle_deg", 1)
    try:
        return Motion((x, y, z), angle, (along_x, along_y, along_z), (centre_x, centre_y, centre_z))
    except CephalignError as error:
        raise InputError(f"{path} is damaged: {error.what}", expected=error.expected) from error
