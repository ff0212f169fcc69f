"""Which columns a model's rows have in sinks with columns.

Fields whose values are one thing have a column of its type; lists and objects have one with their
JSON. A field that no model knows gets a column with its JSON when it is first seen. The whole row
stands beside them in ``record``, so nothing that the API sends is lost.
"""

from __future__ import annotations

import types
from typing import Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

import msgspec

from intercom_async.models.base import AssigneeId, Id, LooseTimestamp

Kind = Literal["text", "integer", "number", "truth", "moment", "json"]

RECORD = "record"
"""The column with the whole row."""


class Column(NamedTuple):
    """A column, named as the field is."""

    name: str
    kind: Kind


_KINDS: dict[Any, Kind] = {
    str: "text",
    Id: "text",
    AssigneeId: "text",
    int: "integer",
    float: "number",
    bool: "truth",
    LooseTimestamp: "moment",
}


def columns_of(model: type[msgspec.Struct] | None, key: str) -> list[Column]:
    """Return the columns of a model's fields, the key first."""
    columns = {key: Column(key, "text")}
    if model is not None:
        hints = msgspec.structs.fields(model)
        for field in hints:
            name = field.encode_name
            if name not in columns and name != RECORD:
                columns[name] = Column(name, _kind(name, field.type))
    return list(columns.values())


def _kind(name: str, annotation: Any) -> Kind:
    kinds: set[Kind] = {_KINDS.get(one, "json") for one in _members(annotation)}
    kind: Kind = kinds.pop() if len(kinds) == 1 else "json"
    # A moment is an int to a type checker: its name tells.
    return "moment" if kind == "integer" and name.endswith("_at") else kind


def _members(annotation: Any) -> set[Any]:
    """Return the types that a value may have, None aside."""
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        members: set[Any] = set()
        for one in get_args(annotation):
            members |= _members(one)
        return members - {types.NoneType}
    if origin is Literal:
        return {type(one) for one in get_args(annotation)}
    if isinstance(annotation, TypeVar):
        return {object}
    return {annotation} if origin is None else {origin}
