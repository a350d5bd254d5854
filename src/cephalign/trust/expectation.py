"""From evidence to the error to expect: a small network, trained on simulated registrations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor, nn

from cephalign.geometry.grid import Float
from cephalign.models.weights import Weights, load_shipped
from cephalign.trust.evidence import Evidence

ARCHITECTURE = "trust"
# Where the ranges of errors meet that the network chooses among, in mm; the last one has no end, and holds
# as well what no distance is right for, such as two people. Within a range their logarithms are even.
EDGES_MM = (0.1, 0.25, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
LARGEST_MM = 100.0
LOG_EDGES = np.log([EDGES_MM[0] / 10, *EDGES_MM, LARGEST_MM])
# The interval that is stated leaves out so large a part of the chances on either side.
TAIL = 0.05
# Numbers further than so many standard deviations from what was met in training say no more.
FARTHEST = 4.0


@dataclass(frozen=True)
class Expectation:
    """What an error may be.

    Parameters
    ----------
    chances : (14,) array
        Of the ranges that `EDGES_MM` divides.
    """

    chances: Float

    def above(self, error_mm: float) -> float:
        """Return the chance that the error is larger than this; at one of the edges it is exact."""
        return float(1 - np.interp(np.log(error_mm), LOG_EDGES, self._below))

    def quantile_mm(self, part: float) -> float:
        """Return the error that so large a part of the chances does not go beyond; at most 100 mm."""
        return float(np.exp(np.interp(part, self._below, LOG_EDGES)))

    @property
    def interval_mm(self) -> tuple[float, float]:
        """Between what the error lies nine times in ten."""
        return self.quantile_mm(TAIL), self.quantile_mm(1 - TAIL)

    @property
    def _below(self) -> Float:
        """(15,) chances of an error below each of the edges, the outermost ones among them."""
        return np.concatenate([[0], np.cumsum(self.chances)])


class TrustNetwork(nn.Module):
    """Several small networks, whose chances are averaged: each gave its data other weights.

    A member makes two numbers of the evidence, a level and a width, and the ranges' edges lie at places that
    it has learnt: the chance of an error below an edge is the logistic function of how far the edge lies
    above the level, in widths (McCullagh, J. R. Stat. Soc. B 42:109, 1980). So neighbouring ranges have to do
    with one another, and few registrations teach much.

    Parameters
    ----------
    members, hidden : int
        How many, and how many units each has.
    """

    mean: Tensor
    deviation: Tensor
    low: Tensor
    high: Tensor

    def __init__(self, members: int, hidden: int) -> None:
        super().__init__()
        count = len(Evidence.names())
        self.first = nn.Parameter(torch.zeros(members, count, hidden))
        self.first_bias = nn.Parameter(torch.zeros(members, 1, hidden))
        self.last = nn.Parameter(torch.zeros(members, hidden, 2))
        # Of the second edge from the first, and so on: the steps' logarithms.
        self.steps = nn.Parameter(torch.zeros(members, len(EDGES_MM) - 1))
        self.lowest = nn.Parameter(torch.full((members, 1), -len(EDGES_MM) / 2))
        # Of the numbers in training; and between what bounds those of good results lie.
        for name in ("mean", "deviation", "low", "high"):
            self.register_buffer(name, torch.ones(count))

    def members_chances(self, numbers: Tensor) -> Tensor:
        """Return (members, N, ranges) chances of (N, count) numbers as `as_numbers` makes them."""
        x = ((numbers - self.mean) / self.deviation).clamp(-FARTHEST, FARTHEST)
        hidden = torch.tanh(x @ self.first + self.first_bias)
        said = hidden @ self.last
        level, width = said[..., :1], said[..., 1:]
        places = torch.cat([self.lowest, self.lowest + self.steps.exp().cumsum(-1)], dim=-1)[:, None]
        below = torch.sigmoid((places - level) * torch.exp(-width))
        none, all_ = torch.zeros_like(level), torch.ones_like(level)
        return torch.cat([none, below, all_], dim=-1).diff(dim=-1)

    def forward(self, numbers: Tensor) -> Tensor:
        """Return (N, ranges) chances."""
        return self.members_chances(numbers).mean(0)


def as_numbers(evidence: Evidence) -> list[float]:
    """Return what a network is given: distances as logarithms."""
    return [
        float(np.log(max(value, 0.01)) if name.endswith("_mm") else value)
        for name, value in asdict(evidence).items()
    ]


def expect(evidence: Evidence) -> Expectation:
    """Say what error to expect, by the weights that ship.

    Raises
    ------
    InputError
        The weights are missing or damaged.
    """
    with torch.no_grad():
        chances = shipped_network()(torch.tensor([as_numbers(evidence)], dtype=torch.float64))
    return Expectation(chances[0].numpy())


def unusual(evidence: Evidence) -> Sequence[str]:
    """Return the names of the numbers that good results do not have, the oddest first."""
    network = shipped_network()
    numbers = torch.tensor(as_numbers(evidence), dtype=torch.float64)
    beyond = torch.maximum(numbers - network.high, network.low - numbers) / network.deviation
    names = Evidence.names()
    return [names[n] for n in beyond.argsort(descending=True, stable=True).tolist() if beyond[n] > 0]


@cache
def shipped_network() -> TrustNetwork:
    """Return the network that ships."""
    return network_of(load_shipped(ARCHITECTURE))


def network_of(weights: Weights) -> TrustNetwork:
    """Build a network from its weights.

    Raises
    ------
    InputError
        They are of another network.
    """
    network = TrustNetwork(**weights.of(ARCHITECTURE).card.arguments).double()
    weights.put_into(network)
    return network.eval()
