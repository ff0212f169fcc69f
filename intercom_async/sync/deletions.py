"""Reads lists of deleted rows, each with the API version that has it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import aclosing
from typing import Any, cast

import msgspec

from intercom_async.errors import ClosedError, IntercomError
from intercom_async.moments import from_server
from .evidence import tombstone
from .holes import Hole
from .page_reader import PageReader
from .sinks.entries import Entry
from .stream_run import StreamRun
from .streams import Ranged
from .writer import Batch


class _Deleted(msgspec.Struct):
    id: str | int
    deleted_at: Any = None
    status: str | None = None
    """State of a contact: archived, blocked, merged, pending_deletion or permanently_deleted."""
    merged_into_id: str | int | None = None


class DeletionReader:
    """Reads lists of deleted rows.

    Args:
        reader: Hands over.
    """

    def __init__(self, reader: PageReader) -> None:
        self._reader = reader

    async def read(self, run: StreamRun, since: int) -> bool:
        """Read which rows were deleted since a moment; say whether the server tells it.

        Args:
            run: The stream.
            since: The moment, UNIX seconds of the server.
        """
        source = cast("Ranged", run.stream.source)
        deletions = source.deletions
        if deletions is None:
            return False
        began = run.clock.now()
        client = run.client.at_version(deletions.version)
        try:
            async with aclosing(deletions.read(client).raw().pages()) as pages:
                async for page in pages:
                    if await self._take_deleted(run, page.items, since):
                        break
        except ClosedError:
            raise
        except IntercomError:
            # Whatever the reason is: a sweep tells the same.
            return False

        def note() -> None:
            run.state.deletions = began

        await self._reader.hand_over(Batch(run, apply=note))
        return True

    async def _take_deleted(self, run: StreamRun, items: Iterable[Any], since: int) -> bool:
        """Let rows go that a list of deleted rows names; say whether the rest is older."""
        entries: list[Entry] = []
        filled: list[Hole] = []
        is_older = False
        for raw in items:
            try:
                item = msgspec.json.decode(raw, type=_Deleted)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                continue
            key, at = str(item.id), from_server(item.deleted_at)
            is_older = is_older or (at is not None and at < since)
            held = run.table.get(key)
            if held is not None and not held.is_gone and not (at and held.read_at > at):
                entries += tombstone(
                    run,
                    key,
                    run.clock.now(),
                    item.status or "deleted",
                    into=None if item.merged_into_id is None else str(item.merged_into_id),
                    evidence="list of deleted rows",
                )
                filled += [Hole(kind=kind, key=key) for kind in ("suspect", "record", "parent")]
        if entries:
            await self._reader.hand_over(Batch(run, entries, filled=filled))
        return is_older
