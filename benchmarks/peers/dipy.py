"""DIPY: centre of mass, translation, rigid, with mutual information over all voxels, as its tutorials do."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.method import (
    Method,
    Start,
    matrix_answer,
    noted_seconds,
    package_version,
    run_script,
    script,
)

# DIPY's tutorials' steps; a tenth of them left 1 mm, and with a tenth of the voxels besides 3 to 12 mm.
OPTIONS = {"level_iters": [10000, 1000, 100], "sigmas": [3.0, 1.0, 0.0], "factors": [4, 2, 1], "nbins": 32}
PIPELINE = ["translation", "rigid"]


def register(fixed_path: Path, moving_path: Path, folder: Path, start: Start, _: list[str]) -> float:
    import nibabel as nib
    import numpy as np
    from dipy.align import affine_registration

    files = [nib.load(path) for path in (moving_path, fixed_path)]
    moving, fixed = (np.asarray(file.dataobj, dtype=np.float64) for file in files)
    began = time.perf_counter()
    _, moving_from_fixed = affine_registration(
        moving,
        fixed,
        moving_affine=files[0].affine,
        static_affine=files[1].affine,
        pipeline=["center_of_mass", *PIPELINE] if start is Start.CENTRES else PIPELINE,
        **OPTIONS,
    )
    seconds = time.perf_counter() - began
    np.savetxt(folder / "dipy.txt", moving_from_fixed, fmt="%.17g")
    return seconds


METHODS = [
    Method(
        "DIPY",
        package_version("dipy"),
        script("dipy"),
        matrix_answer("dipy.txt"),
        noted_seconds,
        "centre of mass, translation, rigid; MI over all voxels, 10000-1000-100 steps, factors 4-2-1",
    )
]

if __name__ == "__main__":
    run_script(register)
