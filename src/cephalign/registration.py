"""Two scans in, the motion between them out: start, refine, say what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
from cephalign.trust.check import Check, check, no_overlap
from cephalign.trust.verdict import Status

__all__ = ["Method", "Progress", "Refinement", "Registration", "Status", "register"]

Refinement = Literal["mi", "evolution", "none"]
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Registration:
    """The answer and how it was found.

    Parameters
    ----------
    moving_from_fixed : Rigid
        Takes a point of the fixed scan (RAS+ mm) to the same anatomy in the moving scan.
    check : Check
        What is thought of it.
    stages : tuple of Stage
        Start first, end last.
    centre : tuple of three floats
        Middle of the head in the fixed scan, RAS+ mm.
    modalities : pair of Modality
        Of the fixed and the moving scan, by their images; by their headers where the image is not clear.
    """

    moving_from_fixed: Rigid
    check: Check
    stages: tuple[Stage, ...]
    centre: tuple[float, float, float]
    modalities: tuple[Modality, Modality]

    @property
    def status(self) -> Status:
        """Whether to believe it."""
        return self.check.status

    @property
    def reason(self) -> str:
        """One sentence on the status."""
        return self.check.reason


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
    candidates = [start] if isinstance(start, Rigid) else starts(*scans, start)
    found = search(*scans, candidates)
    stages, checked = _ended(scans, found, began, refinement, tell)
    if checked.status is not Status.ALIGNED and start == "auto":
        # Far off, wrong places can push out the right one, and those of one method a good one of another.
        tell("looking again")
        again = search(*scans, candidates, thorough=True), search(*scans, starts(*scans, "pose"))
        better = max(again, key=lambda one: one.similarities[0])
        if better.similarities[0] > found.similarities[0]:
            others, rechecked = _ended(scans, better, began, refinement, tell)
            if rechecked.expected_mm < checked.expected_mm:
                stages, checked = others, rechecked
    x, y, z = scans[0].centre.tolist()
    kinds = scans[0].volume.modality, scans[1].volume.modality
    return Registration(stages[-1].moving_from_fixed, checked, tuple(stages), (x, y, z), kinds)


def _ended(
    scans: tuple[Scan, Scan], found: Found, began: float, refinement: Refinement, tell: Progress
) -> tuple[list[Stage], Check]:
    """Go on from where a search has led, and look at the end."""
    stages = [Stage("start", found.start, found.start_similarity, perf_counter() - began)]
    if refinement != "none" and np.isfinite(found.similarities[0]):
        tell("refining")
        stages += _refined(*scans, found, refinement)
    tell("checking")
    last = stages[-1]
    overlaps = np.isfinite([found.similarities[0], last.similarity]).all()
    return stages, check(*scans, found, last.moving_from_fixed) if overlaps else no_overlap()


def _prepared(volume: Volume, name: str) -> Scan:
    if not isinstance(volume, Volume):
        raise InputError(
            f"{name} is no scan that was read",
            expected="a cephalign.Volume",
            got=type(volume).__name__,
            do="read files by cephalign.read_volume",
        )
    known = recognised(volume)
    try:
        return prepare(known)
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
