"""The state of resources that have no code of their own: a few seeded rows, and what is written."""

from __future__ import annotations

import dataclasses

from intercom_async.simulator.rows import Row

SEEDED_ROWS = 3
"""Rows that every collection without code of its own has from the start."""


@dataclasses.dataclass(slots=True)
class Record:
    """One row: the number that its made-up fields come from, and the fields that were given."""

    key: int
    fields: Row
    created_at: int
    updated_at: int


class Records:
    """Rows by the path of their collection, as it stands in requests."""

    def __init__(self, now_at: int) -> None:
        self._now_at = now_at
        self._collections: dict[str, dict[str, Record]] = {}
        self._next: dict[str, int] = {}

    def collection(self, path: str) -> dict[str, Record]:
        """Return the rows of a collection by id; it has three from the start."""
        known = self._collections.get(path)
        if known is None:
            known = self._collections[path] = {
                str(key): Record(key, {}, self._now_at - key * 3_600, self._now_at - key * 60)
                for key in range(1, SEEDED_ROWS + 1)
            }
            self._next[path] = SEEDED_ROWS + 1
        return known

    def state(self) -> Row:
        """Return the collections that were touched, and their next ids."""
        return {
            path: {
                "rows": {key: dataclasses.asdict(record) for key, record in rows.items()},
                "next": self._next[path],
            }
            for path, rows in self._collections.items()
        }

    def put_state(self, state: Row) -> None:
        """Replace all collections with those of another workspace."""
        for path, one in state.items():
            self._collections[path] = {key: Record(**row) for key, row in one["rows"].items()}
            self._next[path] = one["next"]

    def add(self, path: str, fields: Row, now_at: int) -> Record:
        """Add a new row under the next id."""
        rows = self.collection(path)
        key = self._next[path]
        self._next[path] = key + 1
        rows[str(key)] = record = Record(key, dict(fields), now_at, now_at)
        return record
