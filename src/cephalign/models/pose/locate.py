"""Where a head lies in one scan: an orientation found among all, then looks from nearer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from cephalign.geometry import Rigid, Volume
from cephalign.geometry.grid import Float, apply_affine
from cephalign.models.pose.coordinates import CoordinatesConfig, CoordinatesNetwork, cell_centres, cell_means
from cephalign.models.pose.fit import rigid_fit
from cephalign.models.pose.orientation import OrientationConfig, OrientationNetwork
from cephalign.models.weights import Weights, load_shipped
from cephalign.parallel import undivided_operations
from cephalign.prep.coarse import FoundHead

# So many orientations are looked at closely, all this far apart.
KEPT, APART_DEG = 3, 40.0
# The first closer look starts some 15 degrees off, the second near the truth.
LOOKS = 2


@dataclass(frozen=True)
class Location:
    """A guess of how a head lies.

    Parameters
    ----------
    head_from_scan : Rigid
        To the head's own frame: origin at the anterior commissure, RAS+ mm.
    spread_mm : float
        How far off the second network expects a single place to be; the less, the surer. Infinite where
        there is no second network.
    """

    head_from_scan: Rigid
    spread_mm: float


@dataclass(frozen=True, eq=False)
class Locator:
    """The networks.

    Parameters
    ----------
    orientation : OrientationNetwork
    coordinates : CoordinatesNetwork, optional
        Without it, the first network looks again.
    """

    orientation: OrientationNetwork
    coordinates: CoordinatesNetwork | None = None

    @classmethod
    def of(cls, orientation: Weights, coordinates: Weights | None = None) -> Locator:
        """Build the networks of a training.

        Raises
        ------
        InputError
            The weights are those of something else.
        """
        first = OrientationNetwork(OrientationConfig(**orientation.of("orientation").card.arguments))
        orientation.put_into(first)
        if coordinates is None:
            return cls(first.eval())
        second = CoordinatesNetwork(CoordinatesConfig(**coordinates.of("coordinates").card.arguments))
        coordinates.put_into(second)
        return cls(first.eval(), second.eval())

    def locate(self, volume: Volume, mask: Volume) -> list[Location]:
        """Find the head in a scan.

        Parameters
        ----------
        volume : Volume
        mask : Volume
            Its `head_mask`.

        Returns
        -------
        list of Location
            The surest first; one or more, clearly different in orientation.
        """
        with undivided_operations():
            network = self.coordinates
            found = FoundHead.of(volume, (network or self.orientation).config.spacing_mm, mask)
            coarse = found
            if network:
                coarse = FoundHead.of(
                    Volume(found.image, found.grid), self.orientation.config.spacing_mm, mask
                )
            guesses = self._from(coarse, Rotation.create_group("I").as_matrix())
            for _ in range(LOOKS):
                poses = [guess.head_from_scan for guess in guesses]
                looks = _look(network, found, poses) if network else self._again(coarse, poses)
                guesses = _distinct(sorted(looks, key=lambda one: one.spread_mm), KEPT)
        return guesses

    @torch.inference_mode()
    def _from(self, found: FoundHead, turns: Float) -> list[Location]:
        """Look at a head under each of some turns, and return where it seems to stand most upright."""
        config = self.orientation.config
        cubes = [found.cube(config.side, config.spacing_mm, turn) for turn in turns]
        said = self.orientation(torch.from_numpy(np.stack([cube.channels for cube in cubes])))
        head_from_cube = said.head_from_cube.double().numpy()
        guesses = []
        for number in said.upright.argsort(descending=True, stable=True).tolist():
            rotation = head_from_cube[number] @ turns[number].T
            centre = said.centre_mm[number].double().numpy()
            pose = Rigid.from_rotation(rotation, centre - found.centre, found.centre)
            guesses.append(Location(pose, np.inf))
        return _distinct(guesses, KEPT)

    def _again(self, found: FoundHead, poses: list[Rigid]) -> list[Location]:
        """Set the head upright as guessed, each guess by itself so that their order stays."""
        return [look for pose in poses for look in self._from(found, pose.rotation.T[None])]


@torch.inference_mode()
def _look(network: CoordinatesNetwork, found: FoundHead, poses: list[Rigid]) -> list[Location]:
    """Set heads upright as guessed, and fit the coordinates that the network then sees."""
    config = network.config
    cubes = [found.cube(config.side, config.spacing_mm, pose.rotation.T) for pose in poses]
    seen = torch.from_numpy(np.stack([cube.channels for cube in cubes]))
    said = network(seen)
    parts = cell_means((seen[:, 1] > 0).float(), config), said.head_mm, said.spread_mm
    centres = cell_centres(config)
    looks = []
    for cube, *one in zip(cubes, *(part.double().numpy() for part in parts), strict=True):
        within, head, spread = one
        places = apply_affine(cube.grid.world_from_voxel, centres)
        pose = rigid_fit(places, head, within / spread**2)
        looks.append(Location(pose, float(np.exp(np.average(np.log(spread), weights=within)))))
    return looks


@lru_cache(1)
def shipped_locator() -> Locator:
    """Return the network that ships with the program."""
    return Locator.of(load_shipped("orientation"))


def _distinct(guesses: list[Location], most: int) -> list[Location]:
    """Keep the first of those whose orientations are nearly one."""
    kept: list[Location] = []
    for guess in guesses:
        turns = [(guess.head_from_scan @ ~one.head_from_scan).matrix[:3, :3] for one in kept]
        if all(np.rad2deg(Rotation.from_matrix(turn).magnitude()) > APART_DEG for turn in turns):
            kept.append(guess)
        if len(kept) == most:
            break
    return kept
