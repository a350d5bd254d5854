"""How every network of the study learns: the same optimiser, the same number of pairs, a rate of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
from torch import nn

from cephalign.models.pair_network import StagedNetwork
from cephalign.study.copies import Place
from cephalign.train.schedule import ScheduleConfig, part_of_rate
from cephalign.train.task import Batch

CLIP, WEIGHT_DECAY = 1.0, 1e-4
WARM = ScheduleConfig(warmup_steps=5)


class Batches(Protocol):
    """Where batches come from: `Copies`, `Kinds`."""

    def batch(self, places: Sequence[Place], device: torch.device) -> Batch:
        """Return what is at some places, one after the other."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a network learns from, and what that may take.

    Parameters
    ----------
    copies : Batches
    places : sequence of Place
        The copies to learn from.
    epochs, batch : int
        Of each stage.
    seed : int
        Draws the order, and what is dropped.
    device : torch.device
    """

    copies: Batches
    places: Sequence[Place]
    epochs: int
    batch: int
    seed: int
    device: torch.device

    def shortened(self, share: float) -> Lesson:
        """Return the lesson with fewer epochs."""
        return replace(self, epochs=max(1, round(share * self.epochs)))

    def teach(self, network: StagedNetwork, rate: float) -> None:
        """Train a network, stage by stage.

        Parameters
        ----------
        network : StagedNetwork
        rate : float
            The highest; it falls to zero along half a cosine, as AdamW (Loshchilov and Hutter, ICLR 2019)
            goes.
        """
        rng = np.random.default_rng(self.seed)
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            for stage in range(len(network.STAGES)):
                network.begin(stage)
                network.train()
                self._teach_stage(network, stage, rate, rng)
        network.eval()

    def _teach_stage(self, network: StagedNetwork, stage: int, rate: float, rng: np.random.Generator) -> None:
        learning = [one for one in network.parameters() if one.requires_grad]
        descent = torch.optim.AdamW(learning, rate, weight_decay=WEIGHT_DECAY)
        batches = max(1, len(self.places) // self.batch)  # incomplete ones are left out
        for step in range(self.epochs * batches):
            if step % batches == 0:
                order = rng.permutation(len(self.places))
            chosen = [self.places[n] for n in order[(step % batches) * self.batch :][: self.batch]]
            for group in descent.param_groups:
                group["lr"] = rate * part_of_rate(WARM, step, self.epochs * batches)
            loss = network.loss(self.copies.batch(chosen, self.device), stage)
            descent.zero_grad()
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(learning, CLIP)
            descent.step()


@torch.inference_mode()
def mean_loss(network: StagedNetwork, lesson: Lesson) -> float:
    """Return the mean loss over the lesson's places, in the last stage, without learning from them."""
    network.eval()
    total, places = 0.0, lesson.places
    for first in range(0, len(places), lesson.batch):
        part = places[first : first + lesson.batch]
        batch = lesson.copies.batch(part, lesson.device)
        total += network.loss(batch, len(network.STAGES) - 1).item() * len(part)
    return total / len(places)
