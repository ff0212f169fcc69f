"""Conversations whose last parts have left their time of change as it was.

That a part moves its conversation is documented nowhere: one that does not is told by the count of
parts alone.
"""

from __future__ import annotations

from typing import Any

import msgspec

from intercom_async.transport.base import Reply

Row = dict[str, Any]


class Unmoved:
    """The times of change that a server goes on telling of some records."""

    def __init__(self) -> None:
        self._times: dict[str, int] = {}

    def set(self, stream: str, key: str, updated_at: int | None) -> None:
        """Let a record tell an earlier time from now on, or that of its last change again."""
        path = f"/{stream}/{key}"
        if updated_at is None:
            self._times.pop(path, None)
        else:
            self._times[path] = updated_at

    def dated(self, stream: str, key: str, row: Row) -> Row:
        """Return a record with the time that it tells."""
        updated_at = self._times.get(f"/{stream}/{key}")
        return row if updated_at is None else row | {"updated_at": updated_at}

    def shown(self, path: str, reply: Reply) -> Reply:
        """Return the answer to a read by id with the time that the record tells."""
        if path not in self._times or reply.status != 200:
            return reply
        row: Row = msgspec.json.decode(reply.body)
        row["updated_at"] = self._times[path]
        return Reply(reply.status, reply.headers, msgspec.json.encode(row))
