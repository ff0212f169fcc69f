"""What a seeded kind of record offers: everything by number, nothing stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from intercom_async.simulator.rows import Row

Column = Callable[[int], Any]


class Seeded(Protocol):
    """Records `0 … count - 1`, made when asked; the same seed makes the same ones."""

    @property
    def count(self) -> int:
        """How many there are."""
        ...

    @property
    def columns(self) -> Mapping[str, Column]:
        """Fields that can be had by number without making the whole row."""
        ...

    @property
    def search_columns(self) -> Mapping[str, Column]:
        """Fields of searches that no row has under this name, by number."""
        ...

    @property
    def monotone(self) -> frozenset[str]:
        """Those of `columns` that never fall as the number rises."""
        ...

    @property
    def unique(self) -> Mapping[str, Callable[[Any], int | None]]:
        """By field: the number that alone may have this value."""
        ...

    def id_of(self, number: int, created_at: int) -> str:
        """Return the id of a record, also of one that is made now."""
        ...

    def number_of(self, record_id: str) -> int | None:
        """Return the number in an id; whether such a record exists is another question."""
        ...

    def row(self, number: int) -> Row:
        """Make the whole record, hidden keys included."""
        ...

    def encoded(self, number: int, version: str) -> bytes:
        """Make the record as it is sent in lists, without the way over `row`."""
        ...
