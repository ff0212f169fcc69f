"""Counts references that lead nowhere: to rows that are neither in the target nor tombstones.

What rows refer to is read of them as they come, and compared once all streams are read. What leads
nowhere then is remembered, so that later runs count it until it leads somewhere. Where that does
not tell of all rows, those that the target holds are read (`referring`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from .cut_lists import shown_ids
from .errors import UNREADABLE
from .key_table import KeyTable

MOST_KEPT = 10_000
"""Rows that are looked for in each stream; of more, these many are counted."""
MOST_REMEMBERED = 1_000
"""How many of those that are not found a state remembers."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A field of rows that names rows of another stream.

    Args:
        field: The field.
        entries: What it calls its list of objects that have an ``id``; None where the field itself
            is a list of ids.
        to: The other stream.
    """

    field: str
    entries: str | None
    to: str


class References:
    """What the rows of one stream refer to.

    Args:
        fields: Its fields with references.
        tables: What the target holds of each stream that may be referred to.
        remembered: What led nowhere by the last run.
        compared: Streams with which all rows of the target were compared by then.
    """

    def __init__(
        self,
        fields: tuple[Reference, ...],
        tables: Mapping[str, KeyTable],
        remembered: Mapping[str, list[str]],
        compared: Iterable[str],
    ) -> None:
        self._fields = [one for one in fields if one.to in tables]
        self._tables = tables
        self._remembered = {one.to: remembered.get(one.to, ()) for one in self._fields}
        self._missing = {to: dict.fromkeys(keys) for to, keys in self._remembered.items()}
        self._decoder = msgspec.json.Decoder(_head(tuple(self._fields)))
        self.lacking: set[str] = self._missing.keys() - set(compared)
        """Streams of which it is not known what leads there in all rows."""

    @property
    def fields(self) -> list[str]:
        """Fields of its rows that are read."""
        return [one.field for one in self._fields]

    @property
    def streams(self) -> list[str]:
        """Streams that they lead to."""
        return list(self._missing)

    def note(self, body: bytes) -> None:
        """Take in what a row refers to."""
        for one, keys in zip(self._fields, self._keys(body), strict=True):
            missing = self._missing[one.to]
            for key in keys:
                if key in missing or self._tables[one.to].get(key) is not None:
                    continue
                if len(missing) < MOST_KEPT:
                    missing[key] = None
                else:
                    self.lacking.add(one.to)

    def _keys(self, body: bytes) -> list[list[str]]:
        """Return what each field of a row refers to."""
        try:
            row = self._decoder.decode(body)
        except UNREADABLE:
            # One entry is of another form; what stands beside it refers all the same.
            return [shown_ids(body, one.field, one.entries) for one in self._fields]
        found: list[list[str]] = []
        for number, one in enumerate(self._fields):
            held = getattr(row, f"f{number}")
            if one.entries is None:
                found.append([str(key) for key in held or ()])
            else:
                found.append([str(entry.id) for entry in (held and held.entries) or ()])
        return found

    def doubt_remembered(self) -> None:
        """Note that rows may refer no longer to what is remembered and leads nowhere still."""
        for to, keys in self._remembered.items():
            if any(self._tables[to].get(key) is None for key in keys):
                self.lacking.add(to)

    def begin_again(self, streams: Iterable[str]) -> None:
        """Forget what leads to some streams: all rows are looked at again."""
        for to in streams:
            self._missing[to].clear()
            self.lacking.discard(to)

    def left(self) -> dict[str, list[str]]:
        """Return the rows that are not there, now that all streams are read, by their streams."""
        found = {
            to: [key for key in keys if self._tables[to].get(key) is None]
            for to, keys in self._missing.items()
        }
        return {to: keys for to, keys in found.items() if keys}


class _Entry(msgspec.Struct):
    id: str | int


def _head(fields: tuple[Reference, ...]) -> Any:
    """Return a struct with the lists of some fields."""
    listed: list[Any] = []
    for number, one in enumerate(fields):
        held: Any = list[str | int]
        if one.entries is not None:
            entries = msgspec.field(default=None, name=one.entries)
            held = msgspec.defstruct("Held", [("entries", list[_Entry] | None, entries)])
        listed.append((f"f{number}", held | None, msgspec.field(default=None, name=one.field)))
    return msgspec.defstruct("Referring", listed, kw_only=True)
