"""How long the simulator takes, and how much memory: pairs of T1 and CT, anatomy included.

    python -m benchmarks.simulator [--pairs 5]

Each row is measured in a process of its own, after one pair that warms it up (which also reads the label maps
that the others are drawn from). Writes benchmarks/out/simulator.md.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from itertools import product
from time import perf_counter

import numpy as np

from benchmarks.method import ROOT, environment
from benchmarks.pairs import data_folder
from benchmarks.table import write_page

OUT = ROOT / "benchmarks" / "out"
SEED = 4_029
PRESETS = ("rire", "training", "small", "clinical", "modern")
# Of label maps, the same few people in all rows: reading a map takes some seconds, once.
PEOPLE = ("head_02.nii.gz", "head_08.nii.gz")


def measure(source: str, preset: str, pairs: int) -> None:
    from functools import partial

    from cephalign.simulate.labelled import LabelledHeads
    from cephalign.simulate.pair import simulated_pair
    from cephalign.simulate.procedural import procedural_head

    anatomy = procedural_head
    if source == "label maps":
        heads = LabelledHeads(data_folder() / "labels")
        anatomy = partial(heads.draw, which=PEOPLE)
        for name in PEOPLE:
            heads.source(name)
    seconds = []
    for number in range(pairs + 1):
        began = perf_counter()
        simulated_pair(np.random.default_rng([SEED, number]), preset, anatomy=anatomy)
        seconds.append(perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([*seconds[1:], peak]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--one", nargs=2, metavar=("SOURCE", "PRESET"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        measure(*options.one, options.pairs)
        return
    text = "# The simulator's time\n\nOne T1 and CT pair, anatomy included; two threads.\n\n"
    text += "| heads | preset | pairs | median s | most s | peak MiB |\n|---|---|---|---|---|---|\n"
    for source, preset in product(("procedural", "label maps"), PRESETS):
        words = [sys.executable, "-m", "benchmarks.simulator", "--pairs", str(options.pairs)]
        done = subprocess.run(
            [*words, "--one", source, preset],
            cwd=ROOT,
            env=environment(),
            check=True,
            capture_output=True,
            text=True,
        )
        *seconds, peak = json.loads(done.stdout)
        times = f"{np.median(seconds):.2f} | {max(seconds):.2f}"
        text += f"| {source} | {preset} | {len(seconds)} | {times} | {peak:.0f} |\n"
    write_page(OUT / "simulator.md", text)


if __name__ == "__main__":
    main()
