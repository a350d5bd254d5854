"""A configuration of the tiny task, and a leg of it."""

import csv
from dataclasses import replace

import pytest
import torch

from cephalign.train.config import Config, OptimiserConfig, ScheduleConfig
from cephalign.train.feed import Recipe
from cephalign.train.leg import train_leg
from tests.train.tiny import TinyTask


class EndsAfter:
    """Ends a leg after so many steps."""

    def __init__(self, steps):
        self.left = steps

    @property
    def due(self):
        self.left -= 1
        return self.left <= 0


@pytest.fixture
def tiny():
    """Return a function that makes the configuration of a short training, changed as told."""

    def tiny(options=None, **changes):
        config = Config(
            name="tiny",
            task="tiny",
            steps=12,
            seed=3,
            heads_per_batch=2,
            validation_heads=3,
            validate_every=5,
            log_every=3,
            optimiser=OptimiserConfig(rate=0.01),
            schedule=ScheduleConfig(warmup_steps=2),
            options=TinyTask.Options(**(options or {})),
        )
        return replace(config, **changes)

    return tiny


@pytest.fixture
def leg(monkeypatch):
    """Return a function that trains for so many steps, and returns the run; it draws nothing, to be quick."""
    monkeypatch.setattr("cephalign.train.folder.draw_curves", lambda *_: None)

    def leg(config, out, steps=10**6, *, workers=0, anatomy=None, start=None, show=lambda step, row: None):
        recipe = Recipe.of(config, anatomy)
        stop = EndsAfter(steps)
        device = torch.device("cpu")
        return train_leg(recipe, out, device=device, workers=workers, stop=stop, show=show, start=start)

    return leg


@pytest.fixture
def told():
    """Return a function that reads what a training's logs say, but for how long it took."""

    def told(out):
        rows = []
        for name in ("training", "validation"):
            with (out / f"{name}.csv").open(newline="") as file:
                rows += [
                    {key: row[key] for key in row if key not in ("seconds", "samples_per_s")}
                    for row in csv.DictReader(file)
                ]
        return rows

    return told
