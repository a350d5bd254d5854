"""What a training is: a TOML file, read into frozen dataclasses."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from cephalign.errors import InputError
from cephalign.train.heads import HeadsConfig
from cephalign.train.schedule import ScheduleConfig
from cephalign.train.tables import from_table
from cephalign.train.task import task_kind


@dataclass(frozen=True)
class OptimiserConfig:
    """How weights follow the gradient.

    Parameters
    ----------
    kind : {'adamw', 'sgd'}
    rate : float
        The highest learning rate.
    weight_decay : float
        Of matrices and kernels; not of biases and of normalisations.
    momentum : float
        Of SGD; the first beta of AdamW.
    clip : float
        The gradient is shortened to this length where it is longer; `inf` leaves it.
    """

    kind: Literal["adamw", "sgd"] = "adamw"
    rate: float = 1e-3
    weight_decay: float = 0.01
    momentum: float = 0.9
    clip: float = 1.0


@dataclass(frozen=True)
class Config:
    """A training.

    Parameters
    ----------
    name : str
        Of the weights' file.
    task : str
        What is learnt; a name in `TASKS`.
    steps : int
        Of the optimiser, in all.
    seed : int
        With it all is drawn: first weights, heads, dropout.
    heads_per_batch : int
        New ones.
    spread : int
        Over so many batches are a head's samples spread; each holds parts of `spread` times as many heads.
    validation_heads : int
    validate_every, log_every : int
        Steps.
    checkpoint_seconds : float
    average : float
        The weights that are kept are a moving average; this is how much of it stays at a step.
    bfloat16 : bool
        Forward pass in half precision: much faster on a GPU and on processors that multiply in it.
    optimiser : OptimiserConfig
    schedule : ScheduleConfig
    heads : HeadsConfig
        Whose heads.
    options : dataclass
        The task's own.
    """

    name: str
    task: str
    steps: int
    seed: int = 0
    heads_per_batch: int = 4
    spread: int = 1
    validation_heads: int = 32
    validate_every: int = 1000
    log_every: int = 50
    checkpoint_seconds: float = 120.0
    average: float = 0.999
    bfloat16: bool = False
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    heads: HeadsConfig = field(default_factory=HeadsConfig)
    options: Any = None


def read_config(path: Path) -> Config:
    """Read the file of a training.

    Raises
    ------
    InputError
        Missing, not TOML, or a key in it is unknown, missing, of another type or impossible.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise InputError(f"cannot read {path}: {reason}") from error
    try:
        return config_of(tomllib.loads(text), str(path))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path} is not TOML: {error}") from error


def config_of(table: Mapping[str, Any], where: str) -> Config:
    """Make a `Config` of what a file holds; `where` names it in errors."""
    rest = {key: value for key, value in table.items() if key != "options"}
    config = from_table(Config, rest, where)
    kind: type[Any] = task_kind(config.task).Options
    options = from_table(kind, table.get("options", {}), f"{where}: options of {config.task}")
    _check(config, where)
    return replace(config, options=options)


def _check(config: Config, where: str) -> None:
    """Refuse what cannot be trained."""
    optimiser, schedule, heads = config.optimiser, config.schedule, config.heads
    ranges = {
        "name: letters, digits, - and _": re.fullmatch(r"[\w-]+", config.name),
        "seed: from 0": config.seed >= 0,
        "steps: from 1": config.steps >= 1,
        "heads_per_batch: from 1": config.heads_per_batch >= 1,
        "spread: from 1": config.spread >= 1,
        "validation_heads: from 1": config.validation_heads >= 1,
        "validate_every: from 1": config.validate_every >= 1,
        "log_every: from 1": config.log_every >= 1,
        "checkpoint_seconds: above 0": config.checkpoint_seconds > 0,
        "average: from 0, below 1": 0 <= config.average < 1,
        "optimiser.rate: above 0": optimiser.rate > 0,
        "optimiser.weight_decay: from 0": optimiser.weight_decay >= 0,
        "optimiser.momentum: from 0, below 1": 0 <= optimiser.momentum < 1,
        "optimiser.clip: above 0": optimiser.clip > 0,
        "schedule.warmup_steps: from 0, below steps": 0 <= schedule.warmup_steps < config.steps,
        "schedule.drops: above 0, each above the one before": all(
            before < drop for before, drop in zip((0, *schedule.drops), schedule.drops, strict=False)
        ),
        "heads.procedural: 0 to 1": 0 <= heads.procedural <= 1,
    }
    for expected, holds in ranges.items():
        if not holds:
            key, _, limits = expected.partition(": ")
            value: Any = config
            for part in key.split("."):
                value = getattr(value, part)
            raise InputError(f"{where}: impossible {key}", expected=limits, got=repr(value))
