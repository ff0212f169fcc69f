"""Find written rows by a field of which each value is there once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from intercom_async.simulator.rows import Row


class UniqueIndex:
    """Numbers of written rows by field and value.

    Rows are changed in place after a table has handed them out, so what was marked is read only
    when the next question comes. Old values stay: who asks looks at the row that is found.
    """

    def __init__(self, fields: Collection[str]) -> None:
        self._fields = tuple(fields)
        self._numbers: dict[tuple[str, Any], set[int]] = {}
        self._marked: set[int] = set()

    def mark(self, number: int) -> None:
        """Note that a row was, or is about to be, written."""
        self._marked.add(number)

    def find(self, rows: Mapping[int, Row], field: str, value: Any) -> Iterable[int]:
        """Return the rows that have, or once had, this value."""
        for number in self._marked:
            row = rows.get(number, {})
            for name in self._fields:
                known = row.get(name)
                if known is not None:
                    self._numbers.setdefault((name, known), set()).add(number)
        self._marked.clear()
        return sorted(self._numbers.get((field, value), ()))
