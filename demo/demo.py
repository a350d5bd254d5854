"""Two simulated scans of one head, aligned by the program itself, with the error in mm."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from time import perf_counter

import numpy as np

from cephalign import Rigid, read_transform, write_volume
from cephalign.geometry.grid import apply_affine
from cephalign.prep.head import head_mask
from cephalign.simulate.compact import compact_head_pair

OUT = Path(__file__).resolve().parent.parent / "demo-out"
SEED, ANGLE_DEG, SHIFT_MM = 7, 14.0, 20.0


def main() -> None:
    OUT.mkdir(exist_ok=True)
    print(
        "simulating one head: MR T1 (fixed) and CT with table and holder (moving), on the grids of RIRE ..."
    )
    pair = compact_head_pair(np.random.default_rng(SEED), angle_deg=ANGLE_DEG, shift_mm=SHIFT_MM)
    files = OUT / "simulated_T1.nii.gz", OUT / "simulated_CT.nii.gz"
    for volume, path in zip((pair.fixed, pair.moving), files, strict=True):
        write_volume(volume, path)
    command = ["register", *map(str, files), "--out", str(OUT / "registered")]
    print("\n$ cephalign " + " ".join(str(Path(word).name if "/" in word else word) for word in command))
    began = perf_counter()
    subprocess.run([sys.executable, "-m", "cephalign", *command], check=True)
    seconds = perf_counter() - began

    mask = head_mask(pair.fixed)
    points = apply_affine(mask.grid.world_from_voxel, np.argwhere(mask.data))
    answers = {
        "identity (headers as they are)": Rigid.identity(),
        "centres of the grids together": Rigid.from_rotation(
            np.eye(3), pair.moving.grid.centre - pair.fixed.grid.centre
        ),
        "cephalign": read_transform(OUT / "registered" / "registration.json"),
    }
    print(f"\ntarget registration error over {len(points)} points of the simulated head, mm:")
    for name, pose in answers.items():
        error = pose.distance(pair.moving_from_fixed, points)
        print(f"  {name:<32} mean {error.mean():8.3f}   max {error.max():8.3f}")
    print(f"\nwhole process {seconds:.1f} s; the picture is {OUT / 'registered' / 'registration.png'}")


if __name__ == "__main__":
    main()
