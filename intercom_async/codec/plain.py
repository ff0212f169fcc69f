"""Values of the ecosystem as the plain Python values they stand for.

Enums, numpy's scalars, UUIDs and subclasses of str and int are what programs hold, and each has a
`repr` or a `str` of its own that must never reach a request (``Tag.VIP``, ``np.int64(7)``). Every
value passes here on its way into a path, a query or a body.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import Any, TypeGuard
from uuid import UUID

from intercom_async.errors import ConfigError, IntercomError
from intercom_async.moments import to_unix

Parameter = str | int | float | bool | None
"""The value of a query parameter; None leaves it out."""

_PLAIN = frozenset({str, int, bool, float, NoneType})
MAX_EXPONENT = 308
"""Power of ten from which a decimal is refused: no reader of JSON holds it in a double, and written
out it may be a gigabyte of zeros
(test_odd_arguments.py::test_an_odd_argument_is_sent_as_meant_or_refused_before_a_request)."""
_TIMES = "mM"
"""Kinds of numpy's datetime64 and timedelta64, whose plain value may be a count of nanoseconds."""


def plain(value: Any) -> Any:
    """Return the plain value that `value` stands for; what stands for itself is returned as it is.

    An enum becomes its value, a scalar or array of numpy the number, text or list that it holds, a
    UUID text, and a subclass of str, int or float its base.
    """
    kind: Any = value.__class__
    if kind in _PLAIN:
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if kind.__module__.partition(".")[0] == "numpy":
        dtype = getattr(value, "dtype", None)
        found = None if dtype is None or dtype.kind in _TIMES else value.tolist()
        # A masked value is no null, which would empty a field.
        return value if found is None else found
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int | float):
        return int(value) if isinstance(value, int) else float(value)
    return str(value) if isinstance(value, UUID) else value


def plain_id(name: str, value: Any) -> str | int:
    """Return an id as str or int.

    Raises:
        ConfigError: It is empty, or of another type.
    """
    found: str | int = plain(value)
    if isinstance(found, str):
        if not found or found.isspace():
            raise ConfigError(f"{name} is empty")
    elif not isinstance(found, int) or isinstance(found, bool):
        raise ConfigError(f"{name} must be a str, int or UUID, not {type(value).__name__}")
    return found


def is_several(value: Any) -> TypeGuard[Collection[Any]]:
    """Return whether a value is a collection of values and no text or mapping."""
    if isinstance(value, str | bytes | bytearray | memoryview | Mapping):
        return False
    # An array of numpy without dimensions, such as what is masked, has no entries.
    return isinstance(value, Collection) and getattr(value, "ndim", 1) > 0  # pyright: ignore[reportUnknownArgumentType] (any collection)


def is_finite(value: float | Decimal) -> bool:
    """Return whether JSON can hold a number."""
    return value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)


def check_digits(
    name: str, value: float | Decimal, error: type[IntercomError] = ConfigError
) -> None:
    """Refuse a whole number that Python does not write as text, and a decimal that no double holds.

    Raises:
        IntercomError: It has too many digits; `error` is its class.
    """
    try:
        is_long = isinstance(value, Decimal) and abs(value.adjusted()) > MAX_EXPONENT
        str(value)
    except ValueError:
        is_long = True
    if is_long:
        raise error(f"{name} has too many digits")


def to_parameter(name: str, value: Any) -> Parameter:
    """Return the value of a query parameter: moments as UNIX seconds, lists joined by commas.

    Raises:
        ConfigError: The value has no plain form as text, or an entry of a list has a comma in it.
    """
    found = plain(value)
    if isinstance(found, Mapping | bytes | bytearray | memoryview):
        raise ConfigError(f"{name} must be a text, number, moment or list, no {_kind(value)}")
    if is_several(found):
        texts = [_entry(name, each) for each in found]
        return ",".join(sorted(texts) if isinstance(found, set | frozenset) else texts)
    return _single(name, found)


def parameter_text(value: Parameter) -> str:
    """Return a query parameter as it is sent."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _single(name: str, value: Any) -> Parameter:
    """Return a value that is not a list."""
    if isinstance(value, float | Decimal):
        if not is_finite(value):
            raise ConfigError(f"{name} is not a finite number")
        check_digits(name, value)
        return value if isinstance(value, float) else f"{value:f}"
    if isinstance(value, int):
        check_digits(name, value)
        return value
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return to_unix(name, value)
    if isinstance(value, date):
        return value.isoformat()
    raise ConfigError(f"{name} must be a text, number, moment or list, no {_kind(value)}")


def _entry(name: str, value: Any) -> str:
    single = _single(name, plain(value))
    if single is None:
        raise ConfigError(f"{name} is a list with None in it")
    text = parameter_text(single)
    if "," in text:
        raise ConfigError(f"an entry of {name} has a comma in it, which separates entries")
    return text


def _kind(value: object) -> str:
    return type(value).__name__
