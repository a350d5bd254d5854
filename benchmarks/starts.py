"""Where registration of the real specimen (CT to T2) ends, from many starts and in both directions.

There is no truth for this pair: the consensus is the answer from the symmetry start. Run with
`python -m benchmarks.starts ../shared/data`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter

import numpy as np

from cephalign import Rigid, read_volume, register
from cephalign.geometry.grid import apply_affine
from cephalign.prep.head import head_mask
from cephalign.simulate.motion import random_motion

STARTS, ANGLE_DEG, SHIFT_MM, SEED = 50, 20.0, 20.0, 20261124
WITHIN_MM = 1.0


def main(data_dir: Path) -> None:
    fixed, moving = (read_volume(data_dir / "mri-dir" / f"phantom_{kind}.nii.gz") for kind in ("ct", "t2"))
    mask = head_mask(fixed)
    body = apply_affine(mask.grid.world_from_voxel, np.argwhere(mask.data)[::20])
    consensus = register(fixed, moving).moving_from_fixed

    def tell(name: str, pose: Rigid) -> float:
        mean = float(pose.distance(consensus, body).mean())
        print(f"{name:<24} {mean:8.3f} mm from the consensus (mean over the specimen)")
        return mean

    tell("identity", Rigid.identity())
    tell("auto", consensus)
    tell("header", register(fixed, moving, method="header").moving_from_fixed)
    tell("moving to fixed, turned", register(moving, fixed).moving_from_fixed.inverse())
    rng = np.random.default_rng(SEED)
    centre = consensus.map(body.mean(axis=0))
    starts, ends, seconds = [], [], []
    for _ in range(STARTS):
        start = random_motion(rng, ANGLE_DEG, SHIFT_MM, centre) @ consensus
        began = perf_counter()
        end = register(fixed, moving, init=start).moving_from_fixed
        seconds.append(perf_counter() - began)
        starts.append(float(start.distance(consensus, body).mean()))
        ends.append(float(end.distance(consensus, body).mean()))
    print(
        f"{STARTS} random starts within {ANGLE_DEG:g} degrees and {SHIFT_MM:g} mm: "
        f"start median {np.median(starts):.1f}, max {np.max(starts):.1f} mm; "
        f"end median {np.median(ends):.3f}, max {np.max(ends):.3f} mm; "
        f"{np.sum(np.array(ends) < WITHIN_MM)} within {WITHIN_MM:g} mm; {np.median(seconds):.2f} s each"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
