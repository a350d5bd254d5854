"""The card of a network's weights: what they are and how they were made.

It is JSON under one key of the metadata of their file, and the same for people in a Markdown file beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import torch

from cephalign.errors import InputError

# One key, since safetensors writes several in another order each time.
KEY = "cephalign_card"


@dataclass(frozen=True)
class Card:
    """What weights are and how they were made; all of it can be written as JSON.

    Parameters
    ----------
    name : str
        Of the file.
    architecture : str
        Of the network: the weights fit no other.
    config : mapping
        What the network is built with.
    data : str
        What it was trained on, in a sentence or two.
    seed, steps : int
    commit : str
        Of the code that trained it.
    device : str
    hours : float
    figures : mapping of str to float
        On the validation's heads, under the weights as they are in the file.
    """

    name: str
    architecture: str
    config: Mapping[str, Any] = field(default_factory=dict)
    data: str = ""
    seed: int = 0
    steps: int = 0
    commit: str = ""
    device: str = ""
    hours: float = 0.0
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def arguments(self) -> dict[str, Any]:
        """The configuration as it was before it was JSON, which has lists for tuples."""
        return {name: tuple(one) if isinstance(one, list) else one for name, one in self.config.items()}


def metadata(card: Card) -> dict[str, str]:
    """Return the metadata of the file of weights."""
    return {KEY: json.dumps(asdict(card))}


def card_of(held: bytes, path: Path) -> Card:
    """Read the card in a file of weights.

    Parameters
    ----------
    held : bytes
        The file: the length of its header in 8 bytes, the header as JSON, and the tensors.
    path : Path
        Its name, for errors.

    Raises
    ------
    InputError
        There is none, or it is not one of ours.
    """
    try:
        header = json.loads(held[8 : 8 + int.from_bytes(held[:8], "little")])
        record = json.loads(header["__metadata__"][KEY])
        return Card(**{one.name: record[one.name] for one in fields(Card)})
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path} has no card",
            expected=f"weights written by cephalign, with {KEY} in their metadata",
        ) from error


def markdown(card: Card, sha256: str) -> str:
    """Return the card as people read it, with the SHA-256 of the file of weights."""
    rows = {
        "architecture": card.architecture,
        "trained on": card.data,
        "seed": card.seed,
        "steps": card.steps,
        "commit": card.commit,
        "device": card.device,
        "hours": f"{card.hours:.2f}",
        "PyTorch": torch.__version__,
        "SHA-256": sha256,
    }
    facts = [f"| {name} | {value} |" for name, value in rows.items()]
    table = ("| figure | value |", "|---|---|")
    figures = [*table, *(f"| {name} | {value:.5g} |" for name, value in card.figures.items())]
    lines = [
        f"# Weights: {card.name}",
        "",
        *("| | |", "|---|---|"),
        *facts,
        "",
        "On the validation's heads, which it was not trained on:",
        "",
        *(figures if card.figures else ["nothing was measured yet."]),
        "",
        *("The network is built with:", "", "```json"),
        json.dumps(dict(card.config), indent=2),
        "```",
    ]
    return "\n".join(lines) + "\n"
