"""A training that is not done yet, on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from cephalign.errors import InputError
from cephalign.io.atomic import whole_file
from cephalign.train.checkpoint import TORN


@dataclass(frozen=True)
class Halfway:
    """What a leg goes on from.

    Parameters
    ----------
    path : Path
    stage, epoch : int
        The next to be done.
    network, descent : dict
        States of the network and of the optimiser.
    """

    path: Path
    stage: int
    epoch: int
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


def write_halfway(
    path: Path, network: nn.Module, descent: torch.optim.Optimizer, stage: int, epoch: int
) -> None:
    """Write a training, whole or not at all.

    Raises
    ------
    OutputError
    """
    states = {"network": network.state_dict(), "descent": descent.state_dict()}
    with whole_file(path) as temporary:
        torch.save({"stage": stage, "epoch": epoch, **states}, temporary)


def read_halfway(path: Path) -> Halfway | None:
    """Read a training, or return None where there is none.

    Raises
    ------
    InputError
        The file is damaged.
    """
    if not path.is_file():
        return None
    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
        return Halfway(path, held["stage"], held["epoch"], held["network"], held["descent"])
    except TORN as error:
        raise _not_ours(path) from error


def _not_ours(path: Path) -> InputError:
    return InputError(f"{path} does not hold this training", do="delete it, to have it done again")
