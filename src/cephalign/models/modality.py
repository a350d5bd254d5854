"""What a scan is, seen in its image: CT, MR T1, T2, PD, PET, or not sure.

Islam et al. 2021, 'Identification of image modality': their DCNN with a softmax. Theirs tells two kinds of
scan apart, ours five, turned anyhow, and it says so where it cannot tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from scipy.spatial.transform import Rotation
from torch import Tensor

from cephalign.errors import InputError
from cephalign.geometry import Modality, Volume
from cephalign.models.dcnn import Classifier, DcnnConfig
from cephalign.models.weights import Weights, load_shipped
from cephalign.parallel import undivided_operations
from cephalign.prep.coarse import CHANNELS, FoundHead
from cephalign.prep.head import in_hounsfield_units

# In the order of the network's outputs; what it was told to be unsure of has one of its own.
CLASSES = (Modality.CT, Modality.T1, Modality.T2, Modality.PD, Modality.PET, Modality.UNKNOWN)
# Chow's rule (IEEE Trans Inf Theory 16:41, 1970), where saying nothing costs a third of a mistake.
SURE = 2 / 3
# Directions from which a head is looked at: far apart, and none along another's axes.
LOOKS = Rotation.from_rotvec(np.outer(np.arange(5) * 2 * np.pi / 5, np.array([1, 2, 3]) / np.sqrt(14)))
# Where air is at -1000, the scan is a CT or nothing of the kind, and by so much rather a CT: this is what is
# left of a network's doubt that a scanner would dispel.
HOUNSFIELD_ODDS, TINY = 100.0, 1e-12
# Candidates; the validation's loss under each of them stands on the weights' card.
TEMPERATURES = (0.5, 0.7, 1.0, 1.4, 2.0, 2.8)


@dataclass(frozen=True)
class ModalityConfig:
    """What the network looks at, and its size.

    Parameters
    ----------
    side : int
        Voxels along each edge of the cube.
    spacing_mm : float
    filters : tuple of int
        Of each block. The last are the paper's 128; the first are more than in `DcnnConfig`, since contrast
        shows in small neighbourhoods, and there are two blocks less.
    """

    side: int = 32
    spacing_mm: float = 6.0
    filters: tuple[int, ...] = (16, 32, 64, 128)

    def network(self, generator: torch.Generator) -> Classifier:
        """Return the paper's network for (B, 3, side, side, side) cubes, one output for each of `CLASSES`."""
        shape = (self.side, self.side, self.side)
        config = DcnnConfig(shape, channels=CHANNELS, filters=self.filters, in_plane_pools=0)
        return Classifier(config, len(CLASSES), generator)


@dataclass(frozen=True, eq=False)
class Identification:
    """What a scan seems to be.

    Parameters
    ----------
    modality : Modality
        `UNKNOWN` means not sure.
    probabilities : mapping of Modality to float
        Of each of `CLASSES`; they sum to 1. That of `UNKNOWN` is for none of the others.
    reason : str
        Why it is not sure; empty where it is.
    """

    modality: Modality
    probabilities: Mapping[Modality, float]
    reason: str = ""

    @property
    def at_least(self) -> Modality:
        """`modality`, or MR where only its kind is in doubt."""
        is_mr = sum(share for one, share in self.probabilities.items() if one.is_mr) >= SURE
        return Modality.MR if self.modality is Modality.UNKNOWN and is_mr else self.modality


@dataclass(frozen=True, eq=False)
class Identifier:
    """The network, and how far its answers can be believed.

    Parameters
    ----------
    network : Classifier
    config : ModalityConfig
    temperature : float
        Divides the logits (Guo et al., ICML 2017).
    """

    network: Classifier
    config: ModalityConfig
    temperature: float = 1.0

    @classmethod
    def of(cls, weights: Weights) -> Identifier:
        """Build the network of a training.

        Raises
        ------
        InputError
            The weights are those of something else.
        """
        card = weights.of("modality").card
        config = ModalityConfig(**card.arguments)
        network = config.network(torch.Generator())
        weights.put_into(network)
        return cls(network.eval(), config, temperature_of(card.figures))

    def identify(self, volume: Volume, mask: Volume | None = None) -> Identification:
        """Say what a scan is; what its header says is not asked.

        Parameters
        ----------
        volume : Volume
        mask : Volume, optional
            Its `head_mask`, where it is at hand.

        Returns
        -------
        Identification
            The same on any number of threads. Where no head is found, not sure, and why.
        """
        try:
            found = FoundHead.of(Volume(volume.data, volume.grid), self.config.spacing_mm, mask)
        except InputError as error:
            return Identification(Modality.UNKNOWN, _shares([0.0] * (len(CLASSES) - 1) + [1.0]), str(error))
        with undivided_operations():
            shares = _shares(self._probabilities(found).tolist())
        if in_hounsfield_units(volume.data[::4, ::4, ::4]):  # which tell as much as all of them
            shares = _weighed(shares, {Modality.CT: HOUNSFIELD_ODDS, Modality.UNKNOWN: 1.0})
        best = max(CLASSES, key=shares.__getitem__)
        if best is Modality.UNKNOWN:
            return Identification(Modality.UNKNOWN, shares, "the image is like none of the kinds it knows")
        if shares[best] < SURE:
            reason = f"{best} is the likeliest, but only with {shares[best]:.2f}"
            return Identification(Modality.UNKNOWN, shares, reason)
        return Identification(best, shares)

    @torch.inference_mode()
    def _probabilities(self, found: FoundHead) -> Tensor:
        """Return the (6,) means over all looks."""
        side, spacing_mm = self.config.side, self.config.spacing_mm
        cubes = [found.cube(side, spacing_mm, turn).channels for turn in LOOKS.as_matrix()]
        logits: Tensor = self.network(torch.from_numpy(np.stack(cubes))).double()  # (5, 6)
        return (logits / self.temperature).softmax(1).mean(0)


def identify(volume: Volume, mask: Volume | None = None) -> Identification:
    """Say what a scan is, with the network that ships with the program; see `Identifier.identify`.

    Raises
    ------
    InputError
        The weights are missing or not as they were shipped.
    """
    return shipped_identifier().identify(volume, mask)


@lru_cache(1)
def shipped_identifier() -> Identifier:
    """Return the network that ships with the program."""
    return Identifier.of(load_shipped("modality"))


def loss_name(temperature: float) -> str:
    """Name the figure that holds the validation's loss under a temperature."""
    return f"loss_at_{temperature:g}"


def temperature_of(figures: Mapping[str, float]) -> float:
    """Return the temperature under which the validation's loss is least; 1 where none was measured."""
    losses = {one: figures[loss_name(one)] for one in TEMPERATURES if loss_name(one) in figures}
    return min(losses, key=losses.__getitem__, default=1.0)


def _weighed(shares: Mapping[Modality, float], odds: Mapping[Modality, float]) -> dict[Modality, float]:
    """Return shares times odds, which are 0 where not given."""
    # A network may leave exactly nothing for what the odds allow.
    weighed = {one: (share + TINY) * odds.get(one, 0.0) for one, share in shares.items()}
    total = sum(weighed.values())
    return {one: share / total for one, share in weighed.items()}


def _shares(values: list[float]) -> dict[Modality, float]:
    return dict(zip(CLASSES, values, strict=True))
