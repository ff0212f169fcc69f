"""What a journal holds, and how it becomes rows: the last entry of a row decides.

Entries are effective changes: what is unchanged never gets here. They are read twice and rows once,
so that a merge needs some thirty bytes of memory for a changed row, whatever its size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import msgspec

from intercom_async.sync.key_table import GONE, SEEN, Held, KeyTable


class Put(msgspec.Struct, tag="p", array_like=True, frozen=True, gc=False):
    """A row, as it came."""

    table: str
    key: str
    parent: str
    body: bytes
    version: int
    read_at: int
    digest: int
    by_id: bool = False

    @property
    def id(self) -> str:
        """What tells it apart in its table."""
        return f"{self.parent}\0{self.key}" if self.parent else self.key


class Gone(msgspec.Struct, tag="g", array_like=True, frozen=True, gc=False):
    """A row that is no longer in the workspace."""

    table: str
    key: str
    at: int


class Family(msgspec.Struct, tag="f", array_like=True, frozen=True, gc=False):
    """The children of one row were read: those that do not come behind this entry are gone."""

    table: str
    parent: str
    read_at: int
    version: int
    """The parent's, for which they were read."""
    count: int
    """Children that the parent says it has; 0 where it does not say."""
    kept_before: int = 0
    """Of a truncated answer: children made before this moment stay as they are."""
    is_gone: bool = False
    """Whether the parent itself is gone."""


class Seen(msgspec.Struct, tag="s", array_like=True, frozen=True, gc=False):
    """Rows that the open sweep has met, unchanged."""

    table: str
    keys: list[str]


Entry = Put | Gone | Family | Seen

Fate = int | Literal["keep", "drop"]
"""What becomes of a stored row: it stays, goes, or is marked as deleted at a moment."""


class Emitted(NamedTuple):
    """A row that comes new into the generation."""

    put: Put
    deleted_at: int


class Merge:
    """Merges a table's stored rows with the entries of a journal.

    Args:
        name: The table.
        entries: Gives the journal's entries; called twice.
    """

    def __init__(self, name: str, entries: Callable[[], Iterator[Entry]]) -> None:
        self._name = name
        self._entries = entries
        # Of a row: its last Put's number, the moment it went, its digest.
        self._rows = KeyTable()
        # Of a parent: its last Family's number, the moment of it, `kept_before`.
        self._families = KeyTable()
        self.is_empty: bool = True
        """Whether nothing of the table changes."""
        for number, entry in enumerate(entries(), 1):
            if entry.table == name and not isinstance(entry, Seen):
                self.is_empty = False
                self._note(number, entry)

    def _note(self, number: int, entry: Put | Gone | Family) -> None:
        if isinstance(entry, Put):
            self._rows.put(entry.id, Held(number, 0, entry.digest, 0))
        elif isinstance(entry, Gone):
            held = self._rows.get(entry.key)
            at = max(entry.at, 1)
            put, digest = (held.version, held.digest) if held else (0, 0)
            self._rows.put(entry.key, Held(put, at, digest, 0))
        else:
            flags = GONE if entry.is_gone else 0
            at = max(entry.read_at, 1)
            self._families.put(entry.parent, Held(number, at, max(entry.kept_before, 0), flags))

    def fate(
        self, row_id: str, parent: str, version: int, digest: int, *, is_deleted: bool
    ) -> Fate:
        """Say what becomes of a stored row."""
        held = self._rows.get(row_id)
        deleted_at = self._deleted_at(held, parent, version)
        if held is not None and held.version:
            if held.digest != digest or (is_deleted and not deleted_at):
                return "drop"
            # The content is the same, so the row keeps the moment at which it came.
            self._rows.mark(row_id, SEEN)
        if is_deleted or not deleted_at:
            return "keep"
        return deleted_at

    def _deleted_at(self, held: Held | None, parent: str, version: int) -> int:
        if held is not None and held.read_at:
            return held.read_at
        family = self._families.get(parent) if parent else None
        if family is None:
            return 0
        if family.is_gone:
            return family.read_at
        if held is not None and held.version > family.version:
            return 0
        return 0 if version < family.digest else family.read_at

    def new(self) -> Iterator[Emitted]:
        """Give the rows that come new, each once; ask for the fate of stored ones before."""
        for number, entry in enumerate(self._entries(), 1):
            if not isinstance(entry, Put) or entry.table != self._name:
                continue
            held = self._rows.get(entry.id)
            if held is None or held.version != number or held.flags & SEEN:
                continue
            yield Emitted(entry, self._deleted_at(held, entry.parent, entry.version))
