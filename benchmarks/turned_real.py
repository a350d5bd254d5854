"""Real scans in any orientation: does the registration end where it does when they lie as usual?

    python -m benchmarks.turned_real [--turns 200]

Two pairs. The RIRE T1 against itself, re-contrasted as in `pairs`, with noise: the truth is known. The CT
against the T1 of the templates, of different people, which differ by some mm: right is what is found without
the turn. The moving scan is turned anyhow and shifted, and resampled along the world's axes; no header tells.
Rows go to benchmarks/out/turned-real.csv as they come.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from benchmarks.method import ROOT
from benchmarks.moved import any_turn, resampled
from benchmarks.pairs import Pair, data_folder, head_points, remap_contrast, rire_t1
from benchmarks.records import Results, Row
from benchmarks.run import is_measured, measure_trivial
from benchmarks.table import write_page
from benchmarks.trivial import TRIVIAL
from benchmarks.turned import METHODS as ALL
from benchmarks.turned import measure_here
from benchmarks.turned_table import HEAD, line
from cephalign import register
from cephalign.geometry import Rigid, Volume
from cephalign.io.volumes import read_volume

OUT = ROOT / "benchmarks" / "out"
METHODS = {name: way for name, way in ALL.items() if name.startswith("whole: ")}
# No other benchmark draws from this.
SEED = 20_261_130
FINEST_MM, SHIFT_MM = 1.0, 30.0
NOISE = 15.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--turns", type=int, default=200, help="of each pair")
    options = parser.parse_args()
    results = Results(OUT / "turned-real.csv")
    for family, maker in FAMILIES.items():
        turned: Callable[[int], Pair] | None = None
        for number in range(options.turns):
            if not is_measured(results, family, name_of(number), (*TRIVIAL, *METHODS)):
                turned = turned or maker()
                pair = turned(number)
                measure_trivial(pair, family, results)
                measure_here(pair, family, METHODS, results)
    write_page(OUT / "turned-real.md", page(results.rows))


def rire() -> Callable[[int], Pair]:
    """Give the T1 as it is, and its re-contrasted copy, moved."""
    scan = rire_t1(data_folder())
    points = head_points(scan)

    def turned(number: int) -> Pair:
        rng = np.random.default_rng([SEED, number])
        moved_from_scan = any_motion(rng, scan.grid.centre)
        other = remap_contrast(scan.data.astype(float), rng) + rng.normal(0, NOISE, scan.grid.shape)
        copy = Volume(np.round(other).astype(np.int16), scan.grid)
        moving = resampled(copy, moved_from_scan, FINEST_MM)
        return Pair(name_of(number), scan, moving, moved_from_scan, points)

    return turned


def templates() -> Callable[[int], Pair]:
    """Give the T1 and the CT, moved; true is what is found where the CT is not."""
    fixed, ct = (read_volume(data_folder() / "templates" / name) for name in ("T1.nii.gz", "scct.nii.gz"))
    unturned = register(fixed, ct).moving_from_fixed
    points = head_points(fixed)

    def turned(number: int) -> Pair:
        moved_from_ct = any_motion(np.random.default_rng([SEED, number]), ct.grid.centre)
        moving = resampled(ct, moved_from_ct, FINEST_MM)
        return Pair(name_of(number), fixed, moving, moved_from_ct @ unturned, points)

    return turned


FAMILIES: dict[str, Callable[[], Callable[[int], Pair]]] = {
    "RIRE T1 and itself, re-contrasted": rire,
    "template T1 and CT": templates,
}


def name_of(number: int) -> str:
    return f"{number:03d}"


def any_motion(rng: np.random.Generator, centre: np.ndarray) -> Rigid:
    """Draw a rotation evenly from all there are, and a shift along each axis."""
    return Rigid.from_rotation(any_turn(rng), rng.uniform(-SHIFT_MM, SHIFT_MM, 3), centre)


def page(rows: list[Row]) -> str:
    """Make a table of each pair; errors are the largest over the head."""
    parts = [
        "# Real scans in any orientation\n\nMaximum of the TRE over the head, mm; seconds are medians.\n"
    ]
    for family in FAMILIES:
        chosen = [row for row in rows if row.family == family]
        parts.append(f"\n## {family}\n\n{HEAD}")
        parts += [line(name, chosen) for name in dict.fromkeys(row.method for row in chosen)]
    return "".join(parts)


if __name__ == "__main__":
    main()
