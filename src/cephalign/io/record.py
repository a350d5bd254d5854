"""Our own transform record (.json): what it maps and in which frame stands in the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cephalign.errors import InputError
from cephalign.geometry.rigid import Rigid
from cephalign.io.atomic import whole_file
from cephalign.io.exchange import finite, read_text, rigid_or_refuse

FORMAT, VERSION = "cephalign-transform", 1
DIRECTION, FRAME = "moving_from_fixed", "RAS+ mm"


def read(path: Path) -> Rigid:
    """Read `moving_from_fixed` (RAS+ mm) from our record, or any JSON object that holds it.

    So a `registration.json` serves as a transform too.

    Raises
    ------
    InputError
        Not JSON, no such matrix, or another direction, frame or version than ours.
    GeometryError
        Not rigid.
    """
    try:
        record = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path} is not JSON", expected=f"an object with '{DIRECTION}'", got=str(error)[:80]
        ) from error
    if not isinstance(record, dict) or DIRECTION not in record:
        raise InputError(f"{path} holds no transform", expected=f"a JSON object with '{DIRECTION}'")
    _refuse_foreign(record, path)
    rows = record[DIRECTION]
    if not (
        isinstance(rows, list)
        and len(rows) == 4
        and all(isinstance(row, list) and len(row) == 4 for row in rows)
    ):
        raise InputError(
            f"{path}: '{DIRECTION}' cannot be read", expected="4 rows of 4 numbers", got=repr(rows)[:60]
        )
    values = [value for row in rows for value in row]
    if not all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
        raise InputError(f"{path}: '{DIRECTION}' cannot be read", expected="numbers", got=repr(rows)[:60])
    return rigid_or_refuse(finite(values, f"{path}: '{DIRECTION}'", 16).reshape(4, 4), path)


def _refuse_foreign(record: dict[str, Any], path: Path) -> None:
    """Refuse a field that says the matrix means something else; an absent one is no contradiction."""
    wanted: dict[str, object] = {"direction": DIRECTION, "frame": FRAME}
    if record.get("format") == FORMAT:
        wanted["version"] = VERSION
    for key, value in wanted.items():
        if record.get(key, value) != value:
            raise InputError(f"{path}: unknown {key}", expected=repr(value), got=repr(record[key])[:60])


def write(moving_from_fixed: Rigid, path: Path) -> None:
    """Write the record; its numbers read back to the same bits.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    head = {"format": FORMAT, "version": VERSION, "direction": DIRECTION, "frame": FRAME}
    fields = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    # One matrix row a line, as people read it.
    rows = ",\n    ".join(json.dumps(row) for row in moving_from_fixed.matrix.tolist())
    fields.append(f"  {json.dumps(DIRECTION)}: [\n    {rows}\n  ]")
    with whole_file(path) as temporary:
        temporary.write_text("{\n" + ",\n".join(fields) + "\n}\n", encoding="utf-8")
