"""Models as plain values: dictionaries, JSON, and a short text.

What a field holds is read from its declaration once per class. Nothing here is imported before a
model is converted, and decoding knows nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any, get_args

import msgspec

from intercom_async.errors import ConfigError
from intercom_async.moments import Times, from_server, to_datetime
from intercom_async.redaction import Secret
from ._columns import columns_of

MAX_TEXT = 60
"""Characters of a text that a repr shows
(test_convert.py::test_a_repr_fits_a_screen)."""
MAX_ENTRIES = 3
"""Entries of a list or object that a repr shows (as above)."""
MAX_DEPTH = 2
"""Levels of models within models that a repr shows (as above)."""
MAX_REPR = 1_500
"""Characters of a whole repr, some 20 lines of a terminal (as above)."""

_OWN = "intercom_async."
"""Begins the names of fields that the package adds to pages; the server does not send them."""
_SECRETS = ("secret", "sse_subscription_url")
"""Fields that a repr masks: their text lets its holder act in the name of another."""
_SINGLE = ("text", "integer", "number", "boolean")


def as_dict(model: msgspec.Struct, times: Times, *, none: bool) -> dict[str, Any]:
    """Return a model as a dictionary of plain values, under the names that the API uses.

    Raises:
        ConfigError: `times` is none of the three.
    """
    if times not in get_args(Times):
        raise ConfigError(f"times must be 'unix', 'datetime' or 'iso', not {times!r}")
    return _Conversion(_TIMES[times], none=none).of_model(model)


def as_json(model: msgspec.Struct, times: Times, *, none: bool) -> str:
    """Return a model as JSON, under the names that the API uses."""
    return msgspec.json.encode(as_dict(model, times, none=none)).decode()


def shown(model: msgspec.Struct) -> Iterator[tuple[str, Any]]:
    """Yield the fields that are neither None nor empty."""
    for attribute in model.__struct_fields__:
        value = getattr(model, attribute)
        if value is not None and value not in ("", [], {}, ()):
            yield attribute, Secret("***") if attribute in _SECRETS else value


def as_repr(model: msgspec.Struct) -> str:
    """Return a text for programmers that leaves out what is None or empty, and fits a screen."""
    text = _text(model, MAX_DEPTH)
    return text if len(text) <= MAX_REPR else f"{text[: MAX_REPR - 2]}…)"


class _Conversion:
    """One conversion of a model, with everything in it."""

    def __init__(self, time: Callable[[int], Any] | None, *, none: bool) -> None:
        self._time = time
        self._none = none

    def of_model(self, model: msgspec.Struct) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, attribute, is_single, is_time in _fields_of(type(model)):
            value = getattr(model, attribute)
            if value is None:
                if self._none:
                    found[name] = None
            elif is_single:
                found[name] = value
            elif is_time:
                found[name] = value if self._time is None else self._time(value)
            else:
                found[name] = self._of_value(value)
        return found

    def _of_value(self, value: Any) -> Any:
        """Return a value of no declared kind; lists and objects are copied."""
        if isinstance(value, msgspec.Struct):
            return self.of_model(value)
        if isinstance(value, list | tuple):
            return [self._of_value(each) for each in value]  # pyright: ignore[reportUnknownVariableType] (any list)
        if isinstance(value, dict):
            return {key: self._of_value(each) for key, each in value.items()}  # pyright: ignore[reportUnknownVariableType] (any object)
        return msgspec.json.decode(value) if isinstance(value, msgspec.Raw) else value


@lru_cache(maxsize=512)
def _fields_of(kind: type[msgspec.Struct]) -> tuple[tuple[str, str, bool, bool], ...]:
    """Return name, attribute, and whether it is a single value or a moment, of each field."""
    return tuple(
        (column.name, column.attribute, column.kind in _SINGLE, column.kind == "timestamp")
        for column in columns_of(kind)
        if not column.name.startswith(_OWN)
    )


def _moment(value: int) -> datetime | int:
    """Return a moment; one that no datetime can hold stays a number."""
    seconds = from_server(value)
    try:
        moment = to_datetime(seconds)
    except ValueError:
        return value
    return value if moment is None else moment


def _iso(value: int) -> str | int:
    moment = _moment(value)
    return moment if isinstance(moment, int) else moment.isoformat().replace("+00:00", "Z")


_TIMES: dict[str, Callable[[int], Any] | None] = {"unix": None, "datetime": _moment, "iso": _iso}


def _text(value: Any, depth: int) -> str:
    """Return a text for a value that is as short as it may be and still tells what it is."""
    if isinstance(value, msgspec.Struct):
        name = type(value).__name__
        if depth == 0:
            return f"{name}(…)"
        fields = (f"{field}={_text(each, depth - 1)}" for field, each in shown(value))
        return f"{name}({', '.join(fields)})"
    if isinstance(value, str) and len(value) > MAX_TEXT:
        return f"{value[: MAX_TEXT - 1]!r}…"
    if isinstance(value, list | tuple):
        entries = [_text(each, depth) for each in value[:MAX_ENTRIES]]  # pyright: ignore[reportUnknownVariableType] (any list)
        return f"[{_cut(entries, len(value))}]"  # pyright: ignore[reportUnknownArgumentType] (as above)
    if isinstance(value, dict):
        pairs = list(value.items())[:MAX_ENTRIES]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] (any object)
        entries = [f"{key!r}: {_text(each, depth)}" for key, each in pairs]  # pyright: ignore[reportUnknownVariableType] (as above)
        return f"{{{_cut(entries, len(value))}}}"  # pyright: ignore[reportUnknownArgumentType] (as above)
    return repr(value)


def _cut(entries: list[str], count: int) -> str:
    rest = [f"… {count - len(entries)} more"] if count > len(entries) else []
    return ", ".join([*entries, *rest])
