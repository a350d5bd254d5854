"""Whose heads a network is trained on, and whose it is validated on: no one's are in both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from cephalign.errors import InputError
from cephalign.simulate.head import Anatomy, Head
from cephalign.simulate.labelled import LabelledHeads
from cephalign.simulate.procedural import procedural_head

Purpose = Literal["training", "validation"]


@dataclass(frozen=True)
class HeadsConfig:
    """Where heads come from.

    Parameters
    ----------
    procedural : float
        Part of the heads that are drawn from numbers alone; the others are drawn from the label maps of
        `--anatomy`.
    held_out : tuple of str
        Files among the label maps that only validation draws from.
    """

    procedural: float = 1.0
    held_out: tuple[str, ...] = ()


class MixedHeads:
    """An anatomy: procedural heads, and heads from some of a folder's label maps.

    Parameters
    ----------
    procedural : float
        Part of the former.
    labelled : LabelledHeads
    which : tuple of str
        Its files to draw from.
    """

    def __init__(self, procedural: float, labelled: LabelledHeads, which: tuple[str, ...]) -> None:
        self.procedural, self.labelled, self.which = procedural, labelled, which

    def __call__(self, rng: np.random.Generator, *, spacing_mm: float, device: torch.device) -> Head:
        """Draw another head."""
        if rng.random() < self.procedural:
            return procedural_head(rng, spacing_mm=spacing_mm, device=device)
        return self.labelled.draw(rng, spacing_mm=spacing_mm, device=device, which=self.which)


def description_of(config: HeadsConfig) -> str:
    """Say whose heads they are, for the card."""
    if config.procedural == 1:
        return "procedural heads"
    return (
        f"heads from label maps, {config.procedural:.0%} procedural ones among them; "
        f"validation's from {', '.join(config.held_out)}"
    )


def anatomy_for(config: HeadsConfig, folder: Path | None, purpose: Purpose) -> Anatomy:
    """Return where the heads come from.

    Parameters
    ----------
    config : HeadsConfig
    folder : Path, optional
        Of label maps, as `LabelledHeads` takes it.
    purpose : {'training', 'validation'}

    Raises
    ------
    InputError
        The folder and the configuration do not go together.
    """
    if folder is None:
        if config.procedural < 1 or config.held_out:
            raise InputError(
                "the configuration wants heads from label maps",
                expected="a folder of them",
                do="give --anatomy, or set heads.procedural = 1 and heads.held_out = []",
            )
        return procedural_head
    if config.procedural == 1:
        raise InputError(
            f"{folder} is given, but no head is to be drawn from it",
            do="set heads.procedural below 1, or leave out --anatomy",
        )
    labelled = LabelledHeads(folder)
    missing = sorted(set(config.held_out) - set(labelled.names))
    kept = tuple(name for name in labelled.names if name not in config.held_out)
    if missing or not kept or not config.held_out:
        raise InputError(
            "heads.held_out must leave label maps for training and for validation",
            expected=f"some of {', '.join(labelled.names)}",
            got=", ".join(missing or config.held_out) or "none",
        )
    return MixedHeads(config.procedural, labelled, kept if purpose == "training" else config.held_out)
