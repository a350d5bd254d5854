"""Our reference transforms: what many ways to the answer agree on, how surely, or a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from cephalign.align.levels import FINEST, NEAR, compare
from cephalign.align.reference.answer import Member, Progress, Reference, Spreads, blaming
from cephalign.align.reference.halves import half_spread
from cephalign.align.reference.runs import EXCHANGED, all_runs
from cephalign.align.reference.surfaces import LARGEST_GAP_MM
from cephalign.align.scan import Scan, prepare
from cephalign.geometry import Rigid, Volume
from cephalign.geometry.grid import Float
from cephalign.parallel import undivided_operations

# Runs that end within this of the best one, on average over the head, are in one place with it: with slices
# of 4 mm some stop 2 to 3 mm short of it. How far they spread is part of the stated error.
SAME_MM = 3.0
# So many runs, and such a share of all, must be there, and a place elsewhere must be clearly worse.
LEAST_RUNS, LEAST_SHARE, RIVAL_SHARE = 4, 0.6, 0.9
# At the near level: smooth noise comes to 0.1 nats, heads to 0.28 and more; whole heads share 0.9 of points.
LEAST_SIMILARITY, LEAST_OVERLAP = 0.12, 0.6
# The stated error is the root of the sum of squares of a floor, the spread of the runs, and the spread of
# halves times a factor. Were the errors of a head's parts independent it would be 1; most of the error is
# bias, and grows alike. Fitted on simulated pairs (`benchmarks.consensus`, seeds from 3000 on).
FLOOR_MM, HALVES_FACTOR = 0.05, 5.0
# No reference for anything.
LARGEST_MM = 3.0


def consensus(
    fixed: Volume, moving: Volume, rng: np.random.Generator, *, progress: Progress | None = None
) -> Reference:
    """Register many times, and answer with the mean where the runs agree.

    Parameters
    ----------
    fixed, moving : Volume
        In any orientation; table, holder and frame are removed.
    rng : numpy Generator
        Decides which starts around the best place, and which halves of the head, are tried.
    progress : callable, optional
        Told what is being done, in a few words.

    Returns
    -------
    Reference
        A refusal is a value: `agreed` is false.

    Raises
    ------
    InputError
        A scan that shows no head.
    """
    tell = progress or (lambda _: None)
    with undivided_operations():
        tell("finding the heads")
        with blaming("fixed"):
            own = prepare(fixed)
        with blaming("moving"):
            other = prepare(moving)
        tell("registering from many starts")
        members = _with_agreement(all_runs(own, other, rng), own)
        together = [member.moving_from_fixed for member in members if member.agrees]
        answer = mean_pose(together or [_best(members).moving_from_fixed], own.centre)
        refusal = _disagreement(members) or _strangeness(own, other, answer)
        spread, uncertainty_mm = None, np.inf
        if not refusal:
            tell("comparing halves of the head")
            points = own.body[::11]
            spread = Spreads(_apart(together, answer, points), half_spread(own, other, answer, FINEST, rng))
            uncertainty_mm = stated_mm(spread)
            if not uncertainty_mm <= LARGEST_MM:
                refusal = f"The error may be {uncertainty_mm:.1f} mm, which is too much for a reference."
        x, y, z = own.centre.tolist()
        said = refusal or f"{len(together)} of {len(members)} runs agree, in both directions."
        return Reference(answer, uncertainty_mm, not refusal, said, tuple(members), (x, y, z), spread)


def mean_pose(poses: Sequence[Rigid], centre: Float) -> Rigid:
    """Return the mean rotation, and the mean of where `centre` goes."""
    rotation = Rotation.from_matrix([pose.rotation for pose in poses]).mean().as_matrix()
    arrival = np.mean([pose.map(centre) for pose in poses], axis=0)
    return Rigid.from_rotation(rotation, arrival - centre, centre)


def stated_mm(spread: Spreads) -> float:
    """Return the error that spreads lead to expect."""
    return float(np.hypot.reduce((FLOOR_MM, spread.runs, HALVES_FACTOR * spread.halves)))


def _apart(poses: Sequence[Rigid], answer: Rigid, points: Float) -> float:
    return float(np.sqrt(np.mean([np.mean(pose.distance(answer, points) ** 2) for pose in poses])))


def _fitting(members: list[Member]) -> list[Member]:
    """Return the runs that lay the heads' surfaces together: the others are mistaken, and have no vote."""
    return [m for m in members if np.isfinite(m.similarity) and m.surface_gap_mm <= LARGEST_GAP_MM]


def _best(members: list[Member]) -> Member:
    return max(_fitting(members) or members, key=lambda member: member.similarity)


def _with_agreement(members: list[Member], fixed: Scan) -> list[Member]:
    """Mark those that end where the best one does."""
    fitting, best, points = _fitting(members), _best(members).moving_from_fixed, fixed.body[::11]
    return [
        replace(m, agrees=m in fitting and bool(m.moving_from_fixed.distance(best, points).mean() < SAME_MM))
        for m in members
    ]


def _strangeness(fixed: Scan, moving: Scan, answer: Rigid) -> str:
    """Return why the scans, as the answer lays them, do not look like one head; or nothing."""
    at = compare(fixed, moving, NEAR)(answer.matrix[None], slopes=False)
    if at.value[0] < LEAST_SIMILARITY:
        return "The scans have next to nothing in common."
    if at.overlap[0] < LEAST_OVERLAP:
        return f"The scans share only {100 * at.overlap[0]:.0f} % of the heads."
    return ""


def _disagreement(members: list[Member]) -> str:
    """Return why the runs make no answer, or nothing."""
    fitting = _fitting(members)
    inside = [member for member in fitting if member.agrees]
    if not np.isfinite([member.similarity for member in members]).any():
        return "The heads do not overlap from any start."
    if not fitting:
        gap_mm = min(member.surface_gap_mm for member in members)
        return f"The heads' surfaces lie {gap_mm:.1f} mm apart at best: two people, or no heads."
    if len(inside) < max(LEAST_RUNS, LEAST_SHARE * len(fitting)):
        return f"Only {len(inside)} of {len(members)} runs end in the best place."
    if len({member.name.startswith(EXCHANGED) for member in inside}) == 1:
        return "The best place is found in one direction only."
    others = [member.similarity for member in fitting if not member.agrees]
    if max(others, default=-np.inf) > RIVAL_SHARE * max(member.similarity for member in inside):
        return "Another place fits nearly as well."
    return ""
