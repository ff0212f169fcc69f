"""Lists inside rows, as far as it takes to see that the API has cut them: it shows ten entries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from .errors import UNREADABLE


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
    try:
        fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        return msgspec.json.decode(fields.get(field, b"null"), type=ShownList | None)
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
