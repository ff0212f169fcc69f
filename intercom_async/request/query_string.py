"""Query parameters: from what callers give to what a URL has behind its question mark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from intercom_async.codec.plain import Parameter, parameter_text, plain, to_parameter
from intercom_async.errors import ConfigError

Query = Mapping[str, Parameter | list[str]]
"""Query parameters; a list is a key that is sent several times."""


def to_query(given: Mapping[str, Any] | None) -> Query:
    """Return query parameters in the form that is sent, without those that are None.

    A key that comes twice, as in a multidict, is kept twice.

    Raises:
        ConfigError: It is no mapping, or a name or value cannot be a parameter.
    """
    query: dict[str, Parameter | list[str]] = {}
    if given is None:
        return query
    if not isinstance(given, Mapping):
        raise ConfigError(f"query parameters are a dict or multidict, no {type(given).__name__}")
    for key, value in given.items():
        name = plain(key)
        if not isinstance(name, str):
            raise ConfigError(f"a query parameter has a name of type {type(key).__name__}, no str")
        parameter = to_parameter(name, value)
        if parameter is not None:
            add_parameter(query, name, parameter)
    return query


def add_parameter(query: dict[str, Parameter | list[str]], name: str, value: Parameter) -> None:
    """Add a parameter beside those of its name."""
    earlier = query.get(name)
    if earlier is None:
        query[name] = value
    else:
        several = earlier if isinstance(earlier, list) else [parameter_text(earlier)]
        query[name] = [*several, parameter_text(value)]


def encode_query(query: Query) -> str:
    """Return query parameters, fully percent-encoded, truth values as the API spells them.

    Raises:
        ConfigError: Text has half of a surrogate pair in it.
    """
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        several = value if isinstance(value, list) else [value]
        pairs.extend((name, parameter_text(each)) for each in several if each is not None)
    try:
        return urlencode(pairs, quote_via=quote, safe="")
    except UnicodeEncodeError:
        raise ConfigError("a query parameter has characters that UTF-8 cannot hold") from None
