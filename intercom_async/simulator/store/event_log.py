"""The events of contacts, each kept once."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator

from intercom_async.simulator.rows import Row


class EventLog:
    """All events, and those of each contact in the order of their times."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._keys: set[tuple[str, str, int]] = set()
        self._of: dict[str, list[Row]] = {}

    def has(self, contact_id: str, name: str, created_at: int) -> bool:
        """Tell whether there is an event of this contact, name and time."""
        return (contact_id, name, created_at) in self._keys

    def append(self, row: Row) -> None:
        """Take an event in."""
        self._rows.append(row)
        self._keys.add((row["intercom_user_id"], row["event_name"], row["created_at"]))
        bisect.insort(self._of.setdefault(row["intercom_user_id"], []), row, key=_place)

    def extend(self, rows: Iterable[Row]) -> None:
        """Take events in."""
        for row in rows:
            self.append(row)

    def between(self, contact_id: str, since: float, before: float) -> list[Row]:
        """Return a contact's events from a time on and before another, the oldest first."""
        rows = self._of.get(contact_id, [])
        low = bisect.bisect_left(rows, since, key=_created_at)
        return rows[low : bisect.bisect_left(rows, before, lo=low, key=_created_at)]

    def clear(self) -> None:
        """Forget all events."""
        for held in (self._rows, self._keys, self._of):
            held.clear()

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def _place(row: Row) -> tuple[int, str]:
    return row["created_at"], row["id"]


def _created_at(row: Row) -> int:
    created_at: int = row["created_at"]
    return created_at
