"""Values into the body of a request, refusing what JSON or the API would misunderstand.

The usual encoders are too lenient here: NaN becomes null, which deletes an attribute; a time
without a zone becomes a string that the API reads in a zone of its choice; bytes become base64. So
the value is walked first, and whatever is not plainly meant is refused by the name of its key.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from intercom_async.errors import ConfigError
from intercom_async.moments import to_unix
from .plain import check_digits, is_finite, plain

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def encode(value: Any) -> bytes:
    """Return the body of a request as JSON.

    Times with a zone become UNIX seconds (a fraction is cut off), dates ISO 8601, decimals numbers,
    UUIDs text, enums and numpy's scalars their plain values, and tuples and sets lists, a set in no
    particular order.

    Raises:
        ConfigError: A value has no plain meaning in JSON; the message names where it stands, not
            what it is.
    """
    try:
        return _ENCODER.encode(_jsonable(value, "body"))
    except RecursionError:
        raise ConfigError("body is nested too deeply, or contains itself") from None
    except UnicodeEncodeError:
        raise ConfigError("body has text with half a surrogate pair") from None
    except ConfigError:
        raise
    except ValueError:
        raise ConfigError("body has a whole number with too many digits") from None


def _jsonable(value: Any, path: str) -> Any:
    """Return a value in the types of JSON."""
    value = plain(value)
    if value is None or type(value) in (str, int, bool):
        return value
    if isinstance(value, Mapping):
        return _object(value, path)  # pyright: ignore[reportUnknownArgumentType] (any mapping)
    if isinstance(value, list | tuple | set | frozenset):
        return [_jsonable(entry, f"{path}[{index}]") for index, entry in enumerate(value)]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] (any list)
    if isinstance(value, float | Decimal):
        if not is_finite(value):
            raise ConfigError(f"{path} is not a finite number, which JSON cannot hold")
        if isinstance(value, Decimal):
            check_digits(path, value)
        return value
    if isinstance(value, msgspec.Struct):
        kept = (date, datetime, Decimal, UUID)
        return _jsonable(msgspec.to_builtins(value, builtin_types=kept), path)
    return _moment(value, path)


def _object(value: Mapping[Any, Any], path: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for given, entry in value.items():
        key = plain(given)
        if not isinstance(key, str):
            raise ConfigError(f"{path} has a key of type {type(given).__name__}; keys must be str")
        if key in fields:
            raise ConfigError(f"{path} has the key {key!r} twice, as str and as an enum")
        fields[key] = _jsonable(entry, f"{path}.{key}")
    return fields


def _moment(value: Any, path: str) -> Any:
    if isinstance(value, datetime):
        return to_unix(path, value)
    if isinstance(value, date):
        return value.isoformat()
    raise ConfigError(
        f"{path} is of type {type(value).__name__}; a body takes str, int, float, Decimal, bool, "
        "None, date, aware datetime, UUID, and lists and mappings of them"
    )
