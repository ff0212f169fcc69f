"""What became of contacts: the log of their activity, and those that were deleted."""

from __future__ import annotations

from collections.abc import Iterator

from intercom_async.simulator.rows import Row
from intercom_async.simulator.seed.base import Seeded

DELETE_GRACE_S = 7 * 86_400
"""Seconds for which a deleted contact is only marked for deletion (`test_contact_history.py`)."""


class ContactHistory:
    """The activity log, which begins with the seeded contacts, and the deleted contacts."""

    def __init__(self, seeds: Seeded) -> None:
        self._seeds = seeds
        self._log: list[Row] = []
        self._deleted: dict[str, Row] = {}

    def add(self, event_type: str, contact: Row, at: int, **more: str) -> None:
        """Record one event; `at` is in UNIX seconds."""
        number = len(self)
        self._log.append(_activity(number, event_type, contact, at) | more)
        if event_type == "contact.deleted":
            kept = {key: contact[key] for key in ("id", "external_id", "email")}
            self._deleted[contact["id"]] = kept | {"deleted_at": at}

    def __len__(self) -> int:
        return self._seeds.count + len(self._log)

    def at(self, number: int) -> Row:
        """Return an event by its place, the oldest first."""
        if number >= self._seeds.count:
            return self._log[number - self._seeds.count]
        columns = self._seeds.columns
        contact = {key: columns[key](number) for key in ("id", "external_id", "role")}
        return _activity(number, "contact.created", contact, columns["created_at"](number))

    def state(self) -> dict[str, list[Row]]:
        """Return what was recorded, by part."""
        return {"log": [*self._log], "deleted": [*self._deleted.values()]}

    def put_state(self, part: str, rows: list[Row]) -> None:
        """Add rows of a part that `state` of another workspace returned."""
        if part == "log":
            self._log += rows
        else:
            self._deleted.update((one["id"], one) for one in rows)

    def deleted(self) -> Iterator[Row]:
        """Walk the deleted contacts, the first deleted first."""
        return iter(self._deleted.values())


def shown_deleted(contact: Row, now: float) -> Row:
    """Return a deleted contact as lists have it: without its details once the grace is over."""
    is_final = now - contact["deleted_at"] >= DELETE_GRACE_S
    return {
        "type": "contact",
        "id": contact["id"],
        "external_id": None if is_final else contact["external_id"],
        "email": None if is_final else contact["email"],
        "status": "permanently_deleted" if is_final else "pending_deletion",
    }


def _activity(number: int, event_type: str, contact: Row, at: int) -> Row:
    return {
        "type": "contact_activity",
        "id": f"{at * 1_000}.{number:06x}",
        "event_type": event_type,
        "contact_id": contact["id"],
        "external_id": contact["external_id"],
        "role": contact["role"],
        "created_at": at,
    }
