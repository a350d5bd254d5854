"""A training on disk: plain tensors, numbers and texts, whole or not at all."""

from __future__ import annotations

import io
import pickle
import tomllib
from pathlib import Path
from typing import Any

import torch

from cephalign.errors import InputError
from cephalign.io.atomic import whole_file
from cephalign.train.run import Run
from cephalign.train.tables import flat

FORMAT = "cephalign-checkpoint 1"
# All that PyTorch raises for bytes that are not its own, or hold other things.
TORN = (
    pickle.UnpicklingError,
    OSError,
    EOFError,
    RuntimeError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
)


def save_checkpoint(path: Path, run: Run, config: str) -> None:
    """Write a training.

    Parameters
    ----------
    path : Path
    run : Run
    config : str
        Its configuration, as TOML.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    held = {
        "format": FORMAT,
        "config": config,
        "step": run.step,
        "network": run.network.state_dict(),
        "average": run.average.state_dict(),
        "optimiser": run.optimiser.state_dict(),
        "sums": run.sums,
        "validation": run.validation,
        "legs": run.legs,
    }
    with whole_file(path) as temporary:
        torch.save(held, temporary)


def load_checkpoint(path: Path, run: Run, config: str, device: torch.device) -> None:
    """Bring a training to where it was.

    Parameters
    ----------
    path : Path
    run : Run
        As `Run.new` makes it.
    config : str
        As it is now; must be what it was.
    device : torch.device

    Raises
    ------
    InputError
        The file is damaged, no checkpoint of ours, of another configuration or of another network.
    """
    try:
        written = io.BytesIO(path.read_bytes())
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    try:
        held: dict[str, Any] = torch.load(written, map_location=device, weights_only=True)
        if held["format"] != FORMAT:
            raise ValueError(held["format"])
    except TORN as error:
        raise InputError(
            f"{path} is damaged or no checkpoint of this program",
            do="remove it to train from the start, or choose another --out",
        ) from error
    refuse_change(str(held["config"]), config, path)
    try:
        run.network.load_state_dict(held["network"])
        run.average.load_state_dict(held["average"])
        run.optimiser.load_state_dict(held["optimiser"])
    except TORN as error:
        raise InputError(
            f"{path} holds another network than the one that the configuration makes now",
            do="go back to the code that it was trained with, or choose another --out",
        ) from error
    run.step, run.sums = held["step"], held["sums"]
    run.validation, run.legs = held["validation"], held["legs"]


def refuse_change(before: str, now: str, path: Path) -> None:
    """Raise `InputError` where two configurations, as TOML, differ, and name the key."""
    old, new = flat(tomllib.loads(before)), flat(tomllib.loads(now))
    changed = [key for key in (*old, *new) if old.get(key) != new.get(key)]
    if changed:
        key = changed[0]
        raise InputError(
            f"{path} was made with another {key}",
            expected=repr(old.get(key, "none")),
            got=repr(new.get(key, "none")),
            do="set it back, or choose another --out",
        )
