"""Which rows a target holds, chosen by what is known of each."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing

from .key_table import BY_ID, GONE, SEEN, Held
from .sinks.base import Sink, call
from .sinks.entries import Put
from .stream_run import StreamRun
from .target_wait import TargetWait
from .writer import Writer


class HeldKeys:
    """Gives the keys that a target holds: `KeyTable` knows their hashes only.

    Args:
        sink: The target.
        writer: Writes to it meanwhile.
        wait: How long to wait for the target.
    """

    def __init__(self, sink: Sink, writer: Writer, wait: TargetWait) -> None:
        self._sink = sink
        self._writer = writer
        self._wait = wait

    async def select(
        self, run: StreamRun, test: Callable[[Held], bool], *, most: int | None = None
    ) -> list[str]:
        """Return the keys of a stream's rows for which a test holds.

        Args:
            run: The stream.
            test: Says whether a row is wanted.
            most: End after so many.

        Raises:
            BusyTargetError: Another process holds the target for longer than the run waits.
            StoppedError: The run was asked to stop while it waited.
        """

        def select() -> list[str]:
            found: dict[str, None] = {}
            with closing(self._keys(run)) as keys:
                for key in keys:
                    if most is not None and len(found) >= most:
                        break
                    held = run.table.get(key)
                    if held is not None and test(held):
                        found[key] = None
            return list(found)

        async def locked() -> list[str]:
            async with self._writer.sink_lock:
                return await call(self._sink, select)

        return await self._wait.until_free(locked)

    def _keys(self, run: StreamRun) -> Generator[str, None, None]:
        if run.is_shown:
            yield from (row.key for row in self._sink.rows(run.name))
        for child in run.children:
            if not run.is_shown or child.state.has_unknown_parents:
                yield from (row.parent for row in self._sink.rows(child.name))
        doubted = {one.table_name for one in run.children if one.state.has_unknown_parents}
        for entry in self._sink.entries():
            if isinstance(entry, Put) and entry.table == run.table_name:
                yield entry.key
            elif isinstance(entry, Put) and entry.table in doubted:
                yield entry.parent


def is_live(held: Held) -> bool:
    """Say whether a row has not gone."""
    return not held.is_gone


def is_met(held: Held) -> bool:
    """Say whether a sweep has met a row, other than by its id."""
    return held.flags & (GONE | SEEN | BY_ID) == SEEN


def is_unseen(held: Held) -> bool:
    """Say whether a row is live and a sweep has not met it."""
    return not held.flags & (GONE | SEEN)
