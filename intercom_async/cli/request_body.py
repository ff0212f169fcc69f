"""Request bodies: JSON as a whole, or field by field."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from intercom_async.codec.coercion import is_array, is_object
from intercom_async.errors import ConfigError

_FIELD = re.compile(
    r"(?P<name>[^=:\[\]]+)(?P<keys>(?:\[[^\[\]=]*\])*)(?P<kind>:?=)(?P<value>.*)", re.DOTALL
)


def read_json(data: str) -> Any:
    """Read a body from the argument itself, a file or stdin.

    Raises:
        ConfigError: It is not JSON, or the file cannot be read.
    """
    if data == "-":
        text = sys.stdin.buffer.read()
    elif data.startswith("@"):
        try:
            text = Path(data[1:]).read_bytes()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigError(f"--data: {data[1:]} cannot be read: {reason}") from None
    else:
        text = data.encode(errors="surrogateescape")  # as the shell passed it
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"the body is not JSON: {error}") from None


def read_fields(given: Sequence[str]) -> dict[str, Any]:
    """Read fields such as ``name=Ann``, ``size:=12`` and ``custom_attributes[plan]=pro``.

    Raises:
        ConfigError: One has another form, or two contradict each other.
    """
    fields: dict[str, Any] = {}
    for text in given:
        found = _FIELD.fullmatch(text)
        if found is None:
            name = text.partition("=")[0]
            raise ConfigError(f"--field takes KEY=TEXT, KEY:=JSON or KEY[NAME]=TEXT, not {name!r}")
        value: Any = found["value"] if found["kind"] == "=" else read_json_text(found["value"])
        keys = [found["name"], *re.findall(r"\[(.*?)\]", found["keys"])]
        _put(fields, keys, value)
    return fields


def read_json_text(text: str) -> Any:
    """Read a field's value.

    Raises:
        ConfigError: It is not JSON.
    """
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise ConfigError(f"the value of a field with := is not JSON: {error}") from None


def _put(fields: dict[str, Any], keys: list[str], value: Any) -> None:
    """Set a nested value by its keys; an empty key, as in ``tags[]``, appends to a list."""
    place: Any = fields
    for key, following in zip(keys, [*keys[1:], None], strict=True):
        fresh: Any = value if following is None else {} if following else []
        if is_array(place):
            place.append(fresh)
            place = fresh
        elif not is_object(place) or (following is None and key in place):
            raise ConfigError(f"the field {keys[0]} is given twice")
        else:
            place = place.setdefault(key, fresh)
