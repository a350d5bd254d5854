"""How the learning rate goes: up, and then down in a curve or in steps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

DROP = 0.1


@dataclass(frozen=True)
class ScheduleConfig:
    """A schedule.

    Parameters
    ----------
    kind : {'cosine', 'drops'}
        Down to zero along half a cosine; or to a tenth at each of `drops`, as in the paper (after 20 of 30
        epochs).
    warmup_steps : int
        The rate first rises in a line over so many steps.
    drops : tuple of int
        Steps.
    """

    kind: Literal["cosine", "drops"] = "cosine"
    warmup_steps: int = 0
    drops: tuple[int, ...] = ()


def part_of_rate(schedule: ScheduleConfig, step: int, steps: int) -> float:
    """Return which part of the highest rate the step number `step` (from 0) of `steps` goes with."""
    if step < schedule.warmup_steps:
        return (step + 1) / schedule.warmup_steps
    if schedule.kind == "drops":
        return DROP ** sum(step >= drop for drop in schedule.drops)
    done = (step - schedule.warmup_steps) / (steps - schedule.warmup_steps)
    return (1 + math.cos(math.pi * done)) / 2
