"""Conversion of a single value to a declared type.

Each function returns `UNFIT` where the value has no certain meaning in that type.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from enum import Enum
from typing import Any, Final, TypeGuard

from intercom_async.models.base import AssigneeId, Id, LooseTimestamp
from intercom_async.moments import from_iso


class Unfit(Enum):
    """The type of `UNFIT`; an enum, so that type checkers understand ``is``."""

    UNFIT = "unfit"


UNFIT: Final = Unfit.UNFIT
"""Returned where a value cannot be converted to the declared type."""

NO_ROWS = frozenset({"errors", "warnings", "pages", "highlights"})
"""Names of what stands beside the rows of a list."""

_INTEGER = re.compile(r"\s*[+-]?[0-9]{1,40}\s*", re.ASCII)
_NUMBER = re.compile(r"\s*[+-]?[0-9]{1,40}(\.[0-9]{0,40})?([eE][+-]?[0-9]{1,3})?\s*", re.ASCII)


def read_either(kind: type, value: object) -> Any:
    """Read a value of a type that comes in two forms; msgspec calls it for these alone.

    Raises:
        TypeError: It is neither form.
    """
    result: str | int | Unfit | None
    if kind is LooseTimestamp:
        result = to_int(value) if value != "" else None
    elif kind is not Id and kind is not AssigneeId:
        raise NotImplementedError(f"{kind.__qualname__} is no type that JSON is read into")
    elif type(value) is str:
        # Ids run through here for every row, so a string needs no further call.
        result = value
    else:
        result = _id_of(value)
    if result is UNFIT:
        raise TypeError("neither a number nor a string")
    return None if result == "0" and kind is AssigneeId else result


def _id_of(value: object) -> str | Unfit:
    """Write the number of an id."""
    number = int(value) if isinstance(value, float) and value.is_integer() else value
    return str(number) if type(number) is int else UNFIT


def to_int(value: object) -> int | Unfit:
    """Read a whole number; a fraction is cut off, an ISO 8601 time becomes UNIX seconds."""
    if isinstance(value, str):
        return _int_in(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return int(value)
    return UNFIT


def _int_in(text: str) -> int | Unfit:
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        return to_int(float(text))
    moment = from_iso(text)
    return UNFIT if moment is None else math.floor(moment.timestamp())


def to_float(value: object) -> float | Unfit:
    """Read a finite number."""
    if isinstance(value, bool):
        return UNFIT
    if not isinstance(value, int | float | str):
        return UNFIT
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return UNFIT
    try:
        number = float(value)
    except OverflowError:
        return UNFIT
    return number if math.isfinite(number) else UNFIT


def to_bool(value: object) -> bool | Unfit:
    """Read a truth value: 1 and 0, and the words in any case."""
    if isinstance(value, int | float):
        return bool(value) if value in (0, 1) else UNFIT
    if isinstance(value, str):
        return {"true": True, "1": True, "false": False, "0": False}.get(value.lower(), UNFIT)
    return UNFIT


def to_str(value: object) -> str | Unfit:
    """Write a single value as text, as JSON would."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, int | float):
        return str(value)
    return UNFIT


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Say whether a JSON value is an array."""
    return isinstance(value, list)


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Say whether a JSON value is an object."""
    return isinstance(value, dict)


def to_list(value: object) -> list[Any] | Unfit:
    """Find the list in an object that is wrapped around one."""
    if is_array(value):
        return value
    if not is_object(value):
        return UNFIT
    lists = [entry for entry in value.values() if is_array(entry)]
    if len(lists) == 1:
        return lists[0]
    return UNFIT if value else []


def lists_beside(holder: dict[str, Any], declared: Collection[str]) -> list[list[Any]]:
    """Find the lists of objects that have no declared name, such as rows by another name.

    Those of an object in it are found, too.
    """
    found: list[list[Any]] = []
    for name, entry in holder.items():
        if name in NO_ROWS:
            continue
        if is_object(entry):
            found += [inner for inner in entry.values() if _has_objects(inner)]
        elif name not in declared and _has_objects(entry):
            found.append(entry)
    return found


def _has_objects(value: object) -> bool:
    return is_array(value) and bool(value) and is_object(value[0])


def name_of(value: object) -> str:
    """Name the kind of a JSON value, for counters; never the value."""
    return "null" if value is None else _NAMES.get(type(value), "object")


_NAMES: dict[type, str] = {
    bool: "bool",
    int: "int",
    float: "float",
    str: "str",
    list: "array",
}
