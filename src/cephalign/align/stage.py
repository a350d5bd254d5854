"""What a step of a registration leaves behind."""

from __future__ import annotations

from dataclasses import dataclass

from cephalign.geometry import Rigid


@dataclass(frozen=True)
class Stage:
    """One step: where it ended, how similar the scans are there, and how long it took.

    Parameters
    ----------
    name : str
    moving_from_fixed : Rigid
    similarity : float
        Mutual information in nats; its scale is that of the step, so compare within a step only.
    seconds : float
    """

    name: str
    moving_from_fixed: Rigid
    similarity: float
    seconds: float
