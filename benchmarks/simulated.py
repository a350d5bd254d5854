"""Measure on simulated RIRE pairs (T1 fixed, CT moving): ours on 200 a family, the peers on 40 of them.

    python -m benchmarks.simulated [--pairs 200] [--peer-pairs 40]

Two families: heads turned by up to 15 degrees and moved by up to 5 mm between the scans, and by up to 45
degrees and 30 mm. Half of the heads are procedural, half are drawn from label maps of real heads. The TRE is
taken over the brain and over the ten landmarks. Rows go to benchmarks/out/simulated.csv as they come.
"""

from __future__ import annotations

import argparse
from time import perf_counter

import numpy as np

from benchmarks.attempt import Outcome
from benchmarks.method import ROOT, Method, Start
from benchmarks.methods import found_methods
from benchmarks.pairs import Pair, data_folder
from benchmarks.records import Results, row_of
from benchmarks.run import is_measured, measure
from benchmarks.simulated_table import simulated_table
from benchmarks.table import write_page
from cephalign import register
from cephalign.geometry.grid import apply_affine
from cephalign.simulate.labelled import LabelledHeads
from cephalign.simulate.pair import SimulatedPair, simulated_pair
from cephalign.simulate.procedural import procedural_head
from cephalign.simulate.tissues import Tissue

OUT = ROOT / "benchmarks" / "out"
FAMILIES = {"simulated 15 deg, 5 mm": (15.0, 5.0), "simulated 45 deg, 30 mm": (45.0, 30.0)}
# No other use of the simulator draws from this.
SEED = 20_261_125
PEERS = ("SimpleITK", "elastix", "plastimatch")
OURS = "cephalign (in one process)"
BRAIN = (Tissue.GREY, Tissue.WHITE, Tissue.DEEP_GREY, Tissue.CEREBELLUM_GREY, Tissue.BRAIN_STEM)
BRAIN_POINTS = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=200, help="of each family")
    parser.add_argument("--peer-pairs", type=int, default=40, help="of all, half of each family")
    options = parser.parse_args()
    results = Results(OUT / "simulated.csv")
    methods = [method for method in found_methods() if method.is_ours or method.name.startswith(PEERS)]
    labelled = LabelledHeads(data_folder() / "labels")
    for number in range(options.pairs):
        for family, (angle_deg, shift_mm) in FAMILIES.items():
            chosen = methods if number < options.peer_pairs // len(FAMILIES) else []
            if missing(family, number, chosen, results):
                heads = labelled if number % 2 else procedural_head
                pair = simulated_pair(
                    np.random.default_rng([SEED, number]),
                    "rire",
                    anatomy=heads,
                    angle_deg=angle_deg,
                    shift_mm=shift_mm,
                )
                measure_pair(as_pair(pair, name_of(number)), family, chosen, results)
    write_page(OUT / "simulated.md", simulated_table(results.rows, list(FAMILIES), OURS))


def name_of(number: int) -> str:
    return f"{'labelled' if number % 2 else 'procedural'}-{number:03d}"


def missing(family: str, number: int, methods: list[Method], results: Results) -> bool:
    names = [OURS, *(method.name for method in methods)]
    return not is_measured(results, family, name_of(number), names)


def as_pair(pair: SimulatedPair, name: str) -> Pair:
    """Take the TRE over the landmarks and points spread over the brain."""
    voxels = np.argwhere(np.isin(pair.head.tissues.numpy(), BRAIN))
    voxels = voxels[np.random.default_rng(0).permutation(len(voxels))[:BRAIN_POINTS]]
    brain = (~pair.head_from_fixed).map(apply_affine(pair.head.grid.world_from_voxel, voxels))
    points = np.concatenate([pair.landmarks, brain])
    return Pair(name, pair.fixed, pair.moving, pair.moving_from_fixed, points)


def measure_pair(pair: Pair, family: str, methods: list[Method], results: Results) -> None:
    measure(pair, family, methods, results)
    key = (family, pair.name, OURS, Start.CENTRES.value)
    if not results.has(key):
        began = perf_counter()
        found = register(pair.fixed, pair.moving)
        outcome = Outcome(
            found.moving_from_fixed, seconds_inside=perf_counter() - began, note=found.status.value
        )
        row = row_of(key, outcome, pair.moving_from_fixed, pair.points)
        results.add(row)
        print(f"{family}  {pair.name}: {row.mean_mm:.3f} mm, {row.note}", flush=True)


if __name__ == "__main__":
    main()
