"""Pictures of simulated heads beside real scans: three planes of each, as CT, T1, T2 and PD.

    python -m benchmarks.gallery [--heads 6]

Writes benchmarks/out/gallery-*.png: procedural heads, heads drawn from label maps of real people, and the
real RIRE T1 and the templates of ../shared/data. The pictures show other people's data: they are not ours
to commit.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.method import ROOT
from benchmarks.pairs import data_folder, rire_t1
from cephalign import Modality, Volume, read_volume
from cephalign.geometry.grid import apply_affine
from cephalign.simulate.head import Anatomy
from cephalign.simulate.labelled import LabelledHeads
from cephalign.simulate.procedural import procedural_head
from cephalign.simulate.session import simulated_session

OUT = ROOT / "benchmarks" / "out"
SEED = 4_027
SCANS = (Modality.CT, Modality.T1, Modality.T2, Modality.PD)
# A picture shows so much, at so many pixels a mm.
EXTENT_MM, SIDE = 250, 200
# Head mm: through the lateral ventricles; the planes cross here.
CENTRE_MM = (4.0, -15.0, 8.0)
CT_WINDOW = (-200.0, 400.0)


def planes(volume: Volume, centre: np.ndarray) -> Image.Image:
    """Draw the axial, coronal and sagittal plane through a world point, as radiologists see them."""
    offsets = (np.arange(SIDE) - (SIDE - 1) / 2) * EXTENT_MM / SIDE
    right, up = np.meshgrid(-offsets, -offsets)
    zero = np.zeros_like(right)
    shown = [
        sampled(volume, centre + np.stack(axes, -1))
        for axes in ((right, up, zero), (right, zero, up), (zero, right, up))
    ]
    low, high = window(volume)
    grey = np.clip((np.hstack(shown) - low) / (high - low), 0, 1)
    return Image.fromarray((255 * grey).astype(np.uint8))


def sampled(volume: Volume, points: np.ndarray) -> np.ndarray:
    voxels = np.rint(apply_affine(volume.grid.voxel_from_world, points)).astype(int)
    inside = ((voxels >= 0) & (voxels < volume.grid.shape)).all(-1)
    i, j, k = np.moveaxis(np.clip(voxels, 0, np.array(volume.grid.shape) - 1), -1, 0)
    return np.where(inside, volume.data[i, j, k].astype(np.float32), float(volume.data.min()))


def window(volume: Volume) -> tuple[float, float]:
    if volume.modality is Modality.CT:
        offset = 1024.0 if volume.data.min() >= 0 else 0.0  # as some scanners store it
        return CT_WINDOW[0] + offset, CT_WINDOW[1] + offset
    bright = volume.data[volume.data > np.percentile(volume.data, 50)]
    return float(np.percentile(volume.data, 1)), float(np.percentile(bright, 99))


def head_row(anatomy: Anatomy, number: int, preset: str) -> Image.Image:
    rng = np.random.default_rng([SEED, number])
    session = simulated_session(rng, preset, modalities=SCANS, anatomy=anatomy, angle_deg=4, shift_mm=5)
    pictures = [
        planes(session.scans[scan], session.acquisitions[scan].world_from_head.map(CENTRE_MM))
        for scan in SCANS
    ]
    return joined(pictures, f"{preset} {number}: {session.head.parameters['source']}")


def joined(pictures: list[Image.Image], name: str) -> Image.Image:
    row = Image.new("L", (sum(picture.width for picture in pictures), SIDE))
    for number, picture in enumerate(pictures):
        row.paste(picture, (sum(p.width for p in pictures[:number]), 0))
    ImageDraw.Draw(row).text((4, 4), name, fill=255)
    return row


def real_rows(folder: Path) -> list[Image.Image]:
    """Draw the real T1 through its middle and the templates (MNI space) through the same place."""
    scan = rire_t1(folder)
    rows = [planes(scan, scan.grid.centre)]
    for name in ("T1", "single_subj_T1", "scct"):
        template = read_volume(folder / "templates" / f"{name}.nii.gz")
        rows.append(planes(template, np.array(CENTRE_MM)))
    return [joined(rows, "real: RIRE T1, templates T1, one subject's T1, CT")]


def stacked(rows: list[Image.Image], path: Path) -> None:
    page = Image.new("L", (max(row.width for row in rows), SIDE * len(rows)))
    for number, row in enumerate(rows):
        page.paste(row, (0, SIDE * number))
    path.parent.mkdir(parents=True, exist_ok=True)
    page.save(path)
    print(path.relative_to(ROOT))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--heads", type=int, default=6, help="of each source")
    parser.add_argument("--preset", default="modern")
    options = parser.parse_args()
    sources: dict[str, Anatomy] = {"procedural": procedural_head}
    folder = data_folder()
    if (folder / "labels").is_dir():
        sources["labelled"] = LabelledHeads(folder / "labels")
        stacked(real_rows(folder), OUT / "gallery-real.png")
    for name, anatomy in sources.items():
        rows = [head_row(anatomy, number, options.preset) for number in range(options.heads)]
        stacked(rows, OUT / f"gallery-{name}-{options.preset}.png")


if __name__ == "__main__":
    main()
