"""What was drawn, back from JSON: `dataclasses.asdict` the other way round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from cephalign.errors import InputError

Record = TypeVar("Record")


def restored(kind: type[Record], record: Mapping[str, Any]) -> Record:
    """Build the frozen dataclass whose `asdict` was written as JSON and read again.

    Fields may be numbers, strings, tuples, other dataclasses, and any of these or None.

    Raises
    ------
    InputError
        A field that is missing or unknown.
    """
    hints = get_type_hints(kind)
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    if wrong := names ^ set(record):
        raise InputError(
            f"not a record of a {kind.__name__}",
            expected=", ".join(sorted(names)),
            got=", ".join(sorted(record)),
            do=f"see to {', '.join(sorted(wrong))}",
        )
    return kind(**{name: _restored_value(hints[name], value) for name, value in record.items()})


def _restored_value(hint: Any, value: Any) -> Any:
    """Give one value the type that its field asks for."""
    if get_origin(hint) in {Union, UnionType}:
        if value is None:
            return None
        hint = next(choice for choice in get_args(hint) if choice is not NoneType)
    if is_dataclass(hint) and isinstance(hint, type):
        return restored(hint, value)
    if get_origin(hint) is tuple:
        inner = get_args(hint)
        each = inner[:1] * len(value) if inner[-1] is Ellipsis else inner
        return tuple(_restored_value(one, item) for one, item in zip(each, value, strict=True))
    return value
