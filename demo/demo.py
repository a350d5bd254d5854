"""Two simulated scans of one head, aligned by the program itself, with the error in mm."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from time import perf_counter

import numpy as np
import torch

from cephalign import Modality, Rigid, read_transform, write_volume
from cephalign.geometry.grid import apply_affine
from cephalign.simulate.session import Session, simulated_session
from cephalign.simulate.tissues import Tissue

OUT = Path(__file__).resolve().parent.parent / "demo-out"
SEED, ANGLE_DEG, SHIFT_MM = 7, (10.0, 20.0), 25.0
FIXED, MOVING = Modality.T1, Modality.CT
BRAIN = (Tissue.GREY, Tissue.WHITE, Tissue.DEEP_GREY, Tissue.CEREBELLUM_GREY, Tissue.CEREBELLUM_WHITE)
BRAIN_POINTS = 2000


def main() -> None:
    OUT.mkdir(exist_ok=True)
    print(
        "simulating a head that no one has: MR T1 (fixed) and CT (moving), as in the RIRE study ...",
        flush=True,
    )
    session = simulated_session(
        np.random.default_rng(SEED),
        "rire",
        modalities=(FIXED, MOVING),
        least_angle_deg=ANGLE_DEG[0],
        angle_deg=ANGLE_DEG[1],
        shift_mm=SHIFT_MM,
    )
    files = {kind: OUT / f"simulated_{name}.nii.gz" for kind, name in ((FIXED, "T1"), (MOVING, "CT"))}
    for kind, path in files.items():
        write_volume(session.scans[kind], path, description="simulated")
    command = ["register", *map(str, files.values()), "--out", str(OUT / "registered")]
    words = (Path(word).name if "/" in word else word for word in command)
    print(f"\n$ cephalign {' '.join(words)}", flush=True)
    began = perf_counter()
    subprocess.run([sys.executable, "-m", "cephalign", *command], check=True)
    seconds = perf_counter() - began

    tell_errors(session, read_transform(OUT / "registered" / "registration.json"))
    print(f"\nwhole process {seconds:.1f} s; the page to look at is {OUT / 'registered' / 'report.html'}")


def tell_errors(session: Session, found: Rigid) -> None:
    """Print how far each answer puts places of the head from where they are."""
    fixed, moving = session.scans[FIXED].grid, session.scans[MOVING].grid
    truth = session.motion(FIXED, MOVING)
    places = {"ten landmarks": session.landmarks(FIXED), "brain": brain_points(session)}
    answers = {
        "identity (headers as they are)": Rigid.identity(),
        "centres of the grids together": Rigid.from_rotation(np.eye(3), moving.centre - fixed.centre),
        "cephalign": found,
    }
    print("\ntarget registration error, mm:   " + "".join(f"{name:>24}" for name in places))
    print(" " * 33 + f"{'mean':>16}{'max':>8}" * len(places))
    for name, pose in answers.items():
        errors = [pose.distance(truth, points) for points in places.values()]
        print(f"  {name:<31}" + "".join(f"{error.mean():16.2f}{error.max():8.2f}" for error in errors))
    bend = bend_mm(session, np.concatenate(list(places.values())))
    print(
        f"for scale: slices lie {fixed.spacing[2]:g} mm apart, and the MR scanner bends space "
        f"by up to {bend:.2f} mm here"
    )


def brain_points(session: Session) -> np.ndarray:
    """Return (n, 3) world points of the fixed scan, spread over the brain."""
    head = session.head
    voxels = np.argwhere(np.isin(head.tissues.numpy(), BRAIN))
    voxels = np.random.default_rng(0).choice(voxels, BRAIN_POINTS, replace=False)
    in_head = apply_affine(head.grid.world_from_voxel, voxels)
    return session.acquisitions[FIXED].world_from_head.map(in_head)


def bend_mm(session: Session, points: np.ndarray) -> float:
    """Return how far off, at most, the fixed scan shows world points: no rigid motion undoes that."""
    acquisition = session.acquisitions[FIXED]
    if acquisition.distortion is None:
        return 0.0
    laid = torch.tensor(points.T, dtype=torch.float32)[:, :, None, None]
    shift = acquisition.distortion.shift_mm(laid, session.head, acquisition.world_from_head)
    return float(shift.norm(dim=0).max())


if __name__ == "__main__":
    main()
