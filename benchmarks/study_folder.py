"""A study's folder, opened for a benchmark: the options of a command, and the study they name."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

import torch

from cephalign.study.originals import Simulated
from cephalign.study.scale import scale_of
from cephalign.study.study import Study


def parser_of(documentation: str | None) -> argparse.ArgumentParser:
    """Return a command with FOLDER, --scale, --seed and --anatomy."""
    parser = argparse.ArgumentParser(description=(documentation or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", default="small")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--anatomy", type=Path)
    return parser


def study_of(options: argparse.Namespace) -> Study:
    """Return the study that the options name."""
    scale, source, device = scale_of(options.scale), Simulated.of(options.anatomy), torch.device("cpu")
    tell = partial(print, file=sys.stderr)  # not between the rows of a table
    return Study(scale, options.seed, options.folder, source, device, tell, lambda *_: None)
