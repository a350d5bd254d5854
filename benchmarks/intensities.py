"""How bright the simulated heads are, beside published Hounsfield units and real scans.

    python -m benchmarks.intensities [--heads 6]

CT: median Hounsfield units of each tissue, away from its borders, in simulated `modern` scans. T1: grey
matter and CSF as parts of white matter, beside one real person's T1 (SPM's `single_subj_T1`, where its tissue
priors are above 0.9). RIRE: quantiles of the intensity in the head, as parts of its median, beside the real
T1. Writes benchmarks/out/intensities.md and a picture of the histograms, intensities.png.
"""

from __future__ import annotations

import argparse

import numpy as np
from matplotlib.figure import Figure
from scipy import ndimage

from benchmarks.method import ROOT
from benchmarks.pairs import data_folder, rire_t1
from benchmarks.table import write_page
from cephalign import Modality, Volume, read_volume
from cephalign.geometry.grid import apply_affine
from cephalign.prep.head import head_mask
from cephalign.simulate.labelled import LabelledHeads
from cephalign.simulate.procedural import procedural_head
from cephalign.simulate.session import Session, simulated_session
from cephalign.simulate.tissues import Tissue

OUT = ROOT / "benchmarks" / "out"
SEED = 4_028
# Adults at 120 kV; written down from memory, as commonly given in textbooks.
PUBLISHED_HU = {
    Tissue.WHITE: (20, 34),
    Tissue.GREY: (32, 43),
    Tissue.VENTRICLE: (0, 15),
    Tissue.MUSCLE: (35, 65),
    Tissue.FAT: (-120, -70),
    Tissue.CORTICAL_BONE: (700, 2000),
    Tissue.EYE: (0, 20),
    Tissue.CAVITY: (-1024, -900),
}
QUANTILES = (10, 25, 75, 90, 99)
BINS = np.linspace(0, 3, 91)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--heads", type=int, default=6, help="of each kind")
    heads = parser.parse_args().heads
    kinds = {"procedural": procedural_head, "label maps": LabelledHeads(data_folder() / "labels")}
    scans = (Modality.T1, Modality.CT)
    sessions = {
        (kind, preset): [
            simulated_session(
                np.random.default_rng([SEED, n]),
                preset,
                modalities=scans,
                anatomy=anatomy,
            )
            for n in range(heads)
        ]
        for kind, anatomy in kinds.items()
        for preset in ("modern", "rire")
    }
    parts = ["# Intensities of simulated heads\n\nMedian (least to most) of the heads' medians.\n"]
    names = " | ".join(kinds)
    parts.append(f"\n## CT, HU\n\n| | {names} | adults |\n|---|---|---|---|\n")
    for tissue, (low, high) in PUBLISHED_HU.items():
        cells = [spread([hounsfield(one, tissue) for one in sessions[kind, "modern"]], 0) for kind in kinds]
        parts.append(f"| {tissue.name.lower()} | {' | '.join(cells)} | {low} to {high} |\n")
    parts.append(f"\n## T1, part of white matter\n\n| | {names} | a real T1 |\n|---|---|---|---|\n")
    for name, tissue in (("grey", Tissue.GREY), ("csf", Tissue.VENTRICLE)):
        cells = [spread([of_white(one, tissue) for one in sessions[kind, "modern"]], 2) for kind in kinds]
        parts.append(f"| {name} | {' | '.join(cells)} | {real_of_white(name):.2f} |\n")
    parts.append(
        f"\n## RIRE T1 in the head, part of the median\n\n| quantile | {names} | the real T1 |\n"
        "|---|---|---|---|\n"
    )
    real = in_head(rire_t1(data_folder()))
    simulated = {kind: [in_head(one.scans[Modality.T1]) for one in sessions[kind, "rire"]] for kind in kinds}
    for q in QUANTILES:
        cells = [spread([float(np.percentile(one, q)) for one in simulated[kind]], 2) for kind in kinds]
        parts.append(f"| {q} % | {' | '.join(cells)} | {np.percentile(real, q):.2f} |\n")
    draw(real, simulated)
    write_page(OUT / "intensities.md", "".join(parts))


def medians(session: Session, scan: Modality, tissue: Tissue) -> float:
    """Return the median of the voxels with only their like around them; NaN where there are few."""
    head = session.head
    inner = ndimage.binary_erosion(head.tissues.numpy() == tissue, iterations=1)
    voxels = np.argwhere(inner)
    volume = session.scans[scan]
    world = session.acquisitions[scan].world_from_head.map(apply_affine(head.grid.world_from_voxel, voxels))
    index = np.rint(apply_affine(volume.grid.voxel_from_world, world)).astype(int)
    index = index[((index >= 0) & (index < volume.grid.shape)).all(axis=1)]
    return float(np.median(volume.data[tuple(index.T)])) if len(index) > 50 else np.nan


def hounsfield(session: Session, tissue: Tissue) -> float:
    offset = 1024.0 if session.scans[Modality.CT].data.min() >= 0 else 0.0  # as some scanners store it
    return medians(session, Modality.CT, tissue) - offset


def of_white(session: Session, tissue: Tissue) -> float:
    return medians(session, Modality.T1, tissue) / medians(session, Modality.T1, Tissue.WHITE)


def real_of_white(name: str) -> float:
    folder = data_folder() / "templates"
    scan = read_volume(folder / "single_subj_T1.nii.gz").data
    priors = {kind: read_volume(folder / f"{kind}.nii.gz").data for kind in (name, "white")}
    middle = {kind: np.median(scan[prior > 0.9 * prior.max()]) for kind, prior in priors.items()}
    return float(middle[name] / middle["white"])


def in_head(scan: Volume) -> np.ndarray:
    """Return the intensities in the head as parts of their median."""
    mask = head_mask(scan)
    index = np.rint(
        apply_affine(
            mask.grid.voxel_from_world @ scan.grid.world_from_voxel,
            np.moveaxis(np.indices(scan.grid.shape), 0, -1).astype(float),
        )
    ).astype(int)
    i, j, k = np.moveaxis(np.clip(index, 0, np.array(mask.grid.shape) - 1), -1, 0)
    values = scan.data[mask.data[i, j, k]].astype(float)
    return values / np.median(values)


def spread(values: list[float], digits: int) -> str:
    known = np.array(values)[~np.isnan(values)]
    if not known.size:
        return "-"
    middle, low, high = np.median(known), known.min(), known.max()
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def draw(real: np.ndarray, simulated: dict[str, list[np.ndarray]]) -> None:
    figure = Figure(figsize=(8, 5))
    axes = figure.subplots()
    for colour, (kind, scans) in zip(("tab:blue", "tab:orange"), simulated.items(), strict=True):
        for n, one in enumerate(scans):
            counts, _ = np.histogram(one, BINS, density=True)
            axes.plot(BINS[:-1], counts, color=colour, alpha=0.5, label=None if n else f"simulated, {kind}")
    counts, _ = np.histogram(real, BINS, density=True)
    axes.plot(BINS[:-1], counts, color="black", linewidth=2, label="real RIRE T1")
    axes.set(xlabel="intensity / median in the head", ylabel="density", title="T1 of the preset rire")
    axes.legend()
    OUT.mkdir(parents=True, exist_ok=True)
    figure.savefig(OUT / "intensities.png", dpi=120)


if __name__ == "__main__":
    main()
