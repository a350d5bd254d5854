"""Whether to believe what `register` says of itself: simulated pairs of all presets, and spoilt ones.

    python -m benchmarks.trust [--pairs 500] [--first 0]

Each pair is registered as it is, and spoilt in one of eight ways (`trust_cases`): another person's scan, a
mirror image, no overlap, no head, a wrong start forced, no refinement, a slab of it, noise. Pairs lie in any
orientation; half of the heads are procedural, half from label maps that no network was trained on. Rows go to
benchmarks/out/trust.csv as they come.

    python -m benchmarks.trust --of real --pairs 100
    python -m benchmarks.trust --of learning --pairs 1000

take the real RIRE T1 and its re-contrasted copies instead; or other simulated pairs, of other people, from
which the network of `cephalign.trust` learns (`trust_fit`).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from time import perf_counter

import numpy as np

from benchmarks.method import ROOT
from benchmarks.pairs import data_folder
from benchmarks.records import Results
from benchmarks.trust_cases import Case, real, simulated
from benchmarks.turned import HELD_OUT
from cephalign import register
from cephalign.errors import InputError
from cephalign.simulate.labelled import LabelledHeads
from cephalign.simulate.procedural import procedural_head
from cephalign.train.heads import MixedHeads

OUT = ROOT / "benchmarks" / "out"
# No other use of the simulator draws from these: pairs to be measured on, and to learn from.
SEED, REAL_SEED, LEARN_SEED = 20_261_201, 20_261_300, 20_261_202
REFUSED = "refused"
# Below it a result is good.
GOOD_MM = 1.5


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
    parser.add_argument("--of", choices=list(CASES), default="simulated")
    options = parser.parse_args()
    part = f"-{options.first}" if options.first else ""
    results = Results(OUT / f"{FILES[options.of]}{part}.csv", Row)
    cases = CASES[options.of]()
    for number in range(options.first, options.first + options.pairs):
        if sum(row.name.startswith(f"{number:04d} ") for row in results.rows) < 2:
            for case in cases(number):
                if not results.has((case.kind, case.name)):
                    results.add(measured(case))
                    print(results.rows[-1].kind, results.rows[-1].name, results.rows[-1].reason, flush=True)


def _simulated(seed: int, *, held_out: bool) -> Callable[[int], Iterator[Case]]:
    labelled = LabelledHeads(data_folder() / "labels")
    which = tuple(name for name in labelled.names if (name in HELD_OUT) == held_out)
    heads = MixedHeads(0.0, labelled, which)
    return lambda number: simulated(seed, number, lambda one: heads if one else procedural_head)


CASES: dict[str, Callable[[], Callable[[int], Iterator[Case]]]] = {
    "simulated": lambda: _simulated(SEED, held_out=True),
    "real": lambda: partial(real, REAL_SEED),
    "learning": lambda: _simulated(LEARN_SEED, held_out=False),
}
FILES = {"simulated": "trust", "real": "trust-real", "learning": "trust-learn"}


def rows_of(kind: str) -> list[Row]:
    """Read all that was measured of a kind of pairs, whatever number the files begin at."""
    paths = [OUT / f"{FILES[kind]}.csv", *sorted(OUT.glob(f"{FILES[kind]}-[0-9]*.csv"))]
    return [row for path in paths for row in Results(path, Row).rows]


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
