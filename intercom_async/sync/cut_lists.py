"""Lists inside rows, as far as it takes to see that the API has cut them: it shows ten entries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar

import msgspec

from .errors import UNREADABLE

_T = TypeVar("_T")
_Json: TypeAlias = msgspec.Raw | bytes
_ID: Any = str | int


class _Entry(msgspec.Struct, gc=False):
    """An entry of which nothing is read."""


class ShownList(msgspec.Struct, gc=False):
    """A list inside a row."""

    data: tuple[_Entry, ...] | None = None
    """A tuple: an empty one takes no memory, and gives the garbage collector nothing to look at."""
    total_count: int | None = None
    has_more: bool | None = None


def is_any_cut(lists: Iterable[ShownList | None]) -> bool:
    """Say whether any of some lists has more entries than it shows."""
    for shown in lists:
        if shown is None:
            continue
        total = shown.total_count
        if shown.has_more or (total and total > len(shown.data or ())):
            return True
    return False


def read_lists(body: bytes, fields: tuple[str, ...]) -> Sequence[ShownList | None]:
    """Return some lists of a row; None for each that it has not, or that is none."""
    if not fields:
        return ()
    try:
        return msgspec.structs.astuple(_decoder(fields).decode(body))
    except UNREADABLE:
        # One of them is no list; the others are read by themselves.
        return [read_list(body, field) for field in fields]


def read_list(body: bytes, field: str) -> ShownList | None:
    """Return a list of a row; None if it has none of this name."""
    raw = _member(body, field)
    try:
        return msgspec.json.decode(raw, type=ShownList | None)
    except UNREADABLE:
        return _in_another_form(raw)


def shown_ids(body: bytes, field: str, name: str | None = "data") -> list[str]:
    """Return the ids that a list of a row shows, whatever else stands beside them.

    Args:
        body: The row.
        field: The row's field.
        name: What the field calls its list of objects; None where it is a list of ids itself.
    """
    if name is None:
        ids = _decoded(_member(body, field), list[msgspec.Raw]) or ()
        return [str(each) for each in (_decoded(raw, _ID) for raw in ids) if each is not None]
    found = [_decoded(entry, _Named) for entry in _entries(_member(body, field), name)]
    return [str(entry.id) for entry in found if entry is not None]


def shown_entries(raw: _Json) -> list[dict[str, Any]]:
    """Return the entries of a list that are objects."""
    found = [_decoded(entry, dict[str, Any]) for entry in _entries(raw)]
    return [entry for entry in found if entry is not None]


class _Named(msgspec.Struct, gc=False):
    """An entry of which only the id is read."""

    id: str | int


def _in_another_form(raw: _Json) -> ShownList | None:
    """Return a list with an entry that is null or a text, or a count that is a text.

    It may be cut like any other, and the other lists of its row say nothing about that.
    """
    if _decoded(raw, dict[str, msgspec.Raw]) is None:
        return None
    return ShownList(
        data=(_Entry(),) * len(_entries(raw)),
        total_count=_decoded(_member(raw, "total_count"), int),
        has_more=_decoded(_member(raw, "has_more"), bool),
    )


def _entries(raw: _Json, name: str = "data") -> list[msgspec.Raw]:
    return _decoded(_member(raw, name), list[msgspec.Raw]) or []


def _member(raw: _Json, name: str) -> _Json:
    """Return a member of an object; null if it has none of this name, or is none."""
    return (_decoded(raw, dict[str, msgspec.Raw]) or {}).get(name, b"null")


def _decoded(raw: _Json, kind: type[_T]) -> _T | None:
    """Return what bytes say, also a number or a truth in quotes; None if it is no `kind`."""
    try:
        return msgspec.json.decode(raw, type=kind, strict=False)
    except UNREADABLE:
        return None


@lru_cache(maxsize=64)
def _decoder(fields: tuple[str, ...]) -> msgspec.json.Decoder[Any]:
    """Return what reads some lists of a row in one pass, and skips the rest."""
    listed: list[Any] = [
        (f"f{number}", ShownList | None, msgspec.field(default=None, name=field))
        for number, field in enumerate(fields)
    ]
    return msgspec.json.Decoder(msgspec.defstruct("Lists", listed))
