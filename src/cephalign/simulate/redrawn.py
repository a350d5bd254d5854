"""Drawing anew where no head was found in what was drawn: there was too little of it, or too much noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from cephalign.errors import InputError

Drawn = TypeVar("Drawn")
Found = TypeVar("Found")
# Of a hundred simulated scans a few are refused; a label map that is no head's is refused each time.
TRIES = 30


def until_found(draw: Callable[[], Drawn], find: Callable[[Drawn], Found]) -> Found:
    """Return what is found in the first of some draws that is not refused.

    Parameters
    ----------
    draw : callable
        Draws on from its generator; what it raises is no refusal, and ends it all.
    find : callable
        Finds the head in what was drawn, or raises an `InputError`.

    Raises
    ------
    InputError
        Each was refused.
    """
    for _ in range(TRIES):
        drawn = draw()
        try:
            return find(drawn)
        except InputError as error:
            refused = error
    raise InputError(
        f"no head found in any of {TRIES} simulated scans",
        got=str(refused),
        do="if heads come from label maps, look at them: they may show no whole head",
    ) from refused
