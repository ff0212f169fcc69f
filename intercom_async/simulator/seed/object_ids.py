"""Ids of 24 hex digits, as contacts and companies have them: time, workspace, number."""

from __future__ import annotations

from typing import Any, Final

ID_LENGTH: Final = 24
"""Hex digits of an id: 8 of time, 10 of the workspace, 6 of the number."""


def segment_id(place: int) -> str:
    """Return the id of a seeded segment by its place among all of them."""
    return f"65f0{place:020x}"


class ObjectIds:
    """Ids of one kind of record in one workspace, both ways."""

    _salt: str
    """Ten hex digits that are the workspace's and the kind's own."""

    def id_of(self, number: int, created_at: int) -> str:
        """Return 24 hex digits: time, workspace, number."""
        return f"{created_at & 0xFFFFFFFF:08x}{self._salt}{number:06x}"

    def number_of(self, record_id: Any) -> int | None:
        """Return the number in an id of this workspace."""
        if not isinstance(record_id, str) or len(record_id) != ID_LENGTH:
            return None
        if record_id[8:18] != self._salt:
            return None
        try:
            return int(record_id[18:], 16)
        except ValueError:
            return None
