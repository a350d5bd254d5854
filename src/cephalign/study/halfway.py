"""A training that is not done yet, on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import torch
from torch import nn

from cephalign.errors import InputError
from cephalign.io.atomic import whole_file
from cephalign.train.checkpoint import TORN

KEPT_EVERY_S = 60.0


@dataclass(frozen=True)
class Halfway:
    """What a leg goes on from.

    Parameters
    ----------
    path : Path
    stage, epoch : int
        The next to be done.
    seconds : float
        That it took so far.
    network, descent : dict
        States of the network and of the optimiser.
    """

    path: Path
    stage: int
    epoch: int
    seconds: float
    network: dict[str, Any]
    descent: dict[str, Any]

    def put_into(self, network: nn.Module, descent: torch.optim.Optimizer) -> int:
        """Bring both to where they were, and return the next epoch.

        Raises
        ------
        InputError
            They are others.
        """
        try:
            network.load_state_dict(self.network)
            descent.load_state_dict(self.descent)
        except TORN as error:
            raise _not_ours(self.path) from error
        return self.epoch


class Keeper:
    """Keeps a training about once a minute, and knows how far an earlier leg came.

    Parameters
    ----------
    path : Path, optional
        None keeps nothing.

    Raises
    ------
    InputError
        The file is damaged.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.before = _read(path) if path and path.is_file() else None
        self._written = monotonic()
        self._began = self._written - (self.before.seconds if self.before else 0.0)

    @property
    def seconds(self) -> float:
        """What all legs took so far."""
        return monotonic() - self._began

    def left(self, stage: int) -> bool:
        """Say whether anything of a stage is left to do."""
        return self.before is None or stage >= self.before.stage

    def put_into(self, network: nn.Module, descent: torch.optim.Optimizer, stage: int) -> int:
        """Bring both to where they were in a stage, and return the next epoch.

        Raises
        ------
        InputError
            They are others.
        """
        if self.before is None or self.before.stage != stage:
            return 0
        return self.before.put_into(network, descent)

    def keep(self, network: nn.Module, descent: torch.optim.Optimizer, stage: int, epoch: int) -> None:
        """Write a training, whole or not at all, if a minute has passed.

        Raises
        ------
        OutputError
        """
        if not self.path or monotonic() - self._written < KEPT_EVERY_S:
            return
        states = {"network": network.state_dict(), "descent": descent.state_dict()}
        with whole_file(self.path) as temporary:
            torch.save({"stage": stage, "epoch": epoch, "seconds": self.seconds, **states}, temporary)
        self._written = monotonic()

    def end(self) -> None:
        """Take away what was kept."""
        if self.path:
            self.path.unlink(missing_ok=True)


def _read(path: Path) -> Halfway:
    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
        return Halfway(path, **held)
    except TORN as error:
        raise _not_ours(path) from error


def _not_ours(path: Path) -> InputError:
    return InputError(f"{path} does not hold this training", do="delete it, to have it done again")
