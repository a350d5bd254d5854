"""Two simulated scans of one head, whose motion is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from cephalign.geometry import Modality, Rigid, Volume
from cephalign.geometry.grid import Float
from cephalign.simulate.head import Anatomy, Head
from cephalign.simulate.procedural import procedural_head
from cephalign.simulate.session import simulated_session


@dataclass(frozen=True, eq=False)
class SimulatedPair:
    """Two scans of one head.

    Parameters
    ----------
    fixed, moving : Volume
        As the scanners stored them.
    moving_from_fixed : Rigid
        The truth.
    landmarks : (10, 3) array
        World points of the fixed scan, in the order of `LANDMARKS`; some may lie off its grid.
    head : Head
    head_from_fixed : Rigid
        Takes world points of the fixed scan to the head's own frame.
    """

    fixed: Volume
    moving: Volume
    moving_from_fixed: Rigid
    landmarks: Float
    head: Head
    head_from_fixed: Rigid


def simulated_pair(
    rng: np.random.Generator,
    preset: str = "rire",
    *,
    modalities: tuple[Modality, Modality] = (Modality.T1, Modality.CT),
    anatomy: Anatomy = procedural_head,
    angle_deg: float = 15.0,
    shift_mm: float = 5.0,
    least_angle_deg: float = 0.0,
    device: torch.device | str = "cpu",
) -> SimulatedPair:
    """Draw a head and scan it twice: `modalities` are those of the fixed and of the moving scan.

    See `simulated_session`.
    """
    session = simulated_session(
        rng,
        preset,
        modalities=modalities,
        anatomy=anatomy,
        angle_deg=angle_deg,
        shift_mm=shift_mm,
        least_angle_deg=least_angle_deg,
        device=device,
    )
    fixed, moving = modalities
    return SimulatedPair(
        session.scans[fixed],
        session.scans[moving],
        session.motion(fixed, moving),
        session.landmarks(fixed),
        session.head,
        ~session.acquisitions[fixed].world_from_head,
    )
