"""The columns of a model, for everything that turns models into tables.

A field with a single value has a column of that value's kind. A field with a list or an object has
a column with its JSON: its shape differs from row to row and changes without notice, and the
columns of a table must come from the model, never from the rows that happen to be in it.
"""

from __future__ import annotations

import types
from functools import lru_cache
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

import msgspec

from intercom_async.moments import UNIX_SECONDS
from .loose import AssigneeId, Id, LooseTimestamp

Kind = Literal["text", "integer", "number", "boolean", "timestamp", "json"]
"""What a column holds: str, int, float, bool, UNIX seconds in UTC, or JSON as text."""


class Column(NamedTuple):
    """A column and the field that it is made of."""

    name: str
    """The field as the API spells it, which is the column's name, too."""
    kind: Kind
    attribute: str = ""
    """The field as the model spells it; empty where no model has it."""


_KINDS: dict[Any, Kind] = {
    str: "text",
    Id: "text",
    AssigneeId: "text",
    int: "integer",
    float: "number",
    bool: "boolean",
    LooseTimestamp: "timestamp",
}


@lru_cache(maxsize=256)
def columns_of(model: type[msgspec.Struct]) -> tuple[Column, ...]:
    """Return the columns of a model, or of any other struct, in the order of its fields."""
    return tuple(
        Column(field.encode_name, _kind(field.type), field.name)
        for field in msgspec.structs.fields(model)
    )


def _kind(annotation: Any) -> Kind:
    kinds: set[Kind] = {_kind_of_member(member) for member in _members(annotation)}
    if kinds == {"integer", "number"}:
        return "number"
    return kinds.pop() if len(kinds) == 1 else "json"


def _kind_of_member(member: Any) -> Kind:
    if get_origin(member) is Annotated:
        base, *marks = get_args(member)
        return "timestamp" if UNIX_SECONDS in marks else _kind(base)
    return _KINDS.get(member, "json")


def _members(annotation: Any) -> set[Any]:
    """Return the types that a value may have, except None."""
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
    return {annotation} if origin in (None, Annotated) else {origin}
