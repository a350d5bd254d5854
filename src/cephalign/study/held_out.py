"""Pairs of whole scans that no network of a split has seen, and how well a method does on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from time import perf_counter

from cephalign.augmentation.motion import moved_copy, truth_of_copies
from cephalign.errors import CephalignError
from cephalign.geometry import Rigid, Volume
from cephalign.geometry.grid import Float
from cephalign.study.copies import Place
from cephalign.study.scores import scores
from cephalign.study.study import Study

Method = Callable[[Volume, Volume], Rigid]


@dataclass(frozen=True, eq=False)
class HeldOutPair:
    """Two whole scans, moved.

    Parameters
    ----------
    fixed, moving : Volume
    truth : Rigid
    points : (10, 3) array
        Landmarks in the fixed scan, RAS+ mm.
    """

    fixed: Volume
    moving: Volume
    truth: Rigid
    points: Float


def held_out_pairs(study: Study, split: int) -> Iterator[HeldOutPair]:
    """Move the scans of a split's test originals: copies that no network has seen."""
    for place in study.copies.places(study.split(split).test, study.scale.test_copies):
        yield _pair(study, place)


# All methods meet the same pairs, one method after the other, and moving a scan takes a second.
@lru_cache(24)
def _pair(study: Study, place: Place) -> HeldOutPair:
    found, motions = study.copies.pairs[place.original], study.copies.motions(place)
    fixed, moving = (moved_copy(scan, motion) for scan, motion in zip(found.scans, motions, strict=True))
    points = motions[0].copy_from_original.map(found.landmarks)
    return HeldOutPair(fixed, moving, truth_of_copies(found.moving_from_fixed, *motions), points)


def measured(study: Study, split: int, method: Method) -> list[dict[str, float]]:
    """Register all held-out pairs of a split, and return the scores and seconds of each."""
    rows: list[dict[str, float]] = []
    total = len(study.split(split).test) * study.scale.test_copies
    for pair in held_out_pairs(study, split):
        began = perf_counter()
        said = answer(method, pair)
        rows.append(scored(pair, said, perf_counter() - began))
        study.reached(len(rows), total)
    return rows


def answer(method: Method, pair: HeldOutPair) -> Rigid | None:
    """Register a pair; None where a method finds no head in what is left of it, or says what is no motion."""
    try:
        return method(pair.fixed, pair.moving)
    except CephalignError:
        return None


def scored(pair: HeldOutPair, said: Rigid | None, seconds: float) -> dict[str, float]:
    """Score an answer; none counts as the headers as they are, and as failed."""
    found = scores(pair.fixed, pair.moving, said or Rigid.identity(), pair.truth, pair.points)
    return {**found, "failed": float(said is None), "seconds": seconds}
