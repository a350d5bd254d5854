"""CMTK (Debian's package): normalised mutual information, six degrees of freedom, down to full resolution."""

from __future__ import annotations

from benchmarks.method import THREADS, Job, Method, Start, itk_answer

# Its automatic levels shrink the 26 slices as well and lost one of two pairs; so the levels are set here.
COMMON = ["--threads", str(THREADS), "--dofs", "6", "--coarsest", "8"]
# `registration` is three times faster than `registrationx` and ends in the same place, but only the latter
# can start from the headers: CMTK's own frame begins at the corner of the scan.
START = {
    Start.CENTRES: ["registration", *COMMON, "--initxlate", "-e", "16", "-a", "0.01", "--out-itk"],
    Start.HEADER: [
        *["registrationx", *COMMON, "--init", "physical", "--max-stepsize", "16", "--min-stepsize", "0.01"],
        "--write-itk",
    ],
}


def command(job: Job) -> list[str]:
    files = [str(job.folder / "cmtk.tfm"), str(job.fixed), str(job.moving)]
    return ["cmtk", *START[job.start], *files]


METHODS = [
    Method(
        "CMTK",
        ["cmtk", "registration", "--version"],
        command,
        itk_answer("cmtk.tfm"),
        lambda _: None,
        "`registration --initxlate --dofs 6 --coarsest 8 -e 16 -a 0.01`, NMI",
    )
]
