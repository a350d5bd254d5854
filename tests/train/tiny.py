"""A task that is learnt in seconds: the slopes of noisy cubes. `python -m tests.train.tiny` trains it."""

import time
from dataclasses import dataclass

import numpy as np
from torch import nn
from torch.nn import functional

from cephalign.errors import InputError
from cephalign.train.task import TASKS

TASKS["tiny"] = "tests.train.tiny:TinyTask"


@dataclass(frozen=True)
class Network:
    width: int = 4
    dropout: float = 0.1


class TinyTask:
    name = "tiny"

    @dataclass(frozen=True)
    class Options:
        side: int = 6
        noise: float = 0.1
        # For tests: a head that takes long, or cannot be drawn, or whose loss is no number.
        seconds_a_head: float = 0.0
        fails_at: int = -1
        diverges_at: int = -1
        network: Network = Network()

    def __init__(self, options, anatomy):
        self.options, self.anatomy = options, anatomy

    def network(self, generator):
        width = self.options.network.width
        return nn.Sequential(
            nn.Conv3d(1, width, 3),
            nn.BatchNorm3d(width),
            nn.ReLU(),
            nn.Dropout(self.options.network.dropout),
            nn.Flatten(),
            nn.Linear(width * (self.options.side - 2) ** 3, 3),
        )

    def samples(self, rng, number):
        """Make two or three cubes, so that heads differ in how many there are."""
        if number == self.options.fails_at:
            raise InputError(f"head {number} cannot be drawn", expected="another")
        time.sleep(self.options.seconds_a_head)
        count, side = int(rng.integers(2, 4)), self.options.side
        slopes = rng.uniform(-1, 1, (count, 3))
        places = np.indices((side,) * 3).reshape(3, -1) / side - 0.5
        cubes = (slopes @ places).reshape(count, 1, side, side, side)
        cubes += rng.normal(0, self.options.noise, cubes.shape)
        if number == self.options.diverges_at:
            cubes *= np.inf
        return {"cube": cubes.astype(np.float32), "slopes": slopes.astype(np.float32)}

    def loss(self, network, batch):
        loss = functional.mse_loss(network(batch["cube"]), batch["slopes"])
        return loss, {"root": loss.sqrt().item()}

    def figures(self, network, batch):
        off = network(batch["cube"]) - batch["slopes"]
        return {"off": off.abs().mean().item()}

    def card(self):
        return {"architecture": "tiny", "config": {"width": 4}, "data": "noisy cubes"}


if __name__ == "__main__":
    from cephalign.cli import main

    main()
