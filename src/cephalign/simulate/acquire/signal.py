"""Signal equations of MR sequences: how bright tissues are, by their T1, T2 and proton density."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cephalign.errors import InputError
from cephalign.geometry.grid import Float
from cephalign.simulate.acquire.parts import check_numbers
from cephalign.simulate.properties import BLOOD, column, relaxation_ms
from cephalign.simulate.tissues import Tissue

# An uneven field adds to 1 / T2, in proportion to its strength.
INHOMOGENEITY_T2_MS, INHOMOGENEITY_TESLA = 300.0, 1.5
# A train of echoes undoes part of the fast decay of fat (Henkelman et al., J Magn Reson Imaging 2:533, 1992).
TRAIN_FAT_T2 = 1.8
# An adiabatic pulse inverts so much of the magnetisation.
INVERTED = 0.96


@dataclass(frozen=True)
class SpinEcho:
    """A spin echo, single or in a train.

    Parameters
    ----------
    tesla : float
        Field strength, 0.5 to 3.5.
    tr_ms, te_ms : float
        Repetition time and (effective) echo time.
    train_ms : float
        How long a train of echoes lasts; 0 for a single one.
    flow : float
        The share of the signal of blood that its flow leaves.

    Raises
    ------
    InputError
        Times or shares that are not possible.
    """

    tesla: float
    tr_ms: float
    te_ms: float
    train_ms: float = 0.0
    flow: float = 0.3

    def __post_init__(self) -> None:
        check_numbers(self, nothing_allowed=("train_ms", "flow"))
        if max(self.te_ms, self.train_ms) >= self.tr_ms:
            raise InputError(
                "echo after the next excitation",
                expected=f"te_ms and train_ms below tr_ms = {self.tr_ms:g}",
                got=f"{self.te_ms:g} and {self.train_ms:g}",
            )

    def brightness(self) -> tuple[Float, Float]:
        """Return (36,) rho (1 - exp(-recovery / T1)) exp(-TE / T2) and its (36,) spread."""
        t1, t2 = relaxation_ms(self.tesla)
        if self.train_ms:
            t2[Tissue.FAT] *= TRAIN_FAT_T2
        recovery = self.tr_ms - self.train_ms
        return _flowing((1 - np.exp(-recovery / t1)) * np.exp(-self.te_ms / t2), self.flow)


@dataclass(frozen=True)
class GradientEcho:
    """A spoiled gradient echo (FLASH, SPGR).

    Parameters
    ----------
    tesla, tr_ms, te_ms, flow : float
        As for `SpinEcho`; inflowing blood is bright, so `flow` may exceed 1.
    flip_deg : float
        Flip angle.
    """

    tesla: float
    tr_ms: float
    te_ms: float
    flip_deg: float
    flow: float = 1.0

    def __post_init__(self) -> None:
        check_numbers(self, nothing_allowed=("flow",))

    def brightness(self) -> tuple[Float, Float]:
        """Return (36,) rho sin a (1 - E1) / (1 - cos a E1) exp(-TE / T2*) and its (36,) spread."""
        t1, t2 = relaxation_ms(self.tesla)
        recovered = np.exp(-self.tr_ms / t1)
        angle = math.radians(self.flip_deg)
        signal = math.sin(angle) * (1 - recovered) / (1 - math.cos(angle) * recovered)
        return _flowing(signal * _dephasing(t2, self.te_ms, self.tesla), self.flow)


@dataclass(frozen=True)
class InversionGradientEcho:
    """An inversion, then a train of small flip angles (MPRAGE): Deichmann et al., NeuroImage 12:112 (2000).

    Parameters
    ----------
    tesla, te_ms, flow : float
        As for `GradientEcho`.
    tr_ms : float
        From inversion to inversion.
    ti_ms : float
        From the inversion to the middle of the train, where the contrast is made.
    flip_deg, echoes, echo_ms
        Flip angle, number of echoes of the train, and their distance.
    """

    tesla: float
    tr_ms: float
    ti_ms: float
    te_ms: float
    flip_deg: float
    echoes: float = 176.0
    echo_ms: float = 7.0
    flow: float = 1.0

    def __post_init__(self) -> None:
        check_numbers(self, nothing_allowed=("flow",))
        half = self.echoes * self.echo_ms / 2
        if not half < self.ti_ms < self.tr_ms - half:
            raise InputError(
                "train of echoes outside its interval",
                expected=f"ti_ms between {half:g} and {self.tr_ms - half:g}",
                got=f"{self.ti_ms:g}",
            )

    def brightness(self) -> tuple[Float, Float]:
        """Return the (36,) magnitude in the middle of the train, in its steady state, and the spread."""
        t1, t2 = relaxation_ms(self.tesla)
        angle = math.radians(self.flip_deg)
        half = self.echoes * self.echo_ms / 2
        step = np.exp(-self.echo_ms / t1)
        kept = math.cos(angle) * step
        goal = (1 - step) / (1 - kept)  # where the train drives the magnetisation
        before = np.exp(-(self.ti_ms - half) / t1)
        after = np.exp(-(self.tr_ms - self.ti_ms - half) / t1)
        train = kept**self.echoes
        # At the end of an interval the magnetisation is 1 + (goal + (start - goal) train - 1) after, where
        # the train starts from 1 - (1 + INVERTED * end) before. Solved for the end:
        constant = 1 + (goal + (1 - before - goal) * train - 1) * after
        end = constant / (1 + INVERTED * before * train * after)
        start = 1 - (1 + INVERTED * end) * before
        middle = goal + (start - goal) * kept ** (self.echoes / 2)
        signal = np.abs(middle) * math.sin(angle) * _dephasing(t2, self.te_ms, self.tesla)
        return _flowing(signal, self.flow)


def _flowing(signal: Float, flow: float) -> tuple[Float, Float]:
    """Return signal per volume of tissue, with moving blood, and its spread."""
    signal = signal * column("density")
    signal[list(BLOOD)] *= flow
    return signal, signal * column("spread")


def _dephasing(t2_ms: Float, te_ms: float, tesla: float) -> Float:
    """Return (36,) exp(-TE / T2*)."""
    rate = 1 / t2_ms + tesla / INHOMOGENEITY_TESLA / INHOMOGENEITY_T2_MS
    decayed: Float = np.exp(-te_ms * rate)
    return decayed
