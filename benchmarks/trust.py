"""Whether to believe what `register` says of itself: simulated pairs of all presets, and spoilt ones.

    python -m benchmarks.trust [--pairs 500] [--seed SEED]

Each pair is registered as it is, and spoilt in one of eight ways (`trust_cases`): another person's scan, a
mirror image, no overlap, no head, a wrong start forced, no refinement, a slab of it, noise. Pairs lie in any
orientation; half of the heads are procedural, half from label maps that no network was trained on. Rows go to
benchmarks/out/trust.csv as they come.

    python -m benchmarks.trust --learn --pairs 1000

makes other pairs, of other people, for the network of `cephalign.trust` to learn from (`trust_fit`).
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from time import perf_counter

import numpy as np

from benchmarks.method import ROOT
from benchmarks.pairs import data_folder
from benchmarks.records import Results
from benchmarks.trust_cases import Case, cases
from benchmarks.turned import HELD_OUT
from cephalign import register
from cephalign.errors import InputError
from cephalign.simulate.head import Anatomy
from cephalign.simulate.labelled import LabelledHeads
from cephalign.simulate.procedural import procedural_head
from cephalign.train.heads import MixedHeads

OUT = ROOT / "benchmarks" / "out"
# No other use of the simulator draws from these: pairs to be measured on, and to learn from.
SEED, LEARN_SEED = 20_261_201, 20_261_202
REFUSED = "refused"


@dataclass(frozen=True)
class Row:
    """What came of one case; the TRE is NaN where no answer is right, and evidence is JSON or nothing."""

    kind: str
    name: str
    mean_mm: float = np.nan
    max_mm: float = np.nan
    status: str = ""
    reason: str = ""
    expected_mm: float = np.nan
    low_mm: float = np.nan
    high_mm: float = np.nan
    seconds: float = np.nan
    seconds_checking: float = np.nan
    evidence: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, help="the number of the first")
    parser.add_argument("--learn", action="store_true", help="pairs to learn from")
    options = parser.parse_args()
    seed, heads = (LEARN_SEED, learnt_heads()) if options.learn else (SEED, tested_heads())
    part = f"-{options.first}" if options.first else ""
    results = Results(OUT / f"trust{'-learn' if options.learn else ''}{part}.csv", Row)
    for number in range(options.first, options.first + options.pairs):
        if sum(row.name.startswith(f"{number:04d} ") for row in results.rows) < 2:
            for case in cases(seed, number, lambda labelled: heads if labelled else procedural_head):
                if not results.has((case.kind, case.name)):
                    results.add(measured(case))
                    print(results.rows[-1].kind, results.rows[-1].name, results.rows[-1].reason, flush=True)


def tested_heads() -> Anatomy:
    return MixedHeads(0.0, LabelledHeads(data_folder() / "labels"), HELD_OUT)


def learnt_heads() -> Anatomy:
    labelled = LabelledHeads(data_folder() / "labels")
    return MixedHeads(0.0, labelled, tuple(name for name in labelled.names if name not in HELD_OUT))


def measured(case: Case) -> Row:
    """Register, and tell what was said."""
    told: dict[str, float] = {}
    began = perf_counter()
    try:
        found = register(
            case.fixed,
            case.moving,
            progress=lambda what: told.update({what: perf_counter()}),
            **case.how,
        )
    except InputError as error:
        return Row(case.kind, case.name, status=REFUSED, reason=str(error))
    ended = perf_counter()
    errors = np.array([np.nan])
    if case.answer:
        errors = found.moving_from_fixed.distance(case.answer, case.points)
    check = found.check
    return Row(
        case.kind,
        case.name,
        mean_mm=float(errors.mean()),
        max_mm=float(errors.max()),
        status=found.status.value,
        reason=found.reason,
        expected_mm=check.expected_mm,
        low_mm=check.interval_mm[0],
        high_mm=check.interval_mm[1],
        seconds=ended - began,
        seconds_checking=ended - told["checking"],
        evidence=json.dumps(asdict(check.evidence)) if check.evidence else "",
    )


if __name__ == "__main__":
    main()
