"""What a preset asks of one kind of scan: ranges that acquisitions are drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cephalign.geometry import Modality
from cephalign.simulate.acquire.any_contrast import AnyContrast
from cephalign.simulate.acquire.contrast import Contrast
from cephalign.simulate.acquire.coverage import Coverage
from cephalign.simulate.acquire.flaws import Flaws
from cephalign.simulate.acquire.parts import Interval


@dataclass(frozen=True)
class Sequence:
    """A contrast whose parameters are drawn.

    Parameters
    ----------
    kind : class
        Of a contrast.
    ranges : mapping of str to Interval
        Its parameters by name.
    """

    kind: type[Contrast]
    ranges: Mapping[str, Interval] = field(default_factory=dict)

    def draw(self, rng: np.random.Generator) -> Contrast:
        """Draw the parameters."""
        if self.kind is AnyContrast:
            return AnyContrast.draw(rng)
        drawn: dict[str, Any] = {name: float(rng.uniform(*span)) for name, span in self.ranges.items()}
        return self.kind(**drawn)


@dataclass(frozen=True)
class Stored:
    """A way to store a scan.

    Parameters
    ----------
    dtype : {'int16', 'uint16', 'uint8'}
    level : Interval or None
        What the brightest of fat, water and brain becomes; None keeps the unit (HU).
    intercept : float
        Added.
    lowest, highest : float
    fill : float
        Stored where nothing was measured.
    """

    dtype: str
    level: Interval | None
    intercept: float
    lowest: float
    highest: float
    fill: float = 0.0


@dataclass(frozen=True)
class Protocol:
    """What is asked of one kind of scan.

    Parameters
    ----------
    modality : Modality
    coverages : tuple of Coverage
        One of them is drawn, as of the following.
    sequences : tuple of Sequence
    flaws : Flaws
    storages : tuple of Stored
    """

    modality: Modality
    coverages: tuple[Coverage, ...]
    sequences: tuple[Sequence, ...]
    flaws: Flaws
    storages: tuple[Stored, ...]
