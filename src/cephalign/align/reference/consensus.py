"""Our reference transforms: what many ways to the answer agree on, how surely, or a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from cephalign.align.levels import FINE, FINEST, NEAR, compare
from cephalign.align.reference.answer import Member, Progress, Reference, Spreads, blaming
from cephalign.align.reference.halves import half_spread
from cephalign.align.reference.runs import EXCHANGED, FROM_AFAR, all_runs, follow
from cephalign.align.reference.surfaces import surface_gap
from cephalign.align.scan import Scan, prepare
from cephalign.geometry import Rigid, Volume
from cephalign.geometry.grid import Float
from cephalign.parallel import undivided_operations

# Runs that end within this of the best one, on average over the head, are in one place with it.
SAME_MM = 2.0
# Of all runs, so many must be there, and a place elsewhere must be clearly worse.
LEAST_SHARE, RIVAL_SHARE = 0.6, 0.9
# At the near level: smooth noise comes to 0.1 nats, heads to 0.28 and more; whole heads share 0.9 of points.
LEAST_SIMILARITY, LEAST_OVERLAP = 0.12, 0.6
# A level that sees only what is large, to tell whether what is fine has led astray.
SOFT = replace(FINE, blur_mm=2.0, bins=32, climb=replace(FINEST.climb, longest_mm=4.0))


# The stated error: root of the sum of the squared spreads times these, and of a floor. Fitted on simulated
# pairs (`benchmarks.consensus`).
FLOOR_MM, HALVES_FACTOR, SOFT_HALVES_FACTOR, SOFT_FACTOR = 0.05, 1.5, 0.3, 0.3
# No reference for anything.
LARGEST_MM = 1.5
# Two scans of one head come to less, those of two people to more.
LARGEST_GAP_MM = 3.4


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
        answer = mean_pose(together, own.centre) if together else members[0].moving_from_fixed
        refusal = _disagreement(members) or _strangeness(own, other, answer)
        spread, uncertainty_mm = None, np.inf
        if not refusal:
            tell("comparing halves of the head")
            spread = spreads_of(own, other, answer, together, rng)
            uncertainty_mm = stated_mm(spread)
            if spread.surfaces > LARGEST_GAP_MM:
                refusal = f"The heads' surfaces lie {spread.surfaces:.1f} mm apart."
            elif not uncertainty_mm <= LARGEST_MM:
                refusal = f"The error may be {uncertainty_mm:.1f} mm, which is too much for a reference."
        x, y, z = own.centre.tolist()
        said = refusal or f"{len(together)} of {len(members)} runs agree, in both directions."
        return Reference(answer, uncertainty_mm, not refusal, said, tuple(members), (x, y, z), spread)


def mean_pose(poses: Sequence[Rigid], centre: Float) -> Rigid:
    """Return the mean rotation, and the mean of where `centre` goes."""
    rotation = Rotation.from_matrix([pose.rotation for pose in poses]).mean().as_matrix()
    arrival = np.mean([pose.map(centre) for pose in poses], axis=0)
    return Rigid.from_rotation(rotation, arrival - centre, centre)


def spreads_of(
    fixed: Scan, moving: Scan, answer: Rigid, together: Sequence[Rigid], rng: np.random.Generator
) -> Spreads:
    """Measure what the stated error is made of."""
    points = fixed.body[::11]
    soft = Rigid(follow(fixed, moving, answer.matrix[None], SOFT)[0][0])
    return Spreads(
        runs=_apart(together, answer, points),
        halves=half_spread(fixed, moving, answer, FINEST, rng),
        soft_halves=half_spread(fixed, moving, soft, SOFT, rng),
        soft=_apart([soft], answer, points),
        surfaces=surface_gap(fixed, moving, answer),
    )


def stated_mm(spread: Spreads) -> float:
    """Return the error that spreads lead to expect."""
    parts = (
        FLOOR_MM,
        spread.runs,
        HALVES_FACTOR * spread.halves,
        SOFT_HALVES_FACTOR * spread.soft_halves,
        SOFT_FACTOR * spread.soft,
    )
    return float(np.hypot.reduce(parts))


def _apart(poses: Sequence[Rigid], answer: Rigid, points: Float) -> float:
    return float(np.sqrt(np.mean([np.mean(pose.distance(answer, points) ** 2) for pose in poses])))


def _with_agreement(members: list[Member], fixed: Scan) -> list[Member]:
    """Mark those that end where the best one does."""
    best = max(members, key=lambda member: member.similarity)
    points = fixed.body[::11]
    return [
        replace(
            member,
            agrees=bool(
                np.isfinite(member.similarity)
                and member.moving_from_fixed.distance(best.moving_from_fixed, points).mean() < SAME_MM
            ),
        )
        for member in members
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
    inside = [member for member in members if member.agrees]
    if not inside:
        return "The heads do not overlap from any start."
    if len(inside) < LEAST_SHARE * len(members):
        return f"Only {len(inside)} of {len(members)} runs end in the best place."
    names = {member.name for member in inside}
    if not all(names & {way + start for start in FROM_AFAR} for way in ("", EXCHANGED)):
        return "From afar the best place is found in one direction only."
    others = [member.similarity for member in members if not member.agrees]
    if max(others, default=-np.inf) > RIVAL_SHARE * max(member.similarity for member in inside):
        return "Another place fits nearly as well."
    return ""
