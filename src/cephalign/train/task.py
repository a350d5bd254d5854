"""What can be learnt, and what a task must say so that the loop can train it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar, Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cephalign.errors import InputError
from cephalign.simulate.head import Anatomy

Samples = dict[str, NDArray[Any]]
Batch = dict[str, Tensor]

# Where the tasks are, by their names in the configuration; a task is imported when it is wanted.
TASKS = {
    "orientation": "cephalign.train.tasks.orientation:OrientationTask",
    "features": "cephalign.train.tasks.features:FeaturesTask",
    "modality": "cephalign.train.tasks.modality:ModalityTask",
}


class Task(Protocol):
    """Something that a network learns from simulated heads.

    It is made once for training and once for validation, with other heads, in each process that needs it.

    Parameters
    ----------
    options : Options
        The task's own table of the configuration.
    anatomy : Anatomy
        Whose heads to draw.
    """

    name: ClassVar[str]
    Options: ClassVar[type]

    def __init__(self, options: Any, anatomy: Anatomy) -> None: ...

    def network(self, generator: torch.Generator) -> nn.Module:
        """Return the network before training; PyTorch's own generator is seeded with the same seed."""

    def samples(self, rng: np.random.Generator, number: int) -> Samples:
        """Make the samples of one head, on the CPU, in a process and a thread of its own.

        Parameters
        ----------
        rng : numpy Generator
            Decides everything; whatever it gives, there must be samples.
        number : int
            Of the head, from 0. Heads n k to (n + 1) k - 1 are batch n.

        Returns
        -------
        dict of str to (S, ...) array
            S samples; S may differ from head to head, and the names and further axes may not.
        """

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Mapping[str, float]]:
        """Return the mean loss of some samples, and figures for the log; dropout is seeded with the step."""

    def figures(self, network: nn.Module, batch: Batch) -> Mapping[str, float]:
        """Return means over some samples of what matters, for validation; no gradient is kept."""

    def card(self) -> Mapping[str, Any]:
        """Return `architecture` and `config` of the network and, in words, the `data`: see `Card`."""


def task_kind(name: str) -> type[Task]:
    """Return the class of a task.

    Raises
    ------
    InputError
        There is no such task.
    """
    if name not in TASKS:
        raise InputError("no such task", expected=f"one of {', '.join(TASKS)}", got=repr(name))
    module, _, kind = TASKS[name].partition(":")
    return cast(type[Task], getattr(import_module(module), kind))
