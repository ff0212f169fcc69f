"""What a journal holds: effective changes; what is unchanged never gets here."""

from __future__ import annotations

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
    """Whether the target had nothing of its key, neither a row nor an entry."""

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


Entry = Put | Gone | Family | SeenKeys
