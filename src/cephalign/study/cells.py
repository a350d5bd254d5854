"""What was measured, cell by cell: each is a file, written whole, and made once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from cephalign.errors import InputError
from cephalign.io.texts import write_json

CELLS = "cells"


@dataclass(frozen=True)
class Cells:
    """A folder of cells.

    Parameters
    ----------
    folder : Path
        Of the study; cells lie in `cells` beneath.
    known : dict
        What all cells hold in common: scale, seed. A cell of another study is refused.
    """

    folder: Path
    known: dict[str, Any]

    def path(self, table: str, *names: object) -> Path:
        """Return where a cell lies."""
        plain = (re.sub(r"[^a-z0-9]+", "-", str(name).lower()).strip("-") for name in (table, *names))
        return self.folder / CELLS / ("_".join(plain) + ".json")

    def has(self, table: str, *names: object) -> bool:
        """Say whether a cell was made."""
        return self.path(table, *names).is_file()

    def read(self, table: str, *names: object) -> dict[str, Any]:
        """Read a cell.

        Raises
        ------
        InputError
            It is damaged, or of another study.
        """
        path = self.path(table, *names)
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

    def made(self, make: Callable[[], dict[str, Any]], table: str, *names: object) -> dict[str, Any]:
        """Read a cell, or make it and keep it."""
        if not self.has(table, *names):
            began = perf_counter()
            cell = self.known | make() | {"seconds": perf_counter() - began}
            path = self.path(table, *names)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_json(cell, path)
        return self.read(table, *names)
