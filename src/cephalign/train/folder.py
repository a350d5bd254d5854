"""The folder of a training: what a leg finds there and leaves there."""

from __future__ import annotations

from pathlib import Path

import torch

from cephalign.errors import OutputError
from cephalign.io.atomic import whole_file
from cephalign.io.hashes import sha256_of
from cephalign.models.card import Card
from cephalign.models.weights import SUFFIX, Weights, halved, save_weights
from cephalign.train.checkpoint import load_checkpoint, save_checkpoint
from cephalign.train.config import Config
from cephalign.train.curves import draw_curves
from cephalign.train.heads import Purpose
from cephalign.train.log import Log, Row
from cephalign.train.run import Run
from cephalign.train.tables import to_text

CHECKPOINT, CONFIG, CURVES = "checkpoint.pt", "config.toml", "curves.png"
LOGS: dict[Purpose, str] = {"training": "training.csv", "validation": "validation.csv"}
SIGN = "# as trained by cephalign\n"


class Folder:
    """A training's folder; it is made if it is missing.

    Parameters
    ----------
    path : Path
    config : Config
    anatomy : Path, optional
        The folder of label maps.
    start : Weights, optional
        Those that the training begins with.

    Raises
    ------
    InputError
        A label map cannot be read.
    OutputError
        The folder holds something else, or cannot be made.
    """

    def __init__(
        self, path: Path, config: Config, anatomy: Path | None, start: Weights | None = None
    ) -> None:
        self.path = path
        self.weights = path / f"{config.name}{SUFFIX}"
        self._config = SIGN + to_text(config)
        # What must not change from leg to leg.
        maps = sha256_of(anatomy) if anatomy else "none"
        begun = start.sha256 if start else "none"
        self._terms = f'{self._config}\n[anatomy]\nsha256 = "{maps}"\n[start]\nsha256 = "{begun}"\n'
        self._logs: dict[Purpose, Log] = {}
        try:
            path.mkdir(parents=True, exist_ok=True)
            foreign = any(path.iterdir()) and not (path / CONFIG).read_text().startswith(SIGN)
        except FileNotFoundError:
            foreign = True
        except (OSError, ValueError) as error:
            raise OutputError(f"cannot write to {path}: {getattr(error, 'strerror', error)}") from error
        if foreign:
            raise OutputError(f"{path} holds data that are no training", do="choose another --out")

    def resume(self, run: Run, device: torch.device) -> None:
        """Bring a new run to where the last checkpoint left it, if there is one, and open the logs.

        Raises
        ------
        InputError
            The checkpoint or a log is damaged, or the checkpoint is of another configuration.
        OutputError
            A file cannot be written.
        """
        if (self.path / CHECKPOINT).exists():
            load_checkpoint(self.path / CHECKPOINT, run, self._terms, device)
        with whole_file(self.path / CONFIG) as temporary:
            temporary.write_text(self._config, encoding="utf-8")
        self._logs = {purpose: Log(self.path / name, run.step) for purpose, name in LOGS.items()}

    def add(self, log: Purpose, row: Row) -> None:
        """Write a row of a log."""
        self._logs[log].add(row)

    def save(self, run: Run) -> None:
        """Write the checkpoint and the curves."""
        save_checkpoint(self.path / CHECKPOINT, run, self._terms)
        draw_curves({purpose: log.path for purpose, log in self._logs.items()}, self.path / CURVES)

    def save_weights(self, run: Run, card: Card) -> None:
        """Write the averaged weights, halved, and their card."""
        save_weights(self.weights, halved(run.average.state_dict()), card)
