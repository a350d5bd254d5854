"""A TOML table and a frozen dataclass are the same thing: one is read into the other, key by key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from cephalign.errors import InputError

Kind = TypeVar("Kind")
NAMES = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}


def from_table(kind: type[Kind], table: Mapping[str, Any], where: str) -> Kind:
    """Make a dataclass of a table.

    Parameters
    ----------
    kind : type
        A dataclass of int, float, bool, str, Literal, tuple[X, ...] and other such dataclasses.
    table : mapping
    where : str
        Names the file, and the table within it, for errors.

    Raises
    ------
    InputError
        A key is unknown, missing, or of another type.
    """
    known = {one.name: one for one in fields(kind)}  # type: ignore[arg-type]
    unknown = [key for key in table if key not in known]
    if unknown:
        raise InputError(f"{where}: unknown key", expected=f"one of {', '.join(known)}", got=unknown[0])
    needed = [
        name for name, one in known.items() if one.default is MISSING and one.default_factory is MISSING
    ]
    missing = [name for name in needed if name not in table]
    if missing:
        raise InputError(f"{where}: no {missing[0]}", expected=f"at least {', '.join(needed)}")
    hints = get_type_hints(kind)
    return kind(**{key: _value(hints[key], value, f"{where}: {key}") for key, value in table.items()})


def _value(hint: Any, value: Any, where: str) -> Any:
    if is_dataclass(hint) and isinstance(value, Mapping):
        return from_table(hint, value, where)  # type: ignore[arg-type]
    if get_origin(hint) is Literal and value in get_args(hint):
        return value
    if get_origin(hint) is tuple and isinstance(value, list):
        return tuple(_value(get_args(hint)[0], one, where) for one in value)
    if hint is float and type(value) in (int, float):
        return float(value)
    if hint in NAMES and type(value) is hint:
        return value
    raise InputError(f"{where} cannot be read", expected=_description(hint), got=repr(value))


def _description(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return " or ".join(map(str, get_args(hint)))
    if get_origin(hint) is tuple:
        return f"a list, each {_description(get_args(hint)[0])}"
    return NAMES.get(hint, "a table")


def to_text(value: Any, name: str = "") -> str:
    """Write a dataclass as TOML, all its keys; `from_table` makes the same of it again."""
    lines, tables = [f"[{name}]"] if name else [], ""
    for one in fields(value):
        held = getattr(value, one.name)
        if is_dataclass(held):
            tables += "\n" + to_text(held, f"{name}.{one.name}".lstrip("."))
        else:
            lines.append(f"{one.name} = {_literal(held)}")
    return "\n".join(lines) + "\n" + tables


def _literal(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_literal, value))}]"
    return repr(value) if isinstance(value, float) else json.dumps(value)


def flat(table: Mapping[str, Any], name: str = "") -> dict[str, Any]:
    """Return the values of a table and of those within it, by dotted keys."""
    held: dict[str, Any] = {}
    for key, value in table.items():
        held.update(flat(value, f"{name}{key}.") if isinstance(value, Mapping) else {name + key: value})
    return held
