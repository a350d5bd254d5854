"""How well the consensus knows its own error: what it states against the truth, on simulated pairs.

    python -m benchmarks.consensus [--pairs 20] [--first 0] [--only KIND ...]

Kinds are presets of the simulator with T1 or T2 fixed and CT moving, half of the heads procedural and half
from label maps of real people, up to 15 degrees and 5 mm apart; and two scans that do not belong together,
which have to be refused. Errors are root mean squares over the head. Rows go to benchmarks/out/consensus.csv
as they come; those that are there are kept. Seeds from 3000 on served to fit the stated error's factors.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from time import perf_counter

import numpy as np

from benchmarks.consensus_table import STRANGERS, Judged, consensus_table, draw
from benchmarks.method import ROOT
from benchmarks.pairs import data_folder
from benchmarks.records import Results
from benchmarks.table import write_page
from cephalign.align.reference.consensus import consensus
from cephalign.align.scan import prepare
from cephalign.errors import InputError
from cephalign.geometry import Modality, Rigid, Volume
from cephalign.simulate.labelled import LabelledHeads
from cephalign.simulate.pair import SimulatedPair, simulated_pair
from cephalign.simulate.procedural import procedural_head

OUT = ROOT / "benchmarks" / "out"
T1, T2 = (Modality.T1, Modality.CT), (Modality.T2, Modality.CT)
KINDS = {
    "rire T1": ("rire", T1),
    "rire T2": ("rire", T2),
    "clinical T1": ("clinical", T1),
    "modern T1": ("modern", T1),
    "hard T1": ("hard", T1),
    STRANGERS: ("rire", T1),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=20, help="of each kind")
    parser.add_argument("--first", type=int, default=0, help="seed")
    parser.add_argument("--only", nargs="+", default=list(KINDS), choices=list(KINDS), help="kinds")
    options = parser.parse_args()
    results = Results(OUT / "consensus.csv", Judged)
    seeds = range(options.first, options.first + options.pairs)
    for seed in seeds:
        for kind in options.only:
            if not results.has((kind, f"{seed}")):
                judged = judge(kind, seed)
                results.add(judged)
                print(
                    f"{kind}, {seed}: true {judged.true_mm:.2f}, stated {judged.stated_mm:.2f} mm,"
                    f" {judged.verdict}; {judged.seconds:.0f} s",
                    flush=True,
                )
    rows = [row for row in results.rows if int(row.seed) in seeds]
    draw(rows, OUT / "consensus.png")
    write_page(OUT / "consensus.md", consensus_table(rows))


def make_pair(kind: str, seed: int) -> tuple[Volume, Volume, Rigid]:
    """Simulate two scans and the true motion; that of two heads lays their own frames together."""
    pair = simulated(kind, seed, 0)
    other = simulated(kind, seed, 1) if kind == STRANGERS else pair
    moving_from_head = other.moving_from_fixed @ ~other.head_from_fixed
    return pair.fixed, other.moving, moving_from_head @ pair.head_from_fixed


def simulated(kind: str, seed: int, number: int) -> SimulatedPair:
    preset, modalities = KINDS[kind]
    anatomy = LabelledHeads(data_folder() / "labels") if seed % 2 else procedural_head
    rng = np.random.default_rng([seed, list(KINDS).index(kind), number])
    return simulated_pair(rng, preset, modalities=modalities, anatomy=anatomy)


def judge(kind: str, seed: int) -> Judged:
    """Let the consensus register one pair."""
    fixed, moving, truth = make_pair(kind, seed)
    body = prepare(fixed).body[::11]
    began = perf_counter()
    try:
        found = consensus(fixed, moving, np.random.default_rng(seed))
    except InputError as error:
        return Judged(kind, f"{seed}", "refused", str(error), np.nan, np.nan, perf_counter() - began)
    seconds = perf_counter() - began
    true_mm = float(np.sqrt(np.mean(found.moving_from_fixed.distance(truth, body) ** 2)))
    verdict = "agreed" if found.agreed else "refused"
    return Judged(
        kind,
        f"{seed}",
        verdict,
        found.reason,
        true_mm,
        found.uncertainty_mm,
        seconds,
        **(asdict(found.spreads) if found.spreads else {}),
    )


if __name__ == "__main__":
    main()
