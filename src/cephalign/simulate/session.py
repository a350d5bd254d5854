"""One head in several scanners: scans whose motion against each other is known."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch

from cephalign.errors import InputError
from cephalign.geometry import Modality, Rigid, Volume
from cephalign.geometry.grid import Float
from cephalign.parallel import undivided_operations
from cephalign.simulate.acquire import Acquisition, acquire, draw_acquisition
from cephalign.simulate.head import Anatomy, Head
from cephalign.simulate.motion import random_motion
from cephalign.simulate.oddities import draw_oddities, with_oddities
from cephalign.simulate.presets import PRESETS
from cephalign.simulate.procedural import procedural_head

# How a patient lies in the first scanner: turned about each axis, and away from the middle, at most.
LYING_DEG, LYING_MM = 8.0, 10.0
# Beyond this a head is in no scanner any more.
LARGEST_SHIFT_MM = 200.0


@dataclass(frozen=True, eq=False)
class Session:
    """What was scanned, how, and what came of it.

    Parameters
    ----------
    head : Head
    acquisitions : mapping of Modality to Acquisition
    scans : mapping of Modality to Volume
    """

    head: Head
    acquisitions: Mapping[Modality, Acquisition]
    scans: Mapping[Modality, Volume]

    def motion(self, fixed: Modality, moving: Modality) -> Rigid:
        """Return the true `moving_from_fixed` of two scans."""
        moving_from_head = self.acquisitions[moving].world_from_head
        return moving_from_head @ ~self.acquisitions[fixed].world_from_head

    def landmarks(self, scan: Modality) -> Float:
        """Return (10, 3) world points of a scan, in the order of `LANDMARKS`; some may lie off its grid."""
        return self.acquisitions[scan].world_from_head.map(self.head.landmarks)


def simulated_session(
    rng: np.random.Generator,
    preset: str = "rire",
    *,
    modalities: Collection[Modality] = (),
    anatomy: Anatomy = procedural_head,
    angle_deg: float = 15.0,
    shift_mm: float = 5.0,
    least_angle_deg: float = 0.0,
    device: torch.device | str = "cpu",
) -> Session:
    """Draw a head and scan it.

    Parameters
    ----------
    rng : numpy Generator
        Decides everything that is random.
    preset : str
        A name in `PRESETS`.
    modalities : collection of Modality
        Which of the preset's scans; all if empty. The first is the one that the others move against.
    anatomy : Anatomy
        Where the head comes from.
    angle_deg, shift_mm, least_angle_deg : float
        How far the head turns (about a random axis through its origin) and moves between the first scan and
        each other; at most, and at least.
    device : torch.device or str

    Returns
    -------
    Session
        The same for the same arguments, on any number of threads.

    Raises
    ------
    InputError
        An unknown preset, a modality that it lacks, or an impossible motion.
    """
    check_request(preset, modalities, angle_deg, shift_mm, least_angle_deg)
    chosen = PRESETS[preset]
    wanted = list(modalities) or list(chosen.protocols)
    with undivided_operations():
        head = anatomy(rng, spacing_mm=chosen.head_spacing_mm, device=torch.device(device))
        head = with_oddities(head, draw_oddities(rng, head, chosen.oddities))
        first = Rigid.from_euler(rng.uniform(-LYING_DEG, LYING_DEG, 3), rng.uniform(-LYING_MM, LYING_MM, 3))
        acquisitions: dict[Modality, Acquisition] = {}
        for modality in wanted:
            centre = first.map((0.0, 0.0, 0.0))
            moved = random_motion(rng, angle_deg, shift_mm, centre, least_angle_deg=least_angle_deg)
            world_from_head = moved @ first if acquisitions else first
            acquisitions[modality] = draw_acquisition(rng, chosen.protocols[modality], head, world_from_head)
        with ThreadPoolExecutor(2) as pool:
            scans = pool.map(lambda one: acquire(head, one, device=device), acquisitions.values())
            return Session(head, acquisitions, dict(zip(wanted, scans, strict=True)))


def check_request(
    preset: str,
    modalities: Collection[Modality],
    angle_deg: float,
    shift_mm: float,
    least_angle_deg: float = 0.0,
) -> None:
    """Refuse what `simulated_session` cannot do, before anything is drawn; its parameters and errors."""
    if preset not in PRESETS:
        raise InputError("unknown preset", expected=", ".join(PRESETS), got=repr(preset))
    lacking = set(modalities) - set(PRESETS[preset].protocols)
    if lacking:
        raise InputError(
            f"preset {preset} has no such scan",
            expected=", ".join(PRESETS[preset].protocols),
            got=", ".join(sorted(lacking)),
        )
    if not 0 <= least_angle_deg <= angle_deg <= 180:
        raise InputError(
            "impossible rotation",
            expected="0 to 180 degrees, the least not above the most",
            got=f"{least_angle_deg:g} to {angle_deg:g}",
        )
    if not 0 <= shift_mm <= LARGEST_SHIFT_MM:
        raise InputError(
            "impossible translation", expected=f"0 to {LARGEST_SHIFT_MM:g} mm", got=f"{shift_mm:g}"
        )
