"""ANTs from Python (antspyx): `Rigid` as it comes, which starts from the centres of mass."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.method import (
    Method,
    Start,
    itk_answer,
    noted_seconds,
    package_version,
    run_script,
    script,
)

SEED = 1


def register(fixed_path: Path, moving_path: Path, folder: Path, start: Start, _: list[str]) -> float:
    import ants

    # Deterministic mode would also take the second thread away.
    ants.config.set_ants_deterministic(on=False, seed_value=SEED)
    fixed, moving = (ants.image_read(str(path)) for path in (fixed_path, moving_path))
    began = time.perf_counter()
    ants.registration(
        fixed,
        moving,
        type_of_transform="Rigid",
        initial_transform=["Identity"] if start is Start.HEADER else None,
        outprefix=str(folder / "ants_"),
    )
    return time.perf_counter() - began


METHODS = [
    Method(
        "ANTs (antspyx)",
        package_version("antspyx"),
        script("ants"),
        itk_answer("ants_0GenericAffine.mat"),
        noted_seconds,
        "`Rigid`, defaults",
    )
]

if __name__ == "__main__":
    run_script(register)
