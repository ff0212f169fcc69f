"""What a journal holds: effective changes; what is unchanged never gets here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import msgspec


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
    is_first: bool = False
    """Whether the target held nothing of its key before: no row, and no entry."""
    is_staged: bool = False
    """Whether its body stands in a table of rows to come, and not here (`PostgresSink`)."""

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
    """Children made before this moment stay as they are, as the answer was truncated."""
    is_gone: bool = False
    """Whether the parent itself is gone."""


class SeenKeys(msgspec.Struct, tag="s", array_like=True, frozen=True, gc=False):
    """Rows that the open sweep has met, unchanged."""

    table: str
    keys: list[str]
    read_at: int = 0
    """When: an earlier sweep of the same journal may have met them; 0 where it is not known."""


Entry = Put | Gone | Family | SeenKeys


def changed_by(entries: Sequence[Entry]) -> set[str]:
    """Return the tables that some entries change: those of which there are more than `SeenKeys`."""
    return {entry.table for entry in entries if type(entry) is not SeenKeys}


def repeated_by(entries: Sequence[Entry]) -> set[str]:
    """Return the tables of which there are more than first Puts and `SeenKeys`."""
    return {
        entry.table
        for entry in entries
        if type(entry) is not SeenKeys and not (type(entry) is Put and entry.is_first)
    }


class Frame(NamedTuple):
    """Entries of a journal that are read together."""

    begin: int
    """Entries that stand before it in the journal."""
    entries: Sequence[Entry]


class EntrySource(Protocol):
    """A journal, as far as a merge reads it."""

    def changes(self, table: str) -> bool:
        """Say whether any entry changes a table: all do but `SeenKeys`."""
        ...

    def frames(self, table: str, *, repeats: bool = False) -> Iterator[Frame]:
        """Give the entries in the order in which they came, those of other tables between them.

        Args:
            table: Frames without entries of this table may be left out.
            repeats: Frames that have nothing of the table but first Puts may be left out.
        """
        ...
