"""The state of a training, which a checkpoint holds whole."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from cephalign.models.weights import Weights
from cephalign.train.config import OptimiserConfig
from cephalign.train.task import Task

# The average starts as a plain mean, of few steps, or it would remember the first weights for long.
HEAD_START = 10
# Filters, channels, and three axes.
KERNEL_NDIM = 5


@dataclass(eq=False)
class Run:
    """A training, as far as it has come.

    Parameters
    ----------
    network, average : nn.Module
        As trained, and the moving average of its weights.
    optimiser : Optimizer
    step : int
        Steps that are done.
    sums : dict of str to float
        Loss and figures since the log's last row.
    validation : dict of str to float
        Figures of the last validation.
    legs : list of dict
        What did how much of it: `steps`, `seconds`, `device`, `commit`.
    """

    network: nn.Module
    average: nn.Module
    optimiser: Optimizer
    step: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    validation: dict[str, float] = field(default_factory=dict)
    legs: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def new(
        cls,
        task: Task,
        seed: int,
        optimiser: OptimiserConfig,
        device: torch.device,
        start: Weights | None = None,
    ) -> Run:
        """Start; the first weights are drawn on the CPU, so that they are the same on any device.

        Raises
        ------
        InputError
            The weights to begin with do not fit the task's network.
        """
        torch.manual_seed(seed)
        network = task.network(torch.Generator().manual_seed(seed))
        if start:
            start.of(task.card()["architecture"]).put_into(network)
        network = network.to(device)
        for kernel in network.parameters():
            if kernel.ndim == KERNEL_NDIM:  # a fifth faster on a CPU
                kernel.data = kernel.data.contiguous(memory_format=torch.channels_last_3d)
        average = copy.deepcopy(network).eval().requires_grad_(False)
        return cls(network, average, optimiser_for(network, optimiser))

    @property
    def seconds(self) -> float:
        """Of all legs."""
        return float(sum(leg["seconds"] for leg in self.legs))


def optimiser_for(network: nn.Module, config: OptimiserConfig) -> Optimizer:
    """Return the optimiser; the weights decay of what multiplies, not of what is added or normalises."""
    weights = [one for one in network.parameters() if one.requires_grad]
    groups = [
        {"params": [one for one in weights if one.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [one for one in weights if one.ndim <= 1], "weight_decay": 0.0},
    ]
    if config.kind == "sgd":
        return SGD(groups, lr=config.rate, momentum=config.momentum)
    return AdamW(groups, lr=config.rate, betas=(config.momentum, 0.999))


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, kept: float, step: int) -> None:
    """Move the average towards the network's weights: a <- k a + (1 - k) w.

    k is `kept`, or (1 + t) / (10 + t) while that is less, with t the steps done before. Running means of
    normalisations are averaged too; what counts is copied.
    """
    k = min(kept, (1 + step) / (HEAD_START + step))
    for mean, now in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(now, 1 - k)
        else:
            mean.copy_(now)
