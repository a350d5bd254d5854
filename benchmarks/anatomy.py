"""How large the simulated heads and their parts are, beside published ranges.

    python -m benchmarks.anatomy [--heads 20]

Procedural heads and, where ../shared/data/labels is there, heads drawn from label maps of real people. Writes
benchmarks/out/anatomy.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from benchmarks.method import ROOT
from benchmarks.pairs import data_folder
from benchmarks.table import write_page
from cephalign.geometry.grid import apply_affine
from cephalign.simulate.head import Anatomy, Head
from cephalign.simulate.labelled import LabelledHeads
from cephalign.simulate.procedural import procedural_head
from cephalign.simulate.tissues import Tissue

OUT = ROOT / "benchmarks" / "out"
SEED, SPACING_MM = 4_026, 1.0
BONE = (Tissue.CORTICAL_BONE, Tissue.DIPLOE)
SCALP = (Tissue.SKIN, Tissue.FAT, Tissue.MUSCLE)
GREY = (Tissue.GREY, Tissue.DEEP_GREY, Tissue.CEREBELLUM_GREY)
WHITE = (Tissue.WHITE, Tissue.CEREBELLUM_WHITE, Tissue.BRAIN_STEM)
INSIDE = (
    *GREY,
    *WHITE,
    Tissue.CSF,
    Tissue.VENTRICLE,
    Tissue.DURA,
    Tissue.VEIN,
    Tissue.ARTERY,
    Tissue.CALCIFICATION,
)
# Rays over the vault: up to this far from the vertical.
VAULT_DEG, RAYS, STEP_MM, REACH_MM = 75.0, 400, 0.25, 160.0


def volume_ml(*tissues: Tissue) -> Callable[[Head], float]:
    def measure(head: Head) -> float:
        voxels = np.isin(head.tissues.numpy(), tissues).sum()
        return float(voxels * np.prod(head.grid.spacing) / 1000)

    return measure


def head_width_mm(axis: int) -> Callable[[Head], float]:
    """Breadth and length of the head above the eyes, without ears and nose."""

    def measure(head: Head) -> float:
        above = int(np.ceil(apply_affine(head.grid.voxel_from_world, (0, 0, 20))[2]))
        is_head = (head.tissues.numpy()[:, :, above:] != Tissue.AIR).any(axis=2).any(axis=1 - axis)
        return float(is_head.sum() * head.grid.spacing[axis])

    return measure


def thickness_mm(*tissues: Tissue) -> Callable[[Head], float]:
    """Median over rays through the vault, from the brain's middle outwards, of the last run of tissues."""

    def measure(head: Head) -> float:
        return float(np.median([_last_run(row, tissues) for row in _rays(head)])) * STEP_MM

    return measure


def _rays(head: Head) -> np.ndarray:
    """Return (rays, steps) tissues along rays that are spread evenly over the vault."""
    number = np.arange(RAYS) + 0.5
    height = 1 - number / RAYS * (1 - np.cos(np.deg2rad(VAULT_DEG)))
    turn = number * np.pi * (1 + 5**0.5)
    level = np.sqrt(1 - height**2)
    direction = np.stack([level * np.cos(turn), level * np.sin(turn), height], -1)
    points = np.array([0.0, -18.0, 10.0]) + direction[:, None] * np.arange(0, REACH_MM, STEP_MM)[:, None]
    voxels = np.rint(apply_affine(head.grid.voxel_from_world, points)).astype(int)
    inside = ((voxels >= 0) & (voxels < head.grid.shape)).all(-1)
    i, j, k = np.moveaxis(np.clip(voxels, 0, np.array(head.grid.shape) - 1), -1, 0)
    return np.where(inside, head.tissues.numpy()[i, j, k], Tissue.AIR)


def _last_run(row: np.ndarray, tissues: tuple[Tissue, ...]) -> int:
    """Count the steps of the outermost unbroken run of tissues."""
    is_one = np.isin(row, tissues)
    borders = np.flatnonzero(np.diff(np.r_[False, is_one, False].astype(int)))
    runs = list(pairwise(borders))[::2]
    return int(runs[-1][1] - runs[-1][0]) if runs else 0


# What is measured, the range of adults, and who says so.
QUANTITIES: list[tuple[str, Callable[[Head], float], tuple[float, float], str]] = [
    ("head breadth, mm", head_width_mm(0), (135, 167), "Gordon et al. 2014 (ANSUR II), 1st-99th percentile"),
    ("head length, mm", head_width_mm(1), (172, 217), "the same"),
    (
        "intracranial volume, ml",
        volume_ml(*INSIDE),
        (1150, 1800),
        "Buckner et al. 2004; Matsumae et al. 1996",
    ),
    ("brain, ml", volume_ml(*GREY, *WHITE), (950, 1500), "Allen et al. 2002"),
    ("grey matter, ml", volume_ml(*GREY), (520, 850), "Allen et al. 2002; Good et al. 2001"),
    ("white matter, ml", volume_ml(*WHITE), (380, 650), "the same"),
    ("ventricles, ml", volume_ml(Tissue.VENTRICLE), (7, 80), "Matsumae et al. 1996, and wider for atrophy"),
    ("skull over the vault, mm", thickness_mm(*BONE), (4, 10), "Lynnerup 2001"),
    ("scalp over the vault, mm", thickness_mm(*SCALP), (3, 9), "Hori et al. 1972"),
    (
        "both globes, ml",
        volume_ml(Tissue.EYE, Tissue.LENS, Tissue.EYE_WALL),
        (10, 19),
        "24 mm across (Bekerman et al. 2014), within 10 %",
    ),
]


def measured(anatomy: Anatomy, heads: int) -> np.ndarray:
    """Return (heads, quantities)."""
    return np.array(
        [
            [measure(head) for _, measure, _, _ in QUANTITIES]
            for head in (
                anatomy(np.random.default_rng([SEED, number]), spacing_mm=SPACING_MM, device="cpu")
                for number in range(heads)
            )
        ]
    )


def anatomy_table(sources: dict[str, np.ndarray]) -> str:
    """Make the table: median, least and most of each source beside the published range."""
    text = "# Simulated heads in numbers\n\nMedian (least to most) over the heads; simulated.\n\n"
    text += f"| | {' | '.join(f'{name} ({len(rows)})' for name, rows in sources.items())} | adults | from |\n"
    text += "|---" * (len(sources) + 3) + "|\n"
    for column, (name, _, (low, high), citation) in enumerate(QUANTITIES):
        cells = []
        for rows in sources.values():
            values = rows[:, column]
            outside = int(((values < low) | (values > high)).sum())
            cells.append(
                f"{np.median(values):.4g} ({values.min():.4g} to {values.max():.4g})"
                + (f", {outside} outside" if outside else "")
            )
        text += f"| {name} | {' | '.join(cells)} | {low:g} to {high:g} | {citation} |\n"
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--heads", type=int, default=20, help="of each source")
    options = parser.parse_args()
    sources = {"procedural": measured(procedural_head, options.heads)}
    labels = data_folder() / "labels"
    if labels.is_dir():
        sources["from label maps"] = measured(LabelledHeads(labels), options.heads)
    write_page(OUT / "anatomy.md", anatomy_table(sources))


if __name__ == "__main__":
    main()
