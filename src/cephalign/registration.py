"""Two scans in, the motion between them out: start, refine, say what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from time import perf_counter
from typing import Literal, get_args

import numpy as np

from cephalign.align.refine import refine
from cephalign.align.scan import Scan, prepare
from cephalign.align.search import Found, search
from cephalign.align.stage import Stage
from cephalign.errors import InputError
from cephalign.geometry import Modality, Rigid, Volume
from cephalign.parallel import both, undivided_operations
from cephalign.registration_modality import recognised
from cephalign.registration_starts import Method, starts

Refinement = Literal["mi", "evolution", "none"]
Progress = Callable[[str], None]

# Below this many nats at the near level the scans say next to nothing about each other: smooth noise comes
# to 0.1, heads to 0.28 and more. (At the finest level many bins alone make 0.02 of nothing.)
LEAST_SIMILARITY = 0.12
# A rival place so nearly as good means that the choice between the two is not safe.
RIVAL_SHARE = 0.9
# Two whole heads share more than this; with less, a wrong place can look right.
LEAST_OVERLAP = 0.6
# The best place at the near level is right to some mm: an end further from it is not the one that was chosen.
LARGEST_DRIFT_MM = 6.0


class Status(Enum):
    """What came of a registration; the value is what to tell the user."""

    ALIGNED = "aligned"
    DOUBTFUL = "doubtful"
    FAILED = "failed"


@dataclass(frozen=True)
class Registration:
    """The answer and how it was found.

    Parameters
    ----------
    moving_from_fixed : Rigid
        Takes a point of the fixed scan (RAS+ mm) to the same anatomy in the moving scan.
    status : Status
    reason : str
        One sentence on the status.
    stages : tuple of Stage
        Start first, end last.
    centre : tuple of three floats
        Middle of the head in the fixed scan, RAS+ mm.
    modalities : pair of Modality
        Of the fixed and the moving scan, by their images; by their headers where the image is not clear.
    """

    moving_from_fixed: Rigid
    status: Status
    reason: str
    stages: tuple[Stage, ...]
    centre: tuple[float, float, float]
    modalities: tuple[Modality, Modality]


def register(
    fixed: Volume,
    moving: Volume,
    *,
    method: Method = "auto",
    init: Rigid | None = None,
    refinement: Refinement = "mi",
    progress: Progress | None = None,
) -> Registration:
    """Find the rigid motion between two scans of one head.

    Parameters
    ----------
    fixed, moving : Volume
    method : {'auto', 'pose', 'features', 'symmetry', 'header'}
        How a start is found: `pose`, a network that sees how each head lies; `features`, the paper's network
        (an MR and a CT, not far from each other); `symmetry`, the principal axes of both heads, the headers'
        frames and turns over all orientations; `header`, the last two alone; `auto`, whatever is measured
        best, now `pose` and `symmetry` together.
    init : Rigid, optional
        A start, taken as it is; no method is asked.
    refinement : {'mi', 'evolution', 'none'}
        Our mutual information, the paper's evolutionary strategy, or the start alone.
    progress : callable, optional
        Told what is being done, in a few words.

    Returns
    -------
    Registration
        A wrong or doubtful alignment is a status, not an exception.

    Raises
    ------
    InputError
        A scan that shows no head, an unknown option, scans that the method is not made for, or the weights
        that ship are missing or damaged.
    """
    if refinement not in get_args(Refinement):
        raise InputError("unknown refinement", expected="mi, evolution or none", got=repr(refinement))
    with undivided_operations():
        return _registered(fixed, moving, init or method, refinement, progress or (lambda _: None))


def _registered(
    fixed: Volume, moving: Volume, start: Method | Rigid, refinement: Refinement, tell: Progress
) -> Registration:
    began = perf_counter()
    tell("finding the heads")
    scans = both(lambda named: _prepared(*named), (fixed, "fixed"), (moving, "moving"))
    tell("looking for a start")
    found = search(*scans, [start] if isinstance(start, Rigid) else starts(*scans, start))
    stages = [Stage("start", found.start, found.start_similarity, perf_counter() - began)]
    if refinement != "none" and np.isfinite(found.similarities[0]):
        tell("refining")
        stages += _refined(*scans, found, refinement)
    status, reason = _judged(found, stages, scans[0])
    x, y, z = scans[0].centre.tolist()
    kinds = scans[0].volume.modality, scans[1].volume.modality
    return Registration(stages[-1].moving_from_fixed, status, reason, tuple(stages), (x, y, z), kinds)


def _prepared(volume: Volume, name: str) -> Scan:
    try:
        return prepare(recognised(volume))
    except InputError as error:
        raise InputError(
            f"{name} {error.what}", expected=error.expected, got=error.got, do=error.do
        ) from error


def _refined(fixed: Scan, moving: Scan, found: Found, refinement: Refinement) -> list[Stage]:
    if refinement == "evolution":
        from cephalign.align.evolution import evolve  # noqa: PLC0415 - SimpleITK takes a while to import

        return evolve(fixed, moving, found.start)
    near = Stage("mi-near", found.poses[0], found.similarities[0], 0.0)
    return [near, *refine(fixed, moving, found.poses[0])]


def _judged(found: Found, stages: list[Stage], fixed: Scan) -> tuple[Status, str]:
    """Judge by what is at hand; the bounds are not yet calibrated against errors in mm."""
    last, similarity = stages[-1], found.similarities[0]
    if not np.isfinite([similarity, last.similarity]).all():
        return Status.FAILED, "The heads do not overlap at the start, or too little of them."
    if similarity < LEAST_SIMILARITY:
        return Status.FAILED, "The scans have next to nothing in common where they were put."
    drift = last.moving_from_fixed.distance(found.poses[0], fixed.body[::50])
    if drift.mean() > LARGEST_DRIFT_MM:
        return Status.DOUBTFUL, f"The end lies {drift.mean():.0f} mm from the best place found on the way."
    if found.overlap < LEAST_OVERLAP:
        return Status.DOUBTFUL, f"The scans share only {100 * found.overlap:.0f} % of the heads."
    if len(found.similarities) > 1 and found.similarities[1] > RIVAL_SHARE * found.similarities[0]:
        apart = found.poses[1].distance(found.poses[0], fixed.body[::50])
        return Status.DOUBTFUL, f"Another place, {apart.mean():.0f} mm away, fits nearly as well."
    return Status.ALIGNED, "One place fits clearly better than all others tried."
