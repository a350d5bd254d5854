"""Measure on pairs with known motion: ours on all of them, the peers on twenty drawn by a seed.

    python -m benchmarks.run [--pairs 100] [--only NAME ...] [--fresh]

Every method first registers an easy pair, and another one or two where it misses. One that misses all three
by more than a millimetre is left out: then it is likelier that we read its transform wrongly than that it
failed. Rows go to benchmarks/out/results.csv as they come; those that are there are kept.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.attempt import Outcome, attempt
from benchmarks.method import ROOT, Job, Method, Start
from benchmarks.methods import found_methods
from benchmarks.pairs import Pair, data_folder, recontrasted_pair, rire_t1
from benchmarks.records import Results, row_of
from benchmarks.table import recontrasted_table, write_page
from benchmarks.trivial import TRIVIAL
from cephalign.geometry import Volume
from cephalign.io.volumes import write_volume

OUT = ROOT / "benchmarks" / "out"
ALL_PAIRS, PEER_PAIRS, PEER_SEED = 100, 20, 2021
EASY_SEEDS, EASY_DEG, EASY_MM, EASY_BOUND_MM = range(1000, 1003), 5, 5, 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=ALL_PAIRS, help="only the first of them")
    parser.add_argument("--only", nargs="+", default=[""], help="methods whose names begin so")
    parser.add_argument("--fresh", action="store_true", help="forget what was measured of these methods")
    options = parser.parse_args()
    methods = [m for m in found_methods() if m.name.startswith(tuple(options.only))]
    results = Results(OUT / "results.csv")
    if options.fresh:
        results.forget(("easy", "recontrasted"), {method.name for method in methods} | set(TRIVIAL))
    scan = rire_t1(data_folder())
    methods = understood(scan, methods, results)
    for seed in range(options.pairs):
        measure_seed(scan, seed, methods, results)
    write_page(OUT / "recontrasted.md", recontrasted_table(results.rows, peer_names()))


def understood(scan: Volume, methods: list[Method], results: Results) -> list[Method]:
    """Return the methods whose answer to one of the easy pairs is right."""
    right: set[str] = set()
    for seed in EASY_SEEDS:
        missing = [method for method in methods if method.name not in right]
        if missing:
            measure(recontrasted_pair(scan, seed, EASY_DEG, EASY_MM), "easy", missing, results)
        easy = [row for row in results.rows if row.family == "easy"]
        right = {row.method for row in easy if row.mean_mm < EASY_BOUND_MM}
    for method in methods:
        if method.name not in right:
            print(f"{method.name} is left out: it misses all easy pairs", flush=True)
    return [method for method in methods if method.name in right]


def peer_seeds() -> set[int]:
    """Return the numbers of the pairs that the peers get."""
    return set(np.random.default_rng(PEER_SEED).permutation(ALL_PAIRS)[:PEER_PAIRS].tolist())


def peer_names() -> set[str]:
    return {f"recontrasted-{seed:03d}" for seed in peer_seeds()}


def measure_seed(scan: Volume, seed: int, methods: list[Method], results: Results) -> None:
    chosen = [method for method in methods if method.is_ours or seed in peer_seeds()]
    name = f"recontrasted-{seed:03d}"
    names = [*TRIVIAL, *(method.name for method in chosen)]
    # Making a pair takes longer than some methods take to register it.
    if not is_measured(results, "recontrasted", name, names):
        measure(recontrasted_pair(scan, seed), "recontrasted", chosen, results)


def is_measured(results: Results, family: str, pair: str, methods: Iterable[str]) -> bool:
    """Tell whether all of some methods have met a pair."""
    return all(results.has((family, pair, method, Start.CENTRES)) for method in methods)


def measure(pair: Pair, family: str, methods: list[Method], results: Results) -> None:
    """Run the methods that have not met this pair, one after another, so that slow hours hit all alike."""
    measure_trivial(pair, family, results)
    missing = [one for one in methods if not is_measured(results, family, pair.name, [one.name])]
    with TemporaryDirectory() as place:
        folder = Path(place)
        if missing:
            write_volume(pair.fixed, folder / "fixed.nii")
            write_volume(pair.moving, folder / "moving.nii")
        for method in missing:
            job = Job(folder / "fixed.nii", folder / "moving.nii", folder / "method", Start.CENTRES)
            key = (family, pair.name, method.name, Start.CENTRES.value)
            row = row_of(key, attempt(method, job), pair.moving_from_fixed, pair.points)
            results.add(row)
            print(
                f"{pair.name}  {method.name}: {row.mean_mm:.3f} mm, {row.seconds_whole:.1f} s",
                row.note,
                flush=True,
            )
            shutil.rmtree(job.folder)


def measure_trivial(pair: Pair, family: str, results: Results) -> None:
    """Add the answers that need no registration, where they are not there."""
    for name, answer in TRIVIAL.items():
        key = (family, pair.name, name, Start.CENTRES.value)
        if not results.has(key):
            outcome = Outcome(answer(pair.fixed.grid, pair.moving.grid))
            results.add(row_of(key, outcome, pair.moving_from_fixed, pair.points))


if __name__ == "__main__":
    main()
