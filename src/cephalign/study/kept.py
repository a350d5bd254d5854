"""What networks look at, epoch after epoch: made side by side, and kept while there is memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from cephalign.parallel import each
from cephalign.train.task import Samples

# Of the machine's memory, for either of the two sorts of images that a study has.
SHARE = 0.25
# A container's bound, where there is one, in bytes or "max".
CONTAINER = Path("/sys/fs/cgroup/memory.max")
UNKNOWN_BYTES = 2**33
Where = TypeVar("Where", bound=Hashable)


@dataclass(eq=False)
class Kept(Generic[Where]):
    """Samples by their places.

    Parameters
    ----------
    make : callable
        Makes the sample of a place, always the same one; called in threads.
    most_bytes : int, optional
        What does not fit in is made anew whenever it is wanted; by default a quarter of the memory.
    """

    make: Callable[[Where], Samples]
    most_bytes: int = field(default_factory=lambda: int(SHARE * memory_bytes()))
    _there: dict[Where, Samples] = field(default_factory=dict)
    _bytes: int = 0

    def at(self, places: Sequence[Where]) -> list[Samples]:
        """Return the samples of some places, one after the other."""
        missing = [place for place in dict.fromkeys(places) if place not in self._there]
        made = dict(zip(missing, each(self.make, missing), strict=True)) if missing else {}
        for place, sample in made.items():
            size = sum(values.nbytes for values in sample.values())
            if self._bytes + size <= self.most_bytes:
                self._there[place] = sample
                self._bytes += size
        return [made[place] if place in made else self._there[place] for place in places]


def memory_bytes() -> int:
    """Return how much memory the machine has, or its container."""
    try:
        machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # no such question on Windows
        machine = UNKNOWN_BYTES
    bound = CONTAINER.read_text(encoding="ascii").strip() if CONTAINER.is_file() else ""
    return min(machine, int(bound)) if bound.isdigit() else machine
