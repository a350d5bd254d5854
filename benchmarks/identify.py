"""Is it said rightly what a scan is? Held-out simulated heads, real scans, and what shows no head.

    python -m benchmarks.identify [--scans 2000] [--turns 100] [--weights FILE]

Simulated: every preset in turn, five scans a head, half of the heads procedural and half from held-out label
maps, each scan's header turned anyhow: the networks look at the scan in its world. Real: every scan at hand,
turned anyhow and resampled. What is none of the kinds (noise, blanks, cubes, shapes; random contrasts) is to
be left alone. Rows go to benchmarks/out/identify.csv as they come; delete it for other weights.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.identify_table import identify_table
from benchmarks.method import ROOT
from benchmarks.moved import any_turn, moved_header, resampled
from benchmarks.pairs import data_folder
from benchmarks.records import Results
from benchmarks.table import write_page
from benchmarks.turned import anatomy
from cephalign.geometry import Grid, Modality, Rigid, Volume
from cephalign.io.volumes import read_volume
from cephalign.models.modality import Identifier, shipped_identifier
from cephalign.models.weights import load_weights
from cephalign.simulate.acquire.any_contrast import AnyContrast
from cephalign.simulate.session import simulated_session
from cephalign.train.tasks.negatives import no_head

OUT = ROOT / "benchmarks" / "out"
PRESETS = ("rire", "modern", "clinical", "training", "hard")
SCANS_A_HEAD = 5
REAL = {
    "rire/training_001_mr_T1.mha": Modality.T1,
    "mri-dir/phantom_ct.nii.gz": Modality.CT,
    "mri-dir/phantom_t2.nii.gz": Modality.T2,
    "templates/T1.nii.gz": Modality.T1,
    "templates/single_subj_T1.nii.gz": Modality.T1,
    "templates/scct.nii.gz": Modality.CT,
}
NONE = ("noise", "blank", "cube", "shapes and clouds as in training")
# No other use of the simulator draws from this.
SEED = 20_261_127
# Of resampled scans; the network's voxels have 6.
FINEST_MM = 2.0


@dataclass(frozen=True)
class Said:
    """What was said of one scan, and what is true."""

    family: str
    scan: str
    true: str
    said: str
    probability: float
    seconds: float
    reason: str

    @property
    def key(self) -> tuple[str, str]:
        return self.family, self.scan


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scans", type=int, default=2000, help="simulated")
    parser.add_argument("--turns", type=int, default=100, help="of each real scan; as many of each nothing")
    parser.add_argument("--weights", type=Path, help="instead of those that ship")
    options = parser.parse_args()
    identifier = Identifier.of(load_weights(options.weights)) if options.weights else shipped_identifier()
    results = Results(OUT / "identify.csv", Said)
    for number in range(options.scans // SCANS_A_HEAD):
        simulated(identifier, number, results)
    for file, modality in REAL.items():
        real(identifier, file, modality, options.turns, results)
    for kind in NONE:
        nothing(identifier, kind, options.turns, results)
    write_page(OUT / "identify.md", identify_table(results.rows, PRESETS))


def simulated(identifier: Identifier, number: int, results: Results[Said]) -> None:
    preset, labelled = PRESETS[number % len(PRESETS)], number // len(PRESETS) % 2 == 0
    name = f"{number:03d} {'labelled' if labelled else 'procedural'}"
    if sum(row.family == preset and row.scan.startswith(name) for row in results.rows) == SCANS_A_HEAD:
        return
    rng = np.random.default_rng([SEED, number])
    session = simulated_session(rng, preset, anatomy=anatomy(labelled))
    for modality, scan in session.scans.items():
        turn = Rigid.from_rotation(any_turn(rng), centre=scan.grid.centre)
        is_random = isinstance(session.acquisitions[modality].contrast, AnyContrast)
        true = Modality.UNKNOWN if is_random else modality
        ask(identifier, moved_header(scan, turn), true, (preset, f"{name} {modality}"), results)


def real(identifier: Identifier, file: str, true: Modality, turns: int, results: Results[Said]) -> None:
    path = data_folder() / file
    names = [f"{file} {number}" for number in range(turns)]
    if not path.is_file() or all(results.has(("real", name)) for name in names):
        return
    scan = read_volume(path)
    ask(identifier, scan, true, ("real", f"{file} as it is"), results)
    for name, turn in zip(names, turns_of(turns), strict=True):
        moved_from_scan = Rigid.from_rotation(turn, centre=scan.grid.centre)
        ask(identifier, resampled(scan, moved_from_scan, FINEST_MM), true, ("real", name), results)


def nothing(identifier: Identifier, kind: str, count: int, results: Results[Said]) -> None:
    for number in range(count):
        rng = np.random.default_rng([SEED, NONE.index(kind), number])
        scan = no_head(rng) if kind == NONE[-1] else no_scan(rng, kind)
        ask(identifier, scan, Modality.UNKNOWN, ("nothing", f"{kind} {number}"), results)


def no_scan(rng: np.random.Generator, kind: str) -> Volume:
    """Make noise, a blank, or a bright cube askew in some noise, on some 2 mm voxels."""
    shape = tuple(rng.integers(60, 128, 3).tolist())
    matrix = np.diag([*rng.uniform(1.5, 3, 3), 1.0])
    grid = Grid(shape, matrix)
    if kind == "blank":
        return Volume(np.full(shape, rng.integers(0, 1000), dtype=np.int16), grid)
    data = rng.normal(0, rng.uniform(1, 30), shape)
    if kind == "cube":
        places = (np.indices(shape).reshape(3, -1).T - (np.array(shape) - 1) / 2) * grid.spacing
        inside = np.abs(places @ any_turn(rng)).max(axis=1) < rng.uniform(30, 70)
        data += 300 * inside.reshape(shape)
    return Volume(data.astype(np.float32), grid)


def ask(
    identifier: Identifier, scan: Volume, true: Modality, key: tuple[str, str], results: Results[Said]
) -> None:
    if results.has(key):
        return
    began = perf_counter()
    found = identifier.identify(scan)
    seconds = perf_counter() - began
    probability = found.probabilities[found.modality]
    results.add(Said(*key, str(true), str(found.modality), probability, seconds, found.reason))
    note = "" if found.modality is true else f"  IS {true}"
    print(f"{key[0]}  {key[1]}: {found.modality} {probability:.2f} {found.reason}{note}", flush=True)


def turns_of(count: int) -> Iterator[np.ndarray]:
    """Yield turns, the same for all real scans."""
    rng = np.random.default_rng([SEED, 1_000_000])
    for _ in range(count):
        yield any_turn(rng)


if __name__ == "__main__":
    main()
