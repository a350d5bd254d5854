"""Where a registration may start from, by method."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Literal

from cephalign.align.scan import Scan
from cephalign.align.symmetry import header_candidates, symmetry_candidates
from cephalign.errors import InputError
from cephalign.geometry import Rigid
from cephalign.parallel import both

Method = Literal["auto", "pose", "features", "symmetry", "header"]


def starts(fixed: Scan, moving: Scan, method: Method) -> list[Rigid]:
    """Return candidates of `moving_from_fixed`, one at least.

    Parameters
    ----------
    fixed, moving : Scan
    method : {'auto', 'pose', 'features', 'symmetry', 'header'}

    Raises
    ------
    InputError
        An unknown method, scans that it is not made for, or the weights that ship are missing or damaged.
    """
    if method not in METHODS:
        raise InputError("unknown method", expected=", ".join(METHODS), got=repr(method))
    return METHODS[method](fixed, moving)


def pose_candidates(fixed: Scan, moving: Scan) -> list[Rigid]:
    """Lay the places together where the network sees either head, the surest first; at most nine."""
    # Only here: reading the weights takes a moment.
    from cephalign.models.pose.locate import shipped_locator  # noqa: PLC0415

    locator = shipped_locator()
    seen = both(lambda scan: locator.locate(scan.volume, scan.head), fixed, moving)
    ranked = sorted(product(*(range(len(guesses)) for guesses in seen)), key=sum)
    return [~seen[1][other] @ seen[0][one] for one, other in ranked]


def _features(fixed: Scan, moving: Scan) -> list[Rigid]:
    from cephalign.models.features_start import shipped_start  # noqa: PLC0415

    return [shipped_start().motion(fixed.volume, fixed.head, moving.volume, moving.head)]


def _symmetry(fixed: Scan, moving: Scan) -> list[Rigid]:
    # The axes of half a head mislead, and so does its middle: the headers and turns of the whole compete.
    return [*symmetry_candidates(fixed, moving), *header_candidates(fixed, moving)]


def _auto(fixed: Scan, moving: Scan) -> list[Rigid]:
    return [*pose_candidates(fixed, moving), *_symmetry(fixed, moving)]


METHODS: dict[Method, Callable[[Scan, Scan], list[Rigid]]] = {
    "auto": _auto,
    "pose": pose_candidates,
    "features": _features,
    "symmetry": _symmetry,
    "header": header_candidates,
}
