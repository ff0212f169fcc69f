"""The contacts that are not active any more: deleted, archived, blocked or merged."""

from __future__ import annotations

from collections.abc import Iterator

from intercom_async.simulator.rows import Row
from .contact_history import ContactHistory
from .steps import STEP_ROWS, Scans, StepPolicy, in_order
from .table import Table


class InactiveContacts:
    """Finds the inactive contacts, in steps, and keeps them until something is written.

    Args:
        contacts: The contacts that are there.
        history: Has those that were deleted.
        policy: Counts the writes.
    """

    def __init__(self, contacts: Table, history: ContactHistory, policy: StepPolicy) -> None:
        self._contacts = contacts
        self._history = history
        self._policy = policy
        self._scans = Scans(policy)
        self._found_at = -1
        """Writes at the time of `_found`."""
        self._found: list[Row] = []

    def newest_first(self) -> list[Row]:
        """Return records of deleted contacts, and the rows of the others."""
        if self._found_at != self._policy.writes:
            size = len(self._contacts.written_numbers())
            self._scans.run("inactive", size, self._find)
        return self._found

    def _find(self) -> Iterator[None]:
        writes, found = self._policy.writes, [*self._history.deleted()]
        numbers = self._contacts.written_numbers()
        for start in range(0, len(numbers), STEP_ROWS):
            part = [one for one in numbers[start : start + STEP_ROWS] if self._contacts.has(one)]
            found += [row for row in map(self._contacts.at, part) if status_of(row) is not None]
            yield
        order = yield from in_order(
            range(len(found)), lambda number: ((1, _since(found[number])), number)
        )
        self._found = [found[number] for number in reversed(order)]
        self._found_at = writes


def status_of(row: Row) -> str | None:
    """Return why a contact is inactive; None for one that is active."""
    if "_merged_into" in row:
        return "merged"
    if row.get("_blocked"):
        return "blocked"
    return "archived" if row.get("_archived") else None


def _since(row: Row) -> tuple[int, str]:
    """Return since when a contact is inactive, and its id."""
    at: int = row["deleted_at"] if "deleted_at" in row else row["updated_at"]
    return at, row["id"]
