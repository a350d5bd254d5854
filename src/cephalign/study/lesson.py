"""How every network of the study learns: the same optimiser, the same number of pairs, a rate of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import nn

from cephalign.models.pair_network import StagedNetwork
from cephalign.study.copies import Place
from cephalign.study.halfway import Keeper
from cephalign.train.schedule import ScheduleConfig, part_of_rate
from cephalign.train.task import Batch

CLIP, WEIGHT_DECAY = 1.0, 1e-4
WARM = ScheduleConfig(warmup_steps=5)
Reached = Callable[[int, int], None]


class Shown(Protocol):
    """Where batches come from: `Copies`, `Kinds`."""

    def batch(self, places: Sequence[Place], device: torch.device) -> Batch:
        """Return what is at some places, one after the other."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a network learns from, and what that may take.

    Parameters
    ----------
    copies : Shown
    places : sequence of Place
        The copies to learn from.
    epochs, batch : int
        Of each stage.
    seed : int
        Draws the order, and what is dropped.
    device : torch.device
    reached : callable
        Told how many epochs are done, and of how many in all stages.
    """

    copies: Shown
    places: Sequence[Place]
    epochs: int
    batch: int
    seed: int
    device: torch.device
    reached: Reached

    @property
    def batches(self) -> int:
        """Of an epoch; what is left over is not learnt from in it."""
        return max(1, len(self.places) // self.batch)

    @property
    def steps(self) -> int:
        """Of a stage."""
        return self.epochs * self.batches

    def teach(self, network: StagedNetwork, rate: float, kept: Path | None = None) -> float:
        """Train a network, stage by stage, and return how many seconds that took.

        Parameters
        ----------
        network : StagedNetwork
        rate : float
            The highest; it falls to zero along half a cosine, as AdamW (Loshchilov and Hutter, ICLR 2019)
            goes.
        kept : Path, optional
            Where the training is kept about once a minute, and taken up again; removed in the end.
        """
        keeper = Keeper(kept)
        with torch.random.fork_rng():
            for stage in range(len(network.STAGES)):
                network.begin(stage)
                if keeper.left(stage):
                    network.train()
                    self._teach_stage(network, stage, rate, keeper)
        network.eval()
        keeper.end()
        return keeper.seconds

    def _teach_stage(self, network: StagedNetwork, stage: int, rate: float, keeper: Keeper) -> None:
        descent = descent_of(network, rate)
        for epoch in range(keeper.put_into(network, descent, stage), self.epochs):
            # Of each epoch for itself, so that one can be the first of a leg.
            rng = np.random.default_rng([self.seed, stage, epoch])
            torch.manual_seed(int(rng.integers(2**62)))
            order = rng.permutation(len(self.places))
            for number in range(self.batches):
                chosen = [self.places[n] for n in order[number * self.batch :][: self.batch]]
                part = part_of_rate(WARM, epoch * self.batches + number, self.steps)
                for group in descent.param_groups:
                    group["lr"] = rate * part
                step(network, self.copies.batch(chosen, self.device), stage, descent)
            self.reached(stage * self.epochs + epoch + 1, len(network.STAGES) * self.epochs)
            keeper.keep(network, descent, stage, epoch + 1)


def descent_of(network: StagedNetwork, rate: float) -> torch.optim.Optimizer:
    """Return what changes the weights that a stage learns."""
    learning = [one for one in network.parameters() if one.requires_grad]
    return torch.optim.AdamW(learning, rate, weight_decay=WEIGHT_DECAY)


def step(network: StagedNetwork, batch: Batch, stage: int, descent: torch.optim.Optimizer) -> None:
    """Learn from a batch."""
    loss = network.loss(batch, stage)
    descent.zero_grad()
    torch.autograd.backward(loss)
    nn.utils.clip_grad_norm_(descent.param_groups[0]["params"], CLIP)
    descent.step()


def parts_of(places: Sequence[Place], count: int) -> list[Sequence[Place]]:
    """Return places in their order, `count` at a time; the last may be fewer."""
    return [places[first : first + count] for first in range(0, len(places), count)]


@torch.inference_mode()
def mean_loss(network: StagedNetwork, lesson: Lesson) -> float:
    """Return the mean validation loss over the lesson's places, without learning from them."""
    network.eval()
    total = 0.0
    for part in parts_of(lesson.places, lesson.batch):
        batch = lesson.copies.batch(part, lesson.device)
        total += network.validation_loss(batch).item() * len(part)
    return total / len(lesson.places)
