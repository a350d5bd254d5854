"""A way to register two files: how it is called, and where it leaves its answer.

The Python peers import this in an environment without cephalign, so it stays free of it at run time.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cephalign.geometry import Rigid

ROOT = Path(__file__).resolve().parent.parent
PEER_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
OUR_PYTHON = Path(sys.executable)
THREADS = 2
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
    "CMTK_NUM_THREADS",
)
SECONDS_FILE = "seconds.txt"


class Start(StrEnum):
    """Where a method begins: where the headers put the scans, or where its own initialiser does."""

    HEADER = "header"
    CENTRES = "centres"


@dataclass(frozen=True)
class Job:
    """Two files to register, and an empty folder to work in."""

    fixed: Path
    moving: Path
    folder: Path
    start: Start


@dataclass(frozen=True)
class Method:
    """One row of the table.

    Parameters
    ----------
    name : str
    version_command : list of str
        Prints the version; where it fails, the program is not here and is left out.
    command : callable
        The words to run, with the repository as working folder.
    answer : callable
        Reads `moving_from_fixed` (RAS+ mm) from what the command left.
    seconds_inside : callable
        The seconds of the registration alone, or None where the program does not tell.
    settings : str
        For the table, in one line.
    is_ours : bool
    """

    name: str
    version_command: list[str]
    command: Callable[[Job], list[str]]
    answer: Callable[[Job], Rigid]
    seconds_inside: Callable[[Job], float | None]
    settings: str
    is_ours: bool = False


def environment() -> dict[str, str]:
    """Return the variables a method runs with: everyone has the same number of threads."""
    return os.environ | dict.fromkeys(THREAD_VARIABLES, str(THREADS))


def script(module: str, *words: str, python: Path = PEER_PYTHON) -> Callable[[Job], list[str]]:
    """Return the command that runs `benchmarks.peers.<module>` as a script, in the peers' environment."""

    def command(job: Job) -> list[str]:
        paths = [str(job.fixed), str(job.moving), str(job.folder), job.start.value]
        return [str(python), "-m", f"benchmarks.peers.{module}", *paths, *words]

    return command


def package_version(distribution: str, python: Path = PEER_PYTHON) -> list[str]:
    """Return the command that prints the version of an installed Python package."""
    return [str(python), "-c", f"from importlib.metadata import version; print(version({distribution!r}))"]


def run_script(register: Callable[[Path, Path, Path, Start, list[str]], float]) -> None:
    """Call `register(fixed, moving, folder, start, words)` with the words of the command line.

    It reads, registers and writes its transform into the folder, and returns the seconds of the registration
    alone, without imports, reading and writing.
    """
    fixed, moving, folder, start, *words = sys.argv[1:]
    seconds = register(Path(fixed), Path(moving), Path(folder), Start(start), words)
    (Path(folder) / SECONDS_FILE).write_text(f"{seconds}\n")


def noted_seconds(job: Job) -> float | None:
    """Return what `run_script` noted."""
    path = job.folder / SECONDS_FILE
    return float(path.read_text()) if path.is_file() else None


def itk_answer(name: str) -> Callable[[Job], Rigid]:
    """Return a reader of an ITK transform file of that name: it maps fixed points to moving ones, in LPS."""

    def answer(job: Job) -> Rigid:
        from cephalign.io.transforms import TransformStyle, read_transform

        return read_transform(job.folder / name, style=TransformStyle.ITK)

    return answer


def matrix_answer(name: str) -> Callable[[Job], Rigid]:
    """Return a reader of a text file of 4 x 4 numbers that map fixed points to moving ones, in RAS+ mm."""

    def answer(job: Job) -> Rigid:
        import numpy as np

        from cephalign.geometry import Rigid

        matrix = np.loadtxt(job.folder / name)
        matrix[3] = [0, 0, 0, 1]
        return Rigid(matrix)

    return answer


@cache
def version_of(command: tuple[str, ...]) -> str | None:
    """Return the last word of what a version command prints, or None where it cannot be run."""
    if not shutil.which(command[0]):
        return None
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    words = (done.stdout or done.stderr).split()
    return words[-1] if done.returncode == 0 and words else None
