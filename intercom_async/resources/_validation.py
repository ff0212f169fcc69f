"""Arguments as the API wants them written, where that is not how JSON would write them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from intercom_async.codec.plain import plain, plain_id as check_id
from intercom_async.config import shown
from intercom_async.errors import ConfigError
from intercom_async.fields.common import Id
from intercom_async.moments import is_milliseconds, to_iso
from intercom_async.request.operation import only_fields
from intercom_async.request.query_string import Query, to_query

T = TypeVar("T")


def given(**fields: Any) -> dict[str, Any]:
    """Leave out what is None, which stands for an argument that was not given."""
    return {name: value for name, value in fields.items() if value is not None}


def needed(**values: Any) -> dict[str, Any]:
    """Return arguments by name.

    Raises:
        ConfigError: One of them is None.
    """
    for name, value in values.items():
        if value is None:
            raise ConfigError(f"{name} is needed, and is None")
    return values


def checked(kind: Any, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is None of the keywords that a TypedDict names.

    Raises:
        TypeError: It does not name one of them, or one that it requires is missing.
        ConfigError: What is named as an id, or as ids, is none.
    """
    allowed = frozenset(kind.__annotations__)
    found = given(**only_fields(kind.__name__, allowed, kind.__required_keys__, fields))
    check_given(found)
    return found


def with_iso(fields: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return the fields with some moments written in ISO 8601; None and absent ones stay so.

    Raises:
        ConfigError: One of them is no moment.
    """
    moments = {name: fields[name] for name in names if fields.get(name) is not None}
    return {**fields, **{name: to_iso(name, moment) for name, moment in moments.items()}}


def to_parameters(given: Mapping[str, Any]) -> Query:
    """Return query parameters in the form that is sent, without those that are None.

    Raises:
        ConfigError: A value cannot be a parameter, or is no id, moment or number of items where one
            is meant.
    """
    check_given(given)
    query = to_query(given)
    if "per_page" in given:
        check_per_page(given["per_page"])
    return query


def check_per_page(per_page: int | None) -> int | None:
    """Return the number of items a page.

    Raises:
        ConfigError: It is not a whole number above 0.
    """
    per_page = plain(per_page)
    if per_page is None or (type(per_page) is int and per_page > 0):
        return per_page
    raise ConfigError(f"per_page must be a whole number above 0, not {shown(per_page)}")


def take_one(whose: str, fields: dict[str, Any], **keys: str) -> dict[str, str]:
    """Take the one key of someone that was given out of the fields, as the API names it.

    Args:
        whose: Whose key it is, for the error's message.
        fields: What was given.
        keys: What the API calls each key.

    Raises:
        ConfigError: None or more than one was given.
    """
    found = given(**{keys[key]: fields.pop(key, None) for key in keys})
    if len(found) != 1:
        raise ConfigError(f"{whose} takes one of {', '.join(keys)}, not {len(found)}")
    return {key: to_id(key, value) for key, value in found.items()}


def with_text(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Write the ids among some fields as text, as the API declares them there."""
    ids = {name: value for name, value in fields.items() if name.endswith("_id")}
    return {**fields, **to_ids(**given(**ids))}


def check_given(fields: Mapping[str, Any]) -> None:
    """Make sure that what is named as an id is one, or None, which empties it or leaves it out.

    Where several are named, each is looked at; what is named by more than its id has a dict.

    Raises:
        ConfigError: It is no id, or empty, or there are more things than the API takes.
    """
    for name, value in fields.items():
        if value is not None:
            _check_one(name, value)


def _check_one(name: str, value: Any) -> None:
    if name.endswith("_id"):
        check_id(name, value)
    elif name.endswith("_ids"):
        _check_id_list(name, value)
    elif name in _NAMING:
        check_named(name, value)
    elif name in _WITH_MOMENTS:
        check_given(check_dict(name, value))
    elif name in _MOST:
        check_several(name, value, most=_MOST[name])
    elif is_milliseconds(name, plain(value)):
        raise ConfigError(f"{name} must be UNIX seconds; is it in milliseconds?")


def _check_id_list(name: str, values: Collection[Any]) -> None:
    for each in check_several(name, values):
        if not isinstance(each, Mapping):
            check_id(name, each)


_NAMING = frozenset(
    {"bcc", "cc", "newsfeed_assignments", "reference", "to", "translated_content", "user"}
)
"""Fields that name others by id inside; what else is nested has names that users choose."""

_WITH_MOMENTS = frozenset({"event_summaries"})
"""Fields that have moments inside."""

_MOST = {"attachment_files": 10, "attachment_urls": 10, "attachments": 10}
"""How many the API takes at once."""


def check_named(name: str, value: Any) -> None:
    """Make sure that what names one or several others by id in dicts does so by ids.

    Raises:
        ConfigError: One is no id, or it is no dict.
    """
    entries: Collection[Any] = [value] if isinstance(value, Mapping) else value
    if name == "translated_content":
        entries = [each for each in check_dict(name, value).values() if each is not None]
    for each in check_several(name, entries):
        for key, inner in check_dict(name, each).items():
            if key == "id" or key.endswith("_id"):
                check_id(f"{name}: {key}", inner)
        check_given(each)


def check_several(
    name: str, values: Collection[T] | None, *, least: int = 0, most: int | None = None
) -> Collection[T]:
    """Return several things as they are.

    Args:
        name: What they are called.
        values: They.
        least: How many the API needs.
        most: How many it takes at once.

    Raises:
        ConfigError: They are none, too few or too many, or a text, whose letters would be taken
            for them.
    """
    if isinstance(values, str | bytes) or not isinstance(values, Collection):
        raise ConfigError(f"{name} must be a list, not {type(values).__name__}")
    if len(values) < least or (most is not None and len(values) > most):
        bounds = f"at least {least}" if most is None else f"{least} to {most:,} at once"
        raise ConfigError(f"{name} takes {bounds}, not {len(values):,}")
    return values


def check_texts(name: str, values: Collection[str], *, least: int = 0) -> Collection[str]:
    """Return several texts as they are.

    Raises:
        ConfigError: They are none, too few, or one text, whose letters would be taken for them.
    """
    for each in check_several(name, values, least=least):
        if not isinstance(each, str):
            raise ConfigError(f"{name} takes texts, not {type(each).__name__}")
    return values


def check_dict(name: str, value: Any) -> Mapping[str, Any]:
    """Return a dict as it is.

    Raises:
        ConfigError: It is none.
    """
    if isinstance(value, Mapping):
        return value  # pyright: ignore[reportUnknownVariableType] (any dict)
    raise ConfigError(f"{name} must be a dict, not {type(value).__name__}")


def check_ids(**ids: Id) -> dict[str, Any]:
    """Return ids by name, each as it is; what is no id is refused as `check_id` does."""
    return {name: check_id(name, value) for name, value in ids.items()}


def to_ids(**ids: Id) -> dict[str, Any]:
    """Write ids as text, by name, where the API declares them so."""
    return {name: to_id(name, value) for name, value in ids.items()}


def to_id(name: str, value: Id) -> str:
    """Write one id as text; what is none is refused as `check_id` does."""
    return str(check_id(name, value))


def to_id_list(
    name: str, values: Collection[Id] | None, *, least: int = 0, most: int | None = None
) -> list[str]:
    """Write several ids as text; what is none is refused as `check_several` and `check_id` do."""
    return [to_id(name, each) for each in check_several(name, values, least=least, most=most)]


def to_number(name: str, value: Id) -> Id:
    """Write an id as a number where the API declares one; what is none is left to the API.

    Raises:
        ConfigError: It is no id, or empty.
    """
    check_id(name, value)
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def to_numbers(name: str, values: Collection[Id]) -> list[Id]:
    """Write several ids as numbers; what is none is refused as `check_several` and `to_number`."""
    return [to_number(name, each) for each in check_several(name, values)]
