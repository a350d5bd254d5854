"""What an earlier run left about a pair: the record of its registration, `<pair>.json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cephalign.errors import OutputError
from cephalign.io.hashes import sha256_of
from cephalign.io.texts import write_json
from cephalign.rire.layout import Pair

Record = dict[str, Any]


def record_path(pair: Pair, out: Path) -> Path:
    """Return where the record of a pair is kept."""
    return out / f"{pair.stem}.json"


def write_record(record: Record, path: Path) -> None:
    """Write a record, whole or not at all; it says that the pair is done."""
    write_json(record, path)


def kept_record(pair: Pair, out: Path, method: str) -> Record | None:
    """Return the record that an earlier run of the same method left of the same files.

    Raises
    ------
    InputError
        A file of the pair cannot be read.
    """
    record = _load(record_path(pair, out))
    if _method_of(record) != method or not {"status", "reason", "stages"} <= record.keys():
        return None
    volumes = {"fixed": pair.patient.volumes[pair.to_name], "moving": pair.patient.volumes[pair.from_name]}
    hashes = {name: volume["sha256"] for name, volume in record["inputs"].items()}
    return record if hashes == {name: sha256_of(path) for name, path in volumes.items()} else None


def refuse_other_methods(pairs: list[Pair], out: Path, method: str) -> None:
    """Refuse a folder with another method's results, which would mix with these.

    Raises
    ------
    OutputError
    """
    for pair in pairs:
        other = _method_of(_load(record_path(pair, out)))
        if other not in ("", method):
            raise OutputError(
                f"{out} holds results of another method",
                expected=method,
                got=other,
                do="choose another folder, or --overwrite",
            )


def _load(path: Path) -> Record:
    """Return the record, or an empty one where there is none or it is no JSON object."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _method_of(record: Record) -> str:
    parameters = record.get("parameters")
    return str(parameters.get("method", "")) if isinstance(parameters, dict) else ""
