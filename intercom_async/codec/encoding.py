"""Values into the body of a request, refusing what JSON or the API would misunderstand.

The usual encoders are too kind here: NaN becomes null, which deletes an attribute; a time without a
zone becomes a string that the API reads in a zone of its choice; bytes become base64. So the value
is walked first, and whatever is not plainly meant is refused by the name of its key.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import msgspec

from intercom_async.errors import ConfigError
from intercom_async.moments import to_unix

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def encode(value: Any) -> bytes:
    """Write the body of a request.

    Aware times become UNIX seconds (a fraction is cut off), dates ISO 8601, decimals numbers, and
    tuples and sets lists, a set in no particular order.

    Raises:
        ConfigError: A value has no plain meaning in JSON; the message names where it stands, not
            what it is.
    """
    try:
        return _ENCODER.encode(_plain(value, "body"))
    except RecursionError:
        raise ConfigError("body is nested too deeply, or contains itself") from None
    except UnicodeEncodeError:
        raise ConfigError("body has text with half a surrogate pair") from None


def _plain(value: Any, path: str) -> Any:
    """Return the value as JSON's own kinds."""
    if value is None or type(value) in (str, int, bool):
        return value
    if isinstance(value, Mapping):
        return _object(value, path)  # pyright: ignore[reportUnknownArgumentType] (any mapping)
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(entry, f"{path}[{index}]") for index, entry in enumerate(value)]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] (any list)
    if isinstance(value, float | Decimal):
        return _number(value, path)
    if isinstance(value, msgspec.Struct):
        kept = (date, datetime, Decimal, UUID)
        return _plain(msgspec.to_builtins(value, builtin_types=kept), path)
    return _scalar(value, path)


def _object(value: Mapping[Any, Any], path: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, entry in value.items():
        if not isinstance(key, str):
            raise ConfigError(f"{path} has a key of type {type(key).__name__}; keys must be str")
        fields[str(key)] = _plain(entry, f"{path}.{key}")
    return fields


def _number(value: float | Decimal, path: str) -> float | Decimal:
    if not math.isfinite(value):
        raise ConfigError(f"{path} is not a finite number, which JSON cannot hold")
    return value


def _scalar(value: Any, path: str) -> Any:
    if isinstance(value, Enum):
        return _plain(value.value, path)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, datetime):
        return to_unix(path, value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise ConfigError(
        f"{path} is of type {type(value).__name__}; a body takes str, int, float, Decimal, bool, "
        "None, date, aware datetime, and lists and mappings of them"
    )
