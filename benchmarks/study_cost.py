"""What a study would take: each network's step of training, measured once, times the steps of its trainings.

    python -m benchmarks.study_cost --scale paper [--pairs 2] [--network NAME ...]

A step is of real copies, on one thread as in the study, after one that is not counted; of a network that
learns in stages, one of each. Fewer `--pairs` in a step than the scale's batch are for machines with little
memory, and two at least, since some networks normalise over pairs: seconds and operations are then multiplied
by as much. Operations are those of convolutions and products of matrices, forwards and backwards, as PyTorch
counts them.
On the first split three rates are tried; a network may take more. What learns nothing (cutting images,
registering, scoring) is not in the hours; what cutting an image takes is said.
"""

from __future__ import annotations

import argparse
import resource
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter

import torch
from torch.utils.flop_counter import FlopCounterMode

from cephalign.models.pair_network import StagedNetwork
from cephalign.parallel import undivided_operations
from cephalign.study.copies import Copies, Place
from cephalign.study.kinds import Kinds
from cephalign.study.lesson import Shown, descent_of, step
from cephalign.study.networks import DCNN, NETWORKS, network_of
from cephalign.study.originals import Simulated, split_of
from cephalign.study.scale import Scale, scale_of
from cephalign.study.table3 import NETWORKS as CLASSIFIERS
from cephalign.study.table3 import Classifying
from cephalign.train.leg import device_of
from cephalign.train.provenance import device_name
from cephalign.train.task import Batch

COLUMNS = ("network", "weights, millions", "10^12 operations a step", "seconds a step", "steps", "hours")
TRIES, RATE = 3, 1e-6
GIB = 2**20  # in the KiB of `ru_maxrss`


@dataclass(frozen=True)
class Task:
    """What a network is to learn.

    Parameters
    ----------
    make : callable
        Makes the network.
    shown : Shown
    steps : int
        Of one training, in each stage.
    """

    make: Callable[[], StagedNetwork]
    shown: Shown
    steps: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scale", default="paper")
    parser.add_argument("--pairs", type=int, help="in the step that is measured; else the scale's batch")
    parser.add_argument("--network", nargs="*", default=[], help="else all")
    options = parser.parse_args()
    scale, device = scale_of(options.scale), device_of("auto")
    pairs = options.pairs or scale.batch
    print(f"{scale.name}, {pairs} of {scale.batch} pairs measured, {device_name(device)}\n", flush=True)
    found = tasks(scale)
    if unknown := set(options.network) - set(found):
        parser.error(f"no such network: {', '.join(unknown)}; there are {', '.join(found)}")
    print(f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|", flush=True)
    for name, task in found.items():
        if not options.network or name in options.network:
            with undivided_operations():
                print(f"| {' | '.join(row(name, task, scale, pairs, device))} |", flush=True)
    print(f"\n{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIB:.1f} GiB of memory at most")


def tasks(scale: Scale) -> dict[str, Task]:
    """Return what is to be learnt for Tables 1 to 3, and for Fig. 6 on top of the DCNN's."""
    learn = len(split_of(scale, 0, 0).train)
    began = perf_counter()
    copies = Copies(scale, 0, [Simulated().pair(scale, 0, 0)])
    pair_s = perf_counter() - began
    kinds = Kinds(replace(scale, originals=1), 0, Simulated())
    count = len(kinds.labels) * scale.classified
    for what, look in (("a copy's three images", copies.sample), ("an image of Table 3", kinds.sample)):
        began = perf_counter()
        look(Place(0, 0))
        print(f"{what}: {perf_counter() - began:.2f} s to cut")
    print(f"an original: {pair_s:.1f} s to simulate\n", flush=True)

    def steps(images: int, epochs: int) -> int:
        return max(1, images // scale.batch) * epochs

    pairs = steps(learn * scale.copies, scale.epochs)
    found = {name: Task(lambda name=name: network_of(name, scale, 0), copies, pairs) for name in NETWORKS}
    found[f"{DCNN}, Fig. 6"] = Task(lambda: network_of(DCNN, scale, 0), copies, len(scale.sweep) * pairs)
    for name, make in CLASSIFIERS.items():
        found[f"{name}, Table 3"] = Task(
            lambda make=make: Classifying(make(scale, len(kinds.labels))),
            kinds,
            steps(learn * count, scale.classified_epochs),
        )
    return found


def row(name: str, task: Task, scale: Scale, pairs: int, device: torch.device) -> tuple[str, ...]:
    network = task.make().to(device)
    places = [Place(0, number) for number in range(pairs)]
    batch = task.shown.batch(places, device)
    times = scale.batch / pairs
    seconds, operations = 0.0, 0.0
    for stage in range(len(network.STAGES)):
        network.begin(stage)
        network.train()
        found = measured(network, batch, stage, device)
        seconds, operations = seconds + found[0] * times, operations + found[1] * times
    # Fig. 6 is of one split.
    trainings = 1 if "Fig." in name else min(TRIES, len(scale.rates)) + scale.splits - 1
    weights = sum(one.numel() for one in network.parameters())
    steps = task.steps * trainings
    return (
        name,
        f"{weights / 1e6:.2f}",
        f"{operations / 1e12:.2f}",
        f"{seconds:.2f}",
        f"{steps:,}" + (f" in {len(network.STAGES)} stages" if len(network.STAGES) > 1 else ""),
        f"{seconds * steps / 3600:.1f}",
    )


def measured(network: StagedNetwork, batch: Batch, stage: int, device: torch.device) -> tuple[float, float]:
    """Return seconds and operations of a step, the second of two."""
    descent, counter = descent_of(network, RATE), FlopCounterMode(display=False)
    with counter:
        step(network, batch, stage, descent)
    if device.type == "cuda":
        torch.cuda.synchronize()
    began = perf_counter()
    step(network, batch, stage, descent)
    if device.type == "cuda":
        torch.cuda.synchronize()
    return perf_counter() - began, float(counter.get_total_flops())


if __name__ == "__main__":
    main()
