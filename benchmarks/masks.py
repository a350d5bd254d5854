"""How well the automatic head mask fits the true one, with table, holder and frame around the head.

    python -m benchmarks.masks [--heads 60]

CTs of the simulator's `rire` preset, each with all three of them, and its T1s, which show none; half of the
heads procedural, half from label maps of real people, turned by up to 45 degrees. Writes
benchmarks/out/masks.md.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from benchmarks.method import ROOT
from benchmarks.pairs import data_folder
from benchmarks.table import write_page
from cephalign.geometry import Modality, Rigid, Volume
from cephalign.geometry.grid import apply_affine
from cephalign.prep.head import head_mask
from cephalign.simulate.acquire import acquire, draw_acquisition
from cephalign.simulate.head import Head
from cephalign.simulate.labelled import LabelledHeads
from cephalign.simulate.motion import random_motion
from cephalign.simulate.presets import PRESETS
from cephalign.simulate.procedural import procedural_head
from cephalign.simulate.tissues import Tissue

OUT = ROOT / "benchmarks" / "out"
SEED, ANGLE_DEG, SHIFT_MM = 4_028, 45.0, 30.0
SCANS = (Modality.CT, Modality.T1)
ALL_HARDWARE = {"table": 1.0, "holder": 1.0, "frame": 1.0}


def true_mask(head: Head, head_from_world: Rigid, mask: Volume) -> np.ndarray:
    """Return which voxels of the mask's grid have their centre in the head; below it, its lowest layer."""
    indices = np.moveaxis(np.indices(mask.grid.shape), 0, -1)
    voxel_from_voxel = head.grid.voxel_from_world @ head_from_world.matrix @ mask.grid.world_from_voxel
    at = np.rint(apply_affine(voxel_from_voxel, indices)).astype(int)
    at[..., 2] = at[..., 2].clip(min=0)
    inside = ((at >= 0) & (at < head.grid.shape)).all(-1)
    i, j, k = np.moveaxis(at.clip(0, np.array(head.grid.shape) - 1), -1, 0)
    return inside & (head.tissues.numpy()[i, j, k] != Tissue.AIR)


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


def measured(heads: int) -> dict[tuple[str, Modality], list[float]]:
    """Return the Dice of every scan, by source of the head and by kind of scan."""
    sources = {"procedural": procedural_head, "from label maps": LabelledHeads(data_folder() / "labels")}
    found: dict[tuple[str, Modality], list[float]] = {(s, m): [] for s in sources for m in SCANS}
    for number in range(heads):
        source = list(sources)[number % 2]
        rng = np.random.default_rng([SEED, number])
        head = sources[source](rng, spacing_mm=1.0, device="cpu")
        for modality in SCANS:
            protocol = PRESETS["rire"].protocols[modality]
            if modality is Modality.CT:
                protocol = replace(protocol, flaws=replace(protocol.flaws, hardware=ALL_HARDWARE))
            pose = random_motion(rng, ANGLE_DEG, SHIFT_MM, (0, 0, 0))
            scan = acquire(head, draw_acquisition(rng, protocol, head, pose))
            mask = head_mask(scan)
            value = dice(mask.data > 0, true_mask(head, ~pose, mask))
            found[source, modality].append(value)
            print(f"{number} {source} {modality}: {value:.4f}", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--heads", type=int, default=60)
    options = parser.parse_args()
    text = "# The head mask against the truth\n\nDice; CT with table, holder and frame; simulated.\n\n"
    text += "| heads | scan | scans | median | 5th percentile | worst |\n|---|---|---|---|---|---|\n"
    for (source, modality), values in measured(options.heads).items():
        cells = [np.median(values), np.percentile(values, 5), min(values)]
        text += f"| {source} | {modality} | {len(values)} | {' | '.join(f'{c:.4f}' for c in cells)} |\n"
    write_page(OUT / "masks.md", text)


if __name__ == "__main__":
    main()
