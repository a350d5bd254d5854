"""What every table and figure is made from: originals, copies, splits, trained networks, cells."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import torch

from cephalign.errors import InputError
from cephalign.io.atomic import whole_file
from cephalign.io.texts import finite
from cephalign.models.pair_network import StagedNetwork
from cephalign.parallel import each
from cephalign.study.cells import Cells
from cephalign.study.copies import Copies, Place
from cephalign.study.lesson import Lesson, Reached, mean_loss
from cephalign.study.networks import network_of
from cephalign.study.originals import Source, Split, split_of
from cephalign.study.scale import Scale
from cephalign.train.checkpoint import TORN

# Tables of cells: what was tried, what every training took, and those that were taken.
RATE, LEARNT, NETWORK = "rate", "learnt", "network"


@dataclass(frozen=True, eq=False)
class Study:
    """A study in a folder.

    Parameters
    ----------
    scale : Scale
    seed : int
    folder : Path
    source : Source
        Of the originals.
    device : torch.device
    tell : callable
        Told what is being done.
    reached : callable
        Told how many steps of that are done, and of how many.
    """

    scale: Scale
    seed: int
    folder: Path
    source: Source
    device: torch.device
    tell: Callable[[str], None]
    reached: Reached

    @cached_property
    def cells(self) -> Cells:
        """Return where results are kept; the folder is looked at when first wanted.

        Raises
        ------
        OutputError, InputError
            As `Cells.open`.
        """
        known = {
            "scale": self.scale.name,
            "sizes": self.scale.fingerprint,
            "seed": self.seed,
            "originals": self.source.name,
        }
        cells = Cells(self.folder, known, self.device)
        cells.open()
        return cells

    @cached_property
    def copies(self) -> Copies:
        """Return the originals, made or read when first wanted, and their copies."""
        self.tell("originals")
        count, pairs = self.scale.originals, []
        for pair in each(partial(self.source.pair, self.scale, self.seed), range(count)):
            pairs.append(pair)
            self.reached(len(pairs), count)
        return Copies(self.scale, self.seed, pairs)

    def split(self, number: int) -> Split:
        """Return one of the splits, from 0."""
        return split_of(self.scale, self.seed, number)

    def lesson(self, split: int, count: int | None = None) -> Lesson:
        """Return what is learnt from in a split, with `count` copies of each original."""
        places = self.copies.places(self.split(split).train, count or self.scale.copies)
        scale = self.scale
        seed = self.seed + split
        return Lesson(self.copies, places, scale.epochs, scale.batch, seed, self.device, self.reached)

    def parts(self, split: int) -> tuple[list[Place], list[Place]]:
        """Return the copies to learn from in a split, and those to test on."""
        numbers, count = self.split(split), self.scale.copies
        return self.copies.places(numbers.train, count), self.copies.places(numbers.test, count)

    def best_try(self, table: str, name: str, attempt: Callable[[float], dict[str, Any]]) -> dict[str, Any]:
        """Try learning rates until the best has worse neighbours, and return the cell of that try.

        Parameters
        ----------
        table, name : str
            Whose cells the tries are.
        attempt : callable
            Learns at a rate; returns its `loss` in the first split's validation, and whatever else is known.
        """
        rates = self.scale.rates

        def tried(rate: float) -> dict[str, Any]:
            self.tell(f"{name}: trying a rate of {rate:g}")
            found = attempt(rate)
            return {"rate": rate, **found, "loss": finite(found["loss"])}  # none where it diverged

        tries: dict[int, dict[str, Any]] = {}

        def loss(place: int) -> tuple[float, int]:
            known = tries[place]["loss"]
            return math.inf if known is None else known, place

        best, middle = len(rates) // 2, -1
        while best != middle:
            middle = best
            for place in range(max(0, middle - 1), min(len(rates), middle + 2)):
                if place not in tries:
                    rate = rates[place]
                    tries[place] = self.cells.made(partial(tried, rate), table, name, rate)
            best = min(tries, key=loss)
        return tries[best]

    def rate(self, name: str) -> float:
        """Return the best learning rate of a network of Table 1, by the first split's validation."""
        rate: float = self.best_try(RATE, name, partial(self._tried, name))["rate"]
        return rate

    def _tried(self, name: str, rate: float) -> dict[str, Any]:
        network = self._learnt(name, 0, rate)
        held_out = self.copies.places(self.split(0).validation, self.scale.copies)
        return {"loss": mean_loss(network, replace(self.lesson(0), places=held_out))}

    def trained(self, name: str, split: int) -> StagedNetwork:
        """Return a network as it is after its training in a split; it is trained once and kept."""
        rate = self.rate(name)
        network = self._learnt(name, split, rate)
        if not self.cells.has(NETWORK, name, split):
            learnt = self.cells.read(LEARNT, name, split, rate)
            self.cells.keep(
                {"rate": rate, "seconds to learn": learnt["seconds to learn"]}, NETWORK, name, split
            )
        return network

    def _learnt(self, name: str, split: int, rate: float) -> StagedNetwork:
        network = network_of(name, self.scale, self.seed + split).to(self.device)
        place = LEARNT, name, split, rate
        path = self.cells.path(*place).with_suffix(".pt")
        if path.is_file():
            for stage in range(len(network.STAGES)):
                network.begin(stage)
            self._restore(network, path)
            return network.eval()
        self.tell(f"{name}: learning from split {split + 1} of {self.scale.splits}")
        seconds = self.lesson(split).teach(network, rate, self.cells.halfway(*place))
        self.cells.keep({"seconds to learn": seconds}, *place)
        with whole_file(path) as temporary:
            torch.save(network.state_dict(), temporary)
        return network

    def _restore(self, network: StagedNetwork, path: Path) -> None:
        try:
            network.load_state_dict(torch.load(path, map_location=self.device, weights_only=True))
        except TORN as error:
            raise InputError(
                f"{path} does not hold this network", do="delete it, to have it trained again"
            ) from error
