"""Simulated pairs in any orientation: how far off the starts are, and the whole registration.

    python -m benchmarks.turned [--pairs 500] [--peer-pairs 40]
    python -m benchmarks.turned --presets hard --pairs 100 --peer-pairs 0

Pairs are taken in turn from the presets `rire`, `modern`, `clinical` and `training`, from bands of the
rotation between the scans, from CT, T1, T2 and PD in either role, and from procedural heads and held-out
label maps. Heads lie as they do in scanners; then the moving scan is resampled under the rotation, onto a
grid along its world's axes. Other programs, with their own initialisers, get some of the pairs, as many of
each band. Rows go to benchmarks/out/turned.csv as they come; of other presets, to a file named for them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import permutations, product
from time import perf_counter

import numpy as np

from benchmarks.attempt import Outcome
from benchmarks.method import ROOT, Start
from benchmarks.methods import found_methods
from benchmarks.moved import upright_grid
from benchmarks.pairs import Pair, data_folder
from benchmarks.records import Results, row_of
from benchmarks.run import is_measured, measure
from benchmarks.simulated import as_pair
from benchmarks.table import write_page
from benchmarks.trivial import TRIVIAL
from benchmarks.turned_table import turned_table
from cephalign import register
from cephalign.align.scan import prepare
from cephalign.align.search import search
from cephalign.geometry import Modality, Rigid
from cephalign.geometry.grid import apply_affine
from cephalign.models.pose.locate import shipped_locator
from cephalign.prep.head import head_mask
from cephalign.prep.resample import resample
from cephalign.registration_starts import starts
from cephalign.simulate import presets as simulator
from cephalign.simulate.head import Anatomy, Head
from cephalign.simulate.labelled import LabelledHeads
from cephalign.simulate.motion import random_motion
from cephalign.simulate.pair import simulated_pair
from cephalign.simulate.procedural import procedural_head

OUT = ROOT / "benchmarks" / "out"
PRESETS = ("rire", "modern", "clinical", "training")
BANDS = ((0.0, 15.0), (15.0, 45.0), (45.0, 90.0), (90.0, 180.0))
HELD_OUT = tuple(f"head_{number}.nii.gz" for number in (13, 14, 15, 16))
MODALITIES = (Modality.T1, Modality.CT, Modality.T2, Modality.PD)
PEERS = ("cephalign register", "SimpleITK", "elastix", "plastimatch", "ANTs", "greedy")
# No other use of the simulator draws from this.
SEED = 20_261_126
MARGIN_MM = 12.0
FINEST_MM = 1.0
SHIFT_MM = 30.0
# From a pair to `moving_from_fixed`, and what is said of it.
Way = Callable[[Pair], tuple[Rigid, str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=500)
    parser.add_argument("--peer-pairs", type=int, default=40, help="of all, a quarter of each band")
    parser.add_argument(
        "--seed", type=int, default=SEED, help="another, to look at pairs that are not the test's"
    )
    parser.add_argument(
        "--presets", nargs="+", choices=list(simulator.PRESETS), default=list(PRESETS), help="in turn"
    )
    options = parser.parse_args()
    parts = ["turned"]
    parts += options.presets if options.presets != list(PRESETS) else []
    parts += [str(options.seed)] if options.seed != SEED else []
    out = OUT / f"{'-'.join(parts)}.csv"
    results = Results(out)
    peers = [method for method in found_methods() if method.name.startswith(PEERS)]
    for_peers = peer_numbers(options.pairs, options.peer_pairs)
    for number, (preset, band, modalities, which) in zip(
        range(options.pairs), kinds(options.presets), strict=False
    ):
        family = f"{preset} {band[0]:g} to {band[1]:g}"
        name = f"{number:03d} {modalities[0]} {modalities[1]} {'labelled' if which else 'procedural'}"
        chosen = peers if number in for_peers else []
        ours = methods_for(modalities)
        names = (*TRIVIAL, *ours, *(peer.name for peer in chosen))
        if is_measured(results, family, name, names):
            continue
        rng = np.random.default_rng([options.seed, number])
        pair = replace(turned_pair(rng, preset, modalities, anatomy(which), band), name=name)
        measure(pair, family, chosen, results)
        measure_here(pair, family, ours, results)
    write_page(out.with_suffix(".md"), turned_table(results.rows))


def measure_here(pair: Pair, family: str, methods: Mapping[str, Way], results: Results) -> None:
    """Run, in this process, the ways that have not met this pair."""
    for method, answer in methods.items():
        key = (family, pair.name, method, Start.CENTRES.value)
        if not results.has(key):
            began = perf_counter()
            pose, note = answer(pair)
            outcome = Outcome(pose, seconds_inside=perf_counter() - began, note=note)
            row = row_of(key, outcome, pair.moving_from_fixed, pair.points)
            results.add(row)
            print(f"{family}  {pair.name}  {method}: {row.max_mm:.2f} mm, {row.note}", flush=True)


def peer_numbers(pairs: int, count: int) -> set[int]:
    """Draw which pairs other programs get."""
    bands = [band for _, (_, band, _, _) in zip(range(pairs), kinds(), strict=False)]
    rng = np.random.default_rng(SEED)
    drawn: set[int] = set()
    for band in BANDS:
        numbers = [number for number, one in enumerate(bands) if one == band]
        drawn.update(rng.permutation(numbers)[: count // len(BANDS)].tolist())
    return drawn


def kinds(
    presets: Sequence[str] = PRESETS,
) -> Iterator[tuple[str, tuple[float, float], tuple[Modality, Modality], bool]]:
    """Yield what to simulate next: a band of rotations with each preset, then the next band."""
    number = 0
    orders = list(permutations(MODALITIES, 2))
    while True:
        for which, band, preset in product((True, False), BANDS, presets):
            yield preset, band, orders[number % len(orders)], which
            number += 1


def anatomy(labelled: bool) -> Anatomy:
    return held_out if labelled else procedural_head


def held_out(rng: np.random.Generator, **how: object) -> Head:
    global _labelled  # noqa: PLW0603 - preparing label maps takes seconds
    _labelled = _labelled or LabelledHeads(data_folder() / "labels")
    return _labelled.draw(rng, which=HELD_OUT, **how)


_labelled: LabelledHeads | None = None


def turned_pair(
    rng: np.random.Generator,
    preset: str,
    modalities: tuple[Modality, Modality],
    heads: Anatomy,
    band: tuple[float, float],
) -> Pair:
    """Simulate two scans and resample the moving one, so that the rotation between them is in the band."""
    found = simulated_pair(rng, preset, modalities=modalities, anatomy=heads, angle_deg=10.0, shift_mm=10.0)
    pair = as_pair(found, "")
    truth = random_motion(rng, band[1], SHIFT_MM, pair.points.mean(axis=0), least_angle_deg=band[0])
    new_from_moving = truth @ ~found.moving_from_fixed
    moving_from_head = found.moving_from_fixed @ ~found.head_from_fixed
    body = apply_affine(found.head.grid.world_from_voxel, np.argwhere(found.head.tissues.numpy() > 0)[::50])
    inside = moving_from_head.map(body)
    index = apply_affine(found.moving.grid.voxel_from_world, inside)
    seen = ((index >= 0) & (index <= np.array(found.moving.grid.shape) - 1)).all(axis=1)
    box = new_from_moving.map(inside[seen])
    spacing = max(FINEST_MM, float(found.moving.grid.spacing.min()))
    grid = upright_grid(box, spacing, MARGIN_MM)
    moving = resample(found.moving, grid, ~new_from_moving)
    return Pair("", found.fixed, moving, truth, pair.points)


def start_of_symmetry(pair: Pair) -> tuple[Rigid, str]:
    """Return the one of the candidates that leads to the best place, as `register` finds it out."""
    scans = prepare(pair.fixed), prepare(pair.moving)
    return search(*scans, starts(*scans, "symmetry")).start, ""


def start_of_features(pair: Pair) -> tuple[Rigid, str]:
    """Return what the paper's network says, of a pair of an MR and a CT: others it refuses."""
    scans = prepare(pair.fixed), prepare(pair.moving)
    return starts(*scans, "features")[0], ""


def start_of_pose(pair: Pair) -> tuple[Rigid, str]:
    fixed, moving = (shipped_locator().locate(scan, head_mask(scan))[0] for scan in (pair.fixed, pair.moving))
    return ~moving @ fixed, ""


def whole(pair: Pair) -> tuple[Rigid, str]:
    found = register(pair.fixed, pair.moving)
    return found.moving_from_fixed, found.status.value


METHODS: dict[str, Way] = {
    "start: symmetry": start_of_symmetry,
    "start: features": start_of_features,
    "start: pose": start_of_pose,
    "whole: auto": whole,
}


def methods_for(modalities: Collection[Modality]) -> dict[str, Way]:
    """Leave out what is not made for such a pair."""
    is_mr_and_ct = Modality.CT in modalities
    return {name: way for name, way in METHODS.items() if is_mr_and_ct or "features" not in name}


if __name__ == "__main__":
    main()
