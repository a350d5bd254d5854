"""What was measured, cell by cell: each is a file, written whole, and made once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from cephalign.errors import InputError, OutputError
from cephalign.io.texts import write_json
from cephalign.train.provenance import commit, device_name

CELLS = "cells"
# The cell that says of which study a folder is.
WHAT = "study"


@dataclass(frozen=True)
class Cells:
    """A folder of cells.

    Parameters
    ----------
    folder : Path
        Of the study; cells lie in `cells` beneath.
    known : dict
        What all cells hold in common: scale, seed, originals. A cell of another study is refused.
    device : torch.device
        Where networks learn, for the record.
    """

    folder: Path
    known: dict[str, Any]
    device: torch.device = field(default=torch.device("cpu"))

    def open(self) -> None:
        """Make the folder, or make sure that it is this study's.

        Raises
        ------
        OutputError
            It cannot be written to, or holds something else.
        InputError
            It holds another study.
        """
        try:
            (self.folder / CELLS).mkdir(parents=True, exist_ok=True)
            foreign = {one.name for one in self.folder.iterdir()} - {CELLS} and not self.has(WHAT)
        except OSError as error:
            raise OutputError.at(self.folder, error) from error
        if foreign:
            raise OutputError(f"{self.folder} holds data that are no study", do="choose another --out")
        self.made(dict, WHAT)

    def path(self, table: str, *names: object) -> Path:
        """Return where a cell lies."""
        plain = (re.sub(r"[^a-z0-9]+", "-", str(name).lower()).strip("-") for name in (table, *names))
        return self.folder / CELLS / ("_".join(plain) + ".json")

    def halfway(self, table: str, *names: object) -> Path:
        """Return where a training for a cell is kept until it is done."""
        return self.path(table, *names).with_suffix(".halfway")

    def has(self, table: str, *names: object) -> bool:
        """Say whether a cell was made."""
        return self.path(table, *names).is_file()

    def read(self, table: str, *names: object) -> dict[str, Any]:
        """Read a cell.

        Raises
        ------
        FileNotFoundError
            It was not made.
        InputError
            It is damaged, or of another study.
        """
        return self._read(self.path(table, *names))

    def every(self) -> list[dict[str, Any]]:
        """Read all cells but the one that says of which study they are."""
        return [self._read(path) for path in sorted((self.folder / CELLS).glob("*_*.json"))]

    def of(self, table: str) -> list[dict[str, Any]]:
        """Read all cells of a table."""
        return [self._read(path) for path in sorted((self.folder / CELLS).glob(f"{table}_*.json"))]

    def made(self, make: Callable[[], dict[str, Any]], table: str, *names: object) -> dict[str, Any]:
        """Read a cell, or make it and keep it."""
        if not self.has(table, *names):
            began = perf_counter()
            cell = make()
            self.keep({"seconds": perf_counter() - began} | cell, table, *names)
        return self.read(table, *names)

    def keep(self, cell: Mapping[str, Any], table: str, *names: object) -> None:
        """Write a cell, with when, on what and by which code it was made."""
        made = {"date": date.today().isoformat(), "device": device_name(self.device), "commit": commit()}
        write_json({**self.known, **cell, **made}, self.path(table, *names))

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            cell: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise InputError(
                f"{path} is no cell of a study", do="delete it, to have it made again"
            ) from error
        if {name: cell.get(name) for name in self.known} != self.known:
            raise InputError(
                f"{path} is of another study",
                expected=str(self.known),
                got=str({name: cell.get(name) for name in self.known}),
                do="take another --out, or delete that folder",
            )
        return cell
