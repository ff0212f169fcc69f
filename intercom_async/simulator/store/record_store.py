"""A small table: all rows in a dict, ids counted up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from intercom_async.simulator.rows import Row


class RecordStore:
    """Rows of one kind by id, in the order they came."""

    def __init__(self, first_id: int = 1) -> None:
        self._rows: dict[str, Row] = {}
        self._next = first_id

    def new_id(self) -> str:
        """Return the next id."""
        new = str(self._next)
        self._next += 1
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

    def state(self) -> Row:
        """Return all rows and the next id."""
        return {"rows": list(self._rows.values()), "next": self._next}

    def put_state(self, state: Row) -> None:
        """Replace all rows with those of another store."""
        self._rows.clear()
        self.fill(state["rows"])
        self._next = state["next"]

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows.values())

    def __len__(self) -> int:
        return len(self._rows)
