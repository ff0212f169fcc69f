"""How a journal and stored rows become the next generation: the last entry of a row decides.

Entries are read twice and rows once, so that a merge needs some thirty bytes of memory for a
changed row, whatever its size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import msgspec

from intercom_async.clock import give_way
from intercom_async.sync.key_table import GONE, SEEN, Held, KeyTable
from intercom_async.sync.merging import digest_of
from .base import Departed, StoredRow, Table
from .entries import Entry, Family, Gone, Put, SeenKeys

GIVES_WAY_AFTER, GIVES_WAY_S = 128, 50e-6
"""Entries after which a merge lets the loop run, and for how long: it has then worked for about a
millisecond, 20 times as long (benchmarks/loop_turns.py)."""

Fate = int | Literal["keep", "drop"]
"""What becomes of a stored row: it stays, goes, or is marked as deleted at a moment."""


class Emitted(NamedTuple):
    """A row that comes new into the generation."""

    body: bytes
    digest: int
    synced_at: int
    deleted_at: int
    """0 of a live row."""


class _Kept(NamedTuple):
    """What a Family says of the rows of its parent that came before it."""

    number: int
    read_at: int
    kept_before: int
    """Rows made before this moment stay."""


class Merge:
    """Merges a table's stored rows with the entries of a journal.

    Args:
        table: The table.
        entries: Gives the journal's entries; called twice.
        departed: What becomes of rows that are gone.
    """

    def __init__(
        self, table: Table, entries: Callable[[], Iterator[Entry]], departed: Departed = "keep"
    ) -> None:
        self._table = table
        self._entries = entries
        self._departed = departed
        # A row's values: its last Put's number, the moment it went, its digest.
        self._rows = KeyTable()
        # A parent's values: its last Family's number, the moment of it, `kept_before`.
        self._families = KeyTable()
        self._stricter: dict[str, list[_Kept]] = {}
        """By parent: earlier Families that kept fewer rows than the last one."""
        self._erased: list[Emitted] = []
        self.changes: bool = departed != "keep"
        """Whether a stored row may change, or a new one come."""
        for number, entry in enumerate(self._read(), 1):
            if entry.table == table.name and not isinstance(entry, SeenKeys):
                self.changes = True
                self._note(number, entry)

    def _read(self) -> Iterator[Entry]:
        for number, entry in enumerate(self._entries(), 1):
            if number % GIVES_WAY_AFTER == 0:
                give_way(GIVES_WAY_S)
            yield entry

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
            kept = 0 if entry.is_gone else max(entry.kept_before, 0)
            self._keep_stricter(entry.parent, kept)
            self._families.put(entry.parent, Held(number, at, kept, flags))

    def _keep_stricter(self, parent: str, kept_before: int) -> None:
        """Remember the last Family of a parent if the next one keeps rows that are gone by it."""
        last = self._families.get(parent)
        if last is None:
            return
        stricter = [*self._stricter.get(parent, ()), _Kept(last.version, last.read_at, last.digest)]
        stricter = [one for one in stricter if one.kept_before < kept_before]
        if stricter:
            self._stricter[parent] = stricter
        else:
            self._stricter.pop(parent, None)

    def fate(self, row: StoredRow) -> Fate:
        """Say what becomes of a stored row; each is asked for once, before `new`."""
        fate = self._fate(row)
        if fate == "drop" or self._departed == "keep" or (fate == "keep" and not row.deleted_at):
            return fate
        if self._departed == "drop":
            return "drop"
        return self._erase(row, row.deleted_at if fate == "keep" else int(fate))

    def _fate(self, row: StoredRow) -> Fate:
        held = self._rows.get(row.id)
        deleted_at = self._deleted_at(held, row.parent, row.version)
        if held is not None and held.version:
            if held.digest != row.digest or (row.deleted_at and not deleted_at):
                return "drop"
            # The content is the same, so the row keeps the moment at which it came.
            self._rows.mark(row.id, SEEN)
        return "keep" if row.deleted_at or not deleted_at else deleted_at

    def _erase(self, row: StoredRow, at: int) -> Fate:
        """Let a row go whose place is taken by its ids and times."""
        erased = self._without_content(row.key, row.parent, row.synced_at or at, at)
        if row.deleted_at and row.digest == erased.digest:
            return "keep"
        self._erased.append(erased)
        return "drop"

    def _without_content(self, key: str, parent: str, synced_at: int, at: int) -> Emitted:
        fields = {self._table.key: key}
        if self._table.parent_field is not None:
            fields[self._table.parent_field] = parent
        body = msgspec.json.encode(fields)
        return Emitted(body, digest_of(body), synced_at, at)

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
        if version >= family.digest:
            return family.read_at
        put = 0 if held is None else held.version
        earlier = (
            one.read_at
            for one in self._stricter.get(parent, ())
            if put < one.number and version >= one.kept_before
        )
        return next(earlier, 0)

    def new(self) -> Iterator[Emitted]:
        """Give the rows that come new, each once; ask for the fate of stored ones before."""
        yield from self._erased
        for number, entry in enumerate(self._read(), 1):
            if not isinstance(entry, Put) or entry.table != self._table.name:
                continue
            held = self._rows.get(entry.id)
            if held is None or held.version != number or held.flags & SEEN:
                continue
            at = self._deleted_at(held, entry.parent, entry.version)
            if not at or self._departed == "keep":
                yield Emitted(entry.body, entry.digest, entry.read_at, at)
            elif self._departed == "erase":
                yield self._without_content(entry.key, entry.parent, entry.read_at, at)
