"""Which images of a folder make one volume, and what forbids it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from cephalign.errors import GeometryError, InputError
from cephalign.io.dicom_geometry import COSINE_TOLERANCE, SAME_PLACE_MM, STEEPEST_TILT_DEG, Stack
from cephalign.io.dicom_header import TELLING_APART, Image


def chosen(images: list[Image], path: Path, wanted: str | None) -> list[Image]:
    """Return the images of the one series meant; a number is that of a series, else it begins a UID."""
    if not images:
        below = path.is_dir() and any(entry.is_dir() for entry in path.iterdir())
        raise InputError(
            f"{path} holds no DICOM images",
            do="give one of the folders in it" if below else "give the folder that does",
        )
    by_uid: dict[str, list[Image]] = {}
    for image in images:
        by_uid.setdefault(image.series_uid, []).append(image)
    matching = [
        uid
        for uid, series in by_uid.items()
        if wanted is None or uid == wanted or series[0].series_number == wanted
    ]
    if wanted and not matching:
        matching = [uid for uid in by_uid if uid.startswith(wanted)]
    if len(matching) != 1:
        raise InputError(
            f"{path}: no series {wanted}" if not matching else f"{path} holds {len(matching)} series",
            expected="one",
            got=_listing(by_uid),
            do="choose one by number or UID, with --series, --fixed-series or --moving-series",
        )
    return by_uid[matching[0]]


def _listing(by_uid: dict[str, list[Image]]) -> str:
    """Return number, description, size and the shortest telling beginning of the UID of each series."""
    lines = []
    for uid, series in by_uid.items():
        others = [other for other in by_uid if other != uid]
        length = next(
            n
            for n in range(1, len(uid) + 1)
            if not any(o.startswith(uid[:n]) for o in others) or n == len(uid)
        )
        named = f"'{series[0].description}'" if series[0].description else "no description"
        lines.append(
            f"{series[0].series_number or '?'} ({named}, {len(series)} images, UID {uid[: max(length, 12)]})"
        )
    return ", ".join(lines[:12]) + (f" and {len(lines) - 12} more" if len(lines) > 12 else "")


def refuse_differing(images: list[Image], path: Path) -> None:
    """Refuse what cannot be stacked: one image, no position, other planes, other sizes."""
    if len(images) < 2:
        raise InputError(
            f"{path}: one image is no volume",
            expected="a series of slices",
            do="give the folder of the whole series",
        )
    for name, what in (
        ("position", "ImagePositionPatient"),
        ("orientation", "ImageOrientationPatient"),
        ("spacing_mm", "PixelSpacing"),
    ):
        without = [image.file.name for image in images if not getattr(image, name)]
        if without:
            raise GeometryError(
                f"{path} does not say where its voxels lie",
                expected=what,
                got=f"none in {len(without)} images, {without[0]} first",
            )
    planes = np.array([image.orientation for image in images])
    typical = np.median(planes, axis=0)
    others = [
        image.file.name
        for image, plane in zip(images, planes, strict=True)
        if np.abs(plane - typical).max() > COSINE_TOLERANCE
    ]
    if others:
        raise GeometryError(
            f"{path}: {len(others)} of {len(images)} images lie in other planes",
            expected="parallel slices, without localisers",
            got=f"{', '.join(others[:3])}{' ...' if len(others) > 3 else ''}",
            do="move them into a folder of their own",
        )
    kinds = Counter((image.columns, image.rows, *np.round(image.spacing_mm, 4).tolist()) for image in images)
    if len(kinds) > 1:
        raise InputError(
            f"{path}: its images differ in size or spacing",
            expected="columns, rows and spacing in mm the same for all",
            got=", ".join(f"{kind} in {count}" for kind, count in kinds.most_common(3)),
        )


def refuse_repeated(images: list[Image], stack: Stack, path: Path) -> None:
    """Refuse several images at one place, saying what tells them apart (images and stack in one order)."""
    repeated = [n for n in range(1, len(images)) if stack.along[n] - stack.along[n - 1] < SAME_PLACE_MM]
    if not repeated:
        return
    one, other = images[repeated[0] - 1], images[repeated[0]]
    if one.facts["SOPInstanceUID"] == other.facts["SOPInstanceUID"]:
        raise InputError(
            f"{path}: {one.file.name} and {other.file.name} are the same image", do="remove the copies"
        )
    telling = next(
        (name for name in TELLING_APART if one.facts.get(name) != other.facts.get(name)), "nothing known"
    )
    raise InputError(
        f"{path}: several images at one place (echoes, time points or b-values)",
        expected="one image for each slice",
        got=f"{len(repeated)} more, such as {one.file.name} and {other.file.name}, which differ in {telling}",
        do="keep the images of one volume in a folder of their own",
    )


def refuse_unless_allowed(stack: Stack, path: Path, *, gaps: bool, tilt: bool) -> None:
    """Refuse gaps and tilt, unless they may be resampled away."""
    if not stack.is_even and not gaps:
        ways = np.diff(stack.along)
        widest = f"the widest after slice {int(ways.argmax()) + 1} of {len(stack.along)}"
        raise GeometryError(
            f"{path}: slices are missing or unevenly spaced",
            expected="one distance between neighbours",
            got=f"{ways.min():.4g} to {ways.max():.4g} mm, {widest}",
            do="find the missing files, or fill by interpolation with --allow-gaps",
        )
    if stack.tilt_deg > STEEPEST_TILT_DEG:
        raise GeometryError(
            f"{path}: damaged positions",
            expected="a stack of slices",
            got=f"a tilt of {stack.tilt_deg:.1f} degrees",
        )
    if stack.is_tilted and not tilt:
        raise GeometryError(
            f"{path}: the gantry was tilted by {stack.tilt_deg:.2f} degrees",
            expected="slices stacked along their normal",
            do="resample onto an upright grid with --allow-tilt",
        )
