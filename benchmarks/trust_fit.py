"""Fit the network of `cephalign.trust` to what `benchmarks.trust --of learning` gathered.

    python -m benchmarks.trust_fit [--keep trust.safetensors]

Prints, by cross-validation over pairs, how well the chances fit and how the words would have been chosen.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from torch import Tensor

from benchmarks.trust import GOOD_MM, LEARN_SEED, Row, rows_of
from cephalign.models.card import Card
from cephalign.models.weights import save_weights
from cephalign.parallel import undivided_operations
from cephalign.train.provenance import commit, device_name
from cephalign.trust.evidence import Evidence
from cephalign.trust.expectation import ARCHITECTURE, EDGES_MM, TrustNetwork, as_numbers
from cephalign.trust.verdict import HARMFUL_MM, LIKELY_RIGHT, LIKELY_WRONG

MEMBERS, HIDDEN, STEPS, RATE = 8, 16, 800, 0.02
# How strongly weights are drawn to nothing: half of one over their variance.
PRIOR = 10.0
FOLDS = 5
TINY = 1e-9
# The bounds of what is usual leave out so many percent of the good results.
RARE_PERCENT = 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--keep", type=Path, help="write the weights here")
    options = parser.parse_args()
    rows = [row for row in rows_of("learning") if row.evidence]
    numbers, ranges, pairs = as_tensors(rows)
    with undivided_operations():
        figures = cross_validated(numbers, ranges, pairs)
        print(json.dumps(figures, indent=2))
        if options.keep:
            began = perf_counter()
            network = fitted(numbers, ranges)
            card = Card(
                ARCHITECTURE,
                ARCHITECTURE,
                {"members": MEMBERS, "hidden": HIDDEN},
                f"{len(rows)} registrations of `benchmarks.trust --of learning`",
                LEARN_SEED,
                STEPS,
                commit(),
                device_name(torch.device("cpu")),
                (perf_counter() - began) / 3600,
                figures,
            )
            save_weights(options.keep, network, card)


def as_tensors(rows: list[Row]) -> tuple[Tensor, Tensor, np.ndarray]:
    """Return (N, count) numbers, (N,) ranges of errors, and (N,) numbers of pairs."""
    evidence = [Evidence(**json.loads(row.evidence)) for row in rows]
    numbers = torch.tensor([as_numbers(one) for one in evidence], dtype=torch.float64)
    errors = np.nan_to_num([row.mean_mm for row in rows], nan=np.inf)
    ranges = torch.from_numpy(np.searchsorted(EDGES_MM, errors))
    return numbers, ranges, np.array([int(row.name[:4]) for row in rows])


def fitted(numbers: Tensor, ranges: Tensor) -> TrustNetwork:
    """Train a network; each member sees the rows under weights of its own."""
    generator = torch.Generator().manual_seed(LEARN_SEED)
    network = TrustNetwork(MEMBERS, HIDDEN).double()
    network.mean.copy_(numbers.mean(0))
    network.deviation.copy_(numbers.std(0).clamp_min(1e-6))
    good = numbers[ranges <= EDGES_MM.index(GOOD_MM)].numpy()
    for bound, percent in ((network.low, RARE_PERCENT), (network.high, 100 - RARE_PERCENT)):
        bound.copy_(torch.from_numpy(np.percentile(good, percent, axis=0)))
    for parameter in (network.first, network.last):
        noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        parameter.data.copy_(noise / np.sqrt(parameter.shape[1]))
    # The Bayesian bootstrap (Rubin 1981).
    shares = -torch.log(torch.rand(MEMBERS, len(ranges), generator=generator, dtype=torch.float64))
    shares /= shares.sum(1, keepdim=True)
    optimiser = torch.optim.Adam(network.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    rows = torch.arange(len(ranges))
    for _ in range(STEPS):
        chances = network.members_chances(numbers)[:, rows, ranges]
        loss = -(chances.clamp_min(TINY).log() * shares).sum()
        loss = loss + PRIOR / len(ranges) * sum((one**2).sum() for one in (network.first, network.last))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return network.eval()


def cross_validated(numbers: Tensor, ranges: Tensor, pairs: np.ndarray) -> dict[str, float]:
    """Return what holds of rows whose pairs were left out of the fit."""
    chances = torch.zeros(len(ranges), len(EDGES_MM) + 1, dtype=torch.float64)
    for fold in range(FOLDS):
        out = torch.from_numpy(pairs % FOLDS == fold)
        chances[out] = fitted(numbers[~out], ranges[~out])(numbers[out]).detach()
    harmful = chances[:, EDGES_MM.index(HARMFUL_MM) + 1 :].sum(1).numpy()
    wrong = (ranges > EDGES_MM.index(HARMFUL_MM)).numpy()
    good = (ranges <= EDGES_MM.index(GOOD_MM)).numpy()
    likelihood = chances[torch.arange(len(ranges)), ranges].clamp_min(TINY).log().mean()
    return {
        "rows": float(len(ranges)),
        "log likelihood": float(likelihood),
        "wrong, called aligned, %": 100 * float((harmful[wrong] <= LIKELY_RIGHT).mean()),
        "good, not called aligned, %": 100 * float((harmful[good] > LIKELY_RIGHT).mean()),
        "good, called failed, %": 100 * float((harmful[good] >= LIKELY_WRONG).mean()),
        **{
            f"chance at which {percent} % of the wrong are let through": float(
                np.percentile(harmful[wrong], percent)
            )
            for percent in (0.5, 1, 2, 5)
        },
        **{
            f"chance that {percent} % of the good exceed": float(np.percentile(harmful[good], 100 - percent))
            for percent in (1, 2, 3, 5)
        },
    }


if __name__ == "__main__":
    main()
