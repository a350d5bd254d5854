"""NiftyReg's block matching, where `reg_aladin` is on the PATH.

No package of it was at hand when this was written, so it has never been run: the easy pair, which every
method registers first, tells whether its answer is read rightly.
"""

from __future__ import annotations

from benchmarks.method import THREADS, Job, Method, Start, matrix_answer

# Its default start aligns the grids' centres; -nac leaves the headers'.
START = {Start.CENTRES: [], Start.HEADER: ["-nac"]}


def command(job: Job) -> list[str]:
    files = ["-ref", str(job.fixed), "-flo", str(job.moving), "-aff", str(job.folder / "niftyreg.txt")]
    image = ["-res", str(job.folder / "niftyreg.nii")]
    return ["reg_aladin", "-rigOnly", *START[job.start], "-omp", str(THREADS), *files, *image]


METHODS = [
    Method(
        "NiftyReg",
        ["reg_aladin", "--version"],
        command,
        matrix_answer("niftyreg.txt"),
        lambda _: None,
        "`reg_aladin -rigOnly`",
    )
]
