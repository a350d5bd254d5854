"""plastimatch (Debian's package): three stages of ITK's versor optimiser on Mattes mutual information.

It turns about the world's origin. In RIRE's frame that is a corner of the scan, and it lost both pairs that
we tried with 18 and 25 degrees. So both scans are given to it with the origin in the middle of the fixed one.
"""

from __future__ import annotations

import re

from benchmarks.method import Job, Method, Start

RIGID = "xform=rigid\noptim=versor\nimpl=itk\nmetric=mi\nmax_its=200\n"
# No shrinking along the 26 slices: with it, it lost all of our first trials.
STAGES = [
    "num_samples_pct=0.5\nmax_step=4\nmin_step=0.05\nres=4 4 1\n",
    "num_samples_pct=0.2\nmax_step=1\nmin_step=0.005\nres=2 2 1\n",
    "num_samples_pct=0.05\nmax_step=0.2\nmin_step=0.001\nres=1 1 1\n",
]


def command(job: Job) -> list[str]:
    fixed, moving = (_about_the_origin(job, path.name) for path in (job.fixed, job.moving))
    stages = [RIGID + stage for stage in STAGES]
    if job.start is Start.CENTRES:
        stages.insert(0, "xform=align_center\n")
    text = f"[GLOBAL]\nfixed={fixed}\nmoving={moving}\nxform_out={job.folder / 'plastimatch.tfm'}\n"
    (job.folder / "plastimatch.txt").write_text(text + "".join(f"[STAGE]\n{stage}" for stage in stages))
    return ["plastimatch", "register", str(job.folder / "plastimatch.txt")]


def answer(job: Job):
    """Read the transform and put the origin back."""
    import numpy as np

    from cephalign.geometry import Rigid
    from cephalign.io.transforms import read_transform

    world_from_moved = Rigid.from_rotation(np.eye(3), _middle(job))
    found = read_transform(job.folder / "plastimatch.tfm")
    return world_from_moved @ found @ world_from_moved.inverse()


def seconds_inside(job: Job) -> float | None:
    """Return what it prints as the time of its run, without loading and saving."""
    found = re.search(r"^Run:\s+([\d.]+)", (job.folder / "log.txt").read_text(errors="replace"), re.MULTILINE)
    return float(found[1]) if found else None


def _middle(job: Job):
    from cephalign.io.volumes import read_volume

    return read_volume(job.fixed).grid.centre


def _about_the_origin(job: Job, name: str):
    """Write a scan anew with the origin in the middle of the fixed one; this is not timed."""
    from cephalign.geometry import Grid, Volume
    from cephalign.io.volumes import read_volume, write_volume

    scan = read_volume(job.fixed.parent / name)
    matrix = scan.grid.world_from_voxel.copy()
    matrix[:3, 3] -= _middle(job)
    path = job.folder / name
    write_volume(Volume(scan.data, Grid(scan.grid.shape, matrix)), path)
    return path


METHODS = [
    Method(
        "plastimatch",
        ["plastimatch", "--version"],
        command,
        answer,
        seconds_inside,
        "align_center, then versor on MI at 4-4-1, 2-2-1, 1-1-1, origin in the middle of the scan",
    )
]
