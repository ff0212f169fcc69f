"""A small table: all rows in a dict, ids counted up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from intercom_async.simulator.rows import Row


class RecordStore:
    """Rows of one kind by id, in the order they came."""

    def __init__(self, first_id: int = 1) -> None:
        self._rows: dict[str, Row] = {}
        self.next_number: int = first_id
        """The next id."""

    def new_id(self) -> str:
        """Return the next id."""
        new = str(self.next_number)
        self.next_number += 1
        return new

    def add(self, row: Row) -> Row:
        """Take a row in; without an id it gets the next one."""
        if "id" not in row:
            row["id"] = self.new_id()
        self._rows[str(row["id"])] = row
        return row

    def fill(self, rows: Iterable[Row]) -> None:
        """Take many rows in."""
        for row in rows:
            self.add(row)

    def find(self, record_id: object) -> Row | None:
        """Return the row of an id, given as text or number."""
        return self._rows.get(str(record_id))

    def remove(self, record_id: object) -> bool:
        """Delete a row; tell whether it was there."""
        return self._rows.pop(str(record_id), None) is not None

    def clear(self) -> None:
        """Delete all rows."""
        self._rows.clear()

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows.values())

    def __len__(self) -> int:
        return len(self._rows)
