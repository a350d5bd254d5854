"""Records and tables as text files, whole or not at all."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cephalign.io.atomic import whole_file


def write_json(record: Mapping[str, Any], path: Path) -> None:
    """Write a record as JSON; NaN and infinity are refused, since JSON has none.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(record, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def finite(value: float) -> float | None:
    """Return a number as JSON can hold it: none instead of NaN and infinity."""
    return float(value) if math.isfinite(value) else None


def write_table(names: Iterable[str], rows: Iterable[Iterable[object]], path: Path) -> None:
    """Write a table with tabs between its columns, their names first.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    lines = ["\t".join(map(str, row)) for row in (names, *rows)]
    with whole_file(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
