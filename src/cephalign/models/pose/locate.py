"""Where a head lies in one scan: an orientation found among all, then looks at the head set upright."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from cephalign.geometry import Rigid, Volume
from cephalign.geometry.grid import Float
from cephalign.models.pose.orientation import OrientationConfig, OrientationNetwork
from cephalign.models.weights import Weights, load_shipped
from cephalign.parallel import undivided_operations
from cephalign.prep.coarse import FoundHead

# So many orientations are looked at closely, all this far apart.
KEPT, APART_DEG = 3, 40.0
# The first closer look starts some 15 degrees off, the second near the truth.
LOOKS = 2


@dataclass(frozen=True, eq=False)
class Locator:
    """The network.

    Parameters
    ----------
    orientation : OrientationNetwork
    """

    orientation: OrientationNetwork

    @classmethod
    def of(cls, weights: Weights) -> Locator:
        """Build the network of a training.

        Raises
        ------
        InputError
            The weights are those of something else.
        """
        network = OrientationNetwork(OrientationConfig(**weights.of("orientation").card.arguments))
        weights.put_into(network)
        return cls(network.eval())

    def locate(self, volume: Volume, mask: Volume) -> list[Rigid]:
        """Find the head in a scan.

        Parameters
        ----------
        volume : Volume
        mask : Volume
            Its `head_mask`.

        Returns
        -------
        list of Rigid
            `head_from_scan`, to the head's own frame: origin at the anterior commissure, RAS+ mm. The surest
            first; one or more, clearly different in orientation.
        """
        with undivided_operations():
            found = FoundHead.of(volume, self.orientation.config.spacing_mm, mask)
            guesses = self._from(found, Rotation.create_group("I").as_matrix())
            for _ in range(LOOKS):
                # Each by itself, so that their order stays.
                looks = [self._from(found, guess.rotation.T[None])[0] for guess in guesses]
                guesses = _distinct(looks)
        return guesses

    @torch.inference_mode()
    def _from(self, found: FoundHead, turns: Float) -> list[Rigid]:
        """Look at a head under each of some turns, and return where it seems to stand most upright."""
        config = self.orientation.config
        cubes = [found.cube(config.side, config.spacing_mm, turn) for turn in turns]
        said = self.orientation(torch.from_numpy(np.stack([cube.channels for cube in cubes])))
        head_from_cube = said.head_from_cube.double().numpy()
        guesses = []
        for number in said.upright.argsort(descending=True, stable=True).tolist():
            rotation = head_from_cube[number] @ turns[number].T
            centre = said.centre_mm[number].double().numpy()
            guesses.append(Rigid.from_rotation(rotation, centre - found.centre, found.centre))
        return _distinct(guesses)


@lru_cache(1)
def shipped_locator() -> Locator:
    """Return the network that ships with the program."""
    return Locator.of(load_shipped("orientation"))


def _distinct(guesses: list[Rigid]) -> list[Rigid]:
    """Keep the first of those whose orientations are nearly one."""
    kept: list[Rigid] = []
    for guess in guesses:
        if all((guess @ ~one).angle_deg > APART_DEG for one in kept):
            kept.append(guess)
        if len(kept) == KEPT:
            break
    return kept
