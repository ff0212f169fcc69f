"""Find written rows by a field of which each value is there once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from intercom_async.simulator.rows import Row


class UniqueIndex:
    """Numbers of written rows by field and value.

    Old values stay: the caller looks at the row that is found.

    Args:
        fields: Those of which each value is there once.
        marked: What was written since the last question.
    """

    def __init__(self, fields: Collection[str], marked: set[int]) -> None:
        self._fields = tuple(fields)
        self._numbers: dict[tuple[str, Any], set[int]] = {}
        self._marked = marked

    def find(self, rows: Mapping[int, Row], field: str, value: Any) -> Iterable[int]:
        """Return the rows that have, or once had, this value."""
        self.catch_up(rows, len(self._marked))
        return sorted(self._numbers.get((field, value), ()))

    def catch_up(self, rows: Mapping[int, Row], most: int) -> bool:
        """Look at up to so many rows that were written; tell whether some are left."""
        for _ in range(min(most, len(self._marked))):
            number = self._marked.pop()
            row = rows.get(number, {})
            for name in self._fields:
                known = row.get(name)
                if known is not None:
                    self._numbers.setdefault((name, known), set()).add(number)
        return bool(self._marked)
