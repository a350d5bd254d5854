"""Which code trained, and on what."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

import torch

import cephalign


def commit() -> str:
    """Return the commit of the code that runs, `-dirty` where files were changed; else the version."""
    package = Path(cephalign.__file__).parent
    version = f"none, version {cephalign.__version__}"
    try:
        # An installed package may lie within the clone of something else.
        _git(package, "ls-files", "--error-unmatch", "__init__.py")
        return _git(package, "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
    except (OSError, subprocess.SubprocessError):
        return version


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def device_name(device: torch.device) -> str:
    """Return what trains, for the card."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    threads = torch.get_num_threads()
    return f"CPU, {_processor()}, {threads} thread{'s' * (threads > 1)}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
