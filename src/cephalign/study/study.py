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
from cephalign.models.pair_network import StagedNetwork
from cephalign.parallel import each
from cephalign.study.cells import Cells
from cephalign.study.copies import Copies, Place
from cephalign.study.lesson import Lesson, Reached, mean_loss
from cephalign.study.networks import network_of
from cephalign.study.originals import Source, Split, split_of
from cephalign.study.scale import Scale
from cephalign.train.checkpoint import TORN

NETWORK = "network"
# Rates are compared after so much of the epochs.
TUNING_SHARE = 1 / 3


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

    def best_rate(self, table: str, name: str, loss: Callable[[float], float]) -> float:
        """Return the learning rate after which the loss in a validation is less than after its neighbours."""
        rates = self.scale.rates
        if len(rates) == 1:
            return rates[0]
        losses: dict[int, float] = {}

        def tried(rate: float) -> dict[str, Any]:
            self.tell(f"{name}: trying a rate of {rate:g}")
            found = loss(rate)
            return {"loss": found if math.isfinite(found) else None}  # it diverged

        best, middle = len(rates) // 2, -1
        while best != middle:
            middle = best
            for place in range(max(0, middle - 1), min(len(rates), middle + 2)):
                if place not in losses:
                    cell = self.cells.made(partial(tried, rates[place]), table, name, rates[place])
                    losses[place] = math.inf if cell["loss"] is None else cell["loss"]
            best = min(losses, key=lambda place: (losses[place], place))
        return rates[best]

    def rate(self, name: str) -> float:
        """Return the best learning rate of a network of Table 1, by the first split's validation."""
        return self.best_rate("rate", name, partial(self._tried, name))

    def _tried(self, name: str, rate: float) -> float:
        lesson = self.lesson(0).shortened(TUNING_SHARE)
        network = network_of(name, self.scale, self.seed).to(self.device)
        lesson.teach(network, rate, self.cells.halfway("rate", name, rate))
        held_out = self.copies.places(self.split(0).validation, self.scale.copies)
        return mean_loss(network, replace(lesson, places=held_out))

    def trained(self, name: str, split: int) -> StagedNetwork:
        """Return a network as it is after its training in a split; it is trained once and kept."""
        network = network_of(name, self.scale, self.seed + split).to(self.device)
        path = self.cells.path(NETWORK, name, split).with_suffix(".pt")
        if path.is_file():
            for stage in range(len(network.STAGES)):
                network.begin(stage)
            self._restore(network, path)
            return network.eval()
        rate = self.rate(name)
        self.tell(f"{name}: learning from split {split + 1} of {self.scale.splits}")
        seconds = self.lesson(split).teach(network, rate, self.cells.halfway(NETWORK, name, split))
        learnt = {"method": name, "rate": rate, "seconds to learn": seconds}
        self.cells.keep(learnt, NETWORK, name, split)
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
