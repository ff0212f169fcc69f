"""How a journal and stored rows become the next generation: the last entry of a row decides.

Rows are read once, and so are entries, but for those that may have another one before them: a first
Put of a row needs no note. A merge takes some thirty bytes of memory for each row that is noted,
whatever its size, and none for rows that a first sync has read once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import msgspec

from intercom_async.clock import give_way
from intercom_async.sync.key_table import GONE, SEEN, Held, KeyTable
from intercom_async.sync.merging import digest_of
from .base import Departed, StoredRow, Table
from .ending import current_ending
from .entries import Entry, EntrySource, Family, Gone, Put

GIVES_WAY_AFTER, GIVES_WAY_S = 128, 50e-6
"""Entries after which a merge lets the loop run, and for how long: it has then worked for about a
millisecond, 20 times as long (benchmarks/loop_turns.py)."""

Fate = int | Literal["keep", "drop"]
"""What becomes of a stored row: it stays, goes, or is marked as deleted at a moment."""


class Emitted(msgspec.Struct, frozen=True, gc=False):
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
        journal: The journal; those of its entries that are no first Puts are read twice.
        departed: What becomes of rows that are gone.
    """

    def __init__(self, table: Table, journal: EntrySource, departed: Departed = "keep") -> None:
        self._table = table
        self._journal = journal
        self._departed = departed
        self._ending = current_ending()
        # A row's values: its last Put's number, 0 if that is a first one; the moment it went; its
        # digest.
        self._rows = KeyTable()
        # A parent's values: its last Family's number, the moment of it, `kept_before`.
        self._families = KeyTable()
        self._stricter: dict[str, list[_Kept]] = {}
        """By parent: earlier Families that kept fewer rows than the last one."""
        self._erased: list[Emitted] = []
        self.changes: bool = departed != "keep" or journal.changes(table.name)
        """Whether a stored row may change, or a new one come."""
        for number, entry in self._read(repeats=True):
            self._note(number, entry)

    def _read(self, *, repeats: bool = False) -> Iterator[tuple[int, Entry]]:
        """Give the table's entries with their numbers, from 1 up."""
        for part in self._parts(repeats=repeats):
            yield from part

    def _parts(self, *, repeats: bool = False) -> Iterator[list[tuple[int, Entry]]]:
        """Give what `_read` gives, some together; let the loop run in between."""
        name, passed = self._table.name, 0
        for begin, entries in self._journal.frames(name, repeats=repeats):
            for first in range(0, len(entries), GIVES_WAY_AFTER):
                part = entries[first : first + GIVES_WAY_AFTER]
                numbered = enumerate(part, begin + first + 1)
                yield [(number, entry) for number, entry in numbered if entry.table == name]
                passed += len(part)
                self._ending.check(len(part))
                if passed >= GIVES_WAY_AFTER:
                    give_way(GIVES_WAY_S)
                    passed = 0

    def _note(self, number: int, entry: Entry) -> None:
        if isinstance(entry, Put):
            if not entry.is_first:
                self._rows.put(entry.id, Held(number, 0, entry.digest, 0))
        elif isinstance(entry, Gone):
            held = self._rows.get(entry.key)
            at = max(entry.at, 1)
            put, digest = (held.version, held.digest) if held else (0, 0)
            self._rows.put(entry.key, Held(put, at, digest, 0))
        elif isinstance(entry, Family):
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
        self._ending.check()
        fate = self._fate(row)
        if fate == "drop" or self._departed == "keep" or (fate == "keep" and not row.deleted_at):
            return fate
        if self._departed == "drop":
            return "drop"
        return self._erase(row, row.deleted_at if fate == "keep" else int(fate))

    def _fate(self, row: StoredRow) -> Fate:
        held = self._rows.get(row.id)
        put, gone_at = (0, 0) if held is None else (held.version, held.read_at)
        deleted_at = self._deleted_at(put, gone_at, row.parent, row.version)
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

    def _deleted_at(self, put: int, gone_at: int, parent: str, version: int) -> int:
        """Return when a row went; 0 of a live one.

        Args:
            put: The number of its last Put, 0 if there is none.
            gone_at: When it was said to be gone by itself, 0 if it was not.
            parent: The key of its parent.
            version: When it last changed.
        """
        family = self._families.get(parent) if parent and not gone_at else None
        if family is None:
            return gone_at
        if family.is_gone:
            return family.read_at
        if put > family.version:
            return 0
        if version > family.read_at:
            # A time that had not come then does not tell what an answer that was cut leaves out.
            version = 0
        if version >= family.digest:
            return family.read_at
        earlier = (
            one.read_at
            for one in self._stricter.get(parent, ())
            if put < one.number and version >= one.kept_before
        )
        return next(earlier, 0)

    def staged(self) -> Iterator[tuple[Put, Fate]]:
        """Say what becomes of rows that are all staged; ask for the fate of stored ones before.

        The staging table has the last row of each key; it stays unless this says otherwise.
        """
        if len(self._rows) or len(self._families):
            for number, entry in self._read():
                if type(entry) is Put:
                    yield entry, self._staged_fate(number, entry)

    def _staged_fate(self, number: int, entry: Put) -> Fate:
        held = self._rows.get(entry.id)
        put, gone_at, flags = (held.version, held.read_at, held.flags) if held else (0, 0, 0)
        if put and put != number:
            return "keep"
        at = self._deleted_at(number, gone_at, entry.parent, entry.version)
        if flags & SEEN:
            return "drop"
        if not at or self._departed == "keep":
            return at or "keep"
        if self._departed == "erase":
            erased = self._without_content(entry.key, entry.parent, entry.read_at, at)
            self._erased.append(erased)
        return "drop"

    def erased(self) -> Sequence[Emitted]:
        """Return the rows of which only ids and times are left, after `fate` and `staged`.

        They are all that comes new where the rows of the journal are staged.
        """
        return self._erased

    def new(self) -> Iterator[Emitted]:
        """Give the rows that come new where none is staged, each once, after `fate`."""
        for batch in self.batches():
            yield from batch

    def batches(self) -> Iterator[Sequence[Emitted]]:
        """Give the rows that `new` gives, some together: for what costs less so."""
        yield self._erased
        # Where nothing was noted, each row came once and is live.
        is_noted = bool(len(self._rows) or len(self._families))
        for part in self._parts():
            puts = [(number, entry) for number, entry in part if type(entry) is Put]
            if is_noted:
                found = (self._emitted(number, put) for number, put in puts)
                yield [row for row in found if row is not None]
            else:
                yield [Emitted(put.body, put.digest, put.read_at, 0) for _, put in puts]

    def _emitted(self, number: int, put: Put) -> Emitted | None:
        """Return the row that a Put brings; None if it is another entry's, or goes."""
        held = self._rows.get(put.id)
        gone_at = 0
        if held is not None:
            last = held.version or (number if put.is_first else 0)
            if last != number or held.flags & SEEN:
                return None
            gone_at = held.read_at
        at = self._deleted_at(number, gone_at, put.parent, put.version)
        if not at or self._departed == "keep":
            return Emitted(put.body, put.digest, put.read_at, at)
        if self._departed == "erase":
            return self._without_content(put.key, put.parent, put.read_at, at)
        return None
