"""What a sync asks of a target.

A target holds a *generation*, what readers see, and a *journal*, what came since. A commit adds
entries and state to the journal, both or neither. Publishing makes the next generation of the last
one and the journal, with one commit point: a crash leaves the old generation with the whole
journal, or the new one with none.

A sink is called from different threads but never concurrently, and it may block. With `inline` it
is called in the loop's own thread instead, for loops with virtual time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, TypeVar, runtime_checkable

import anyio
import anyio.lowlevel
import msgspec

from intercom_async.sync.errors import SyncConfigError
from .entries import Entry
from .failures import failures_as_target_errors

T = TypeVar("T")

Departed = Literal["keep", "erase", "drop"]
"""What becomes of rows that are gone: they stay with `_deleted_at`, stay with their ids and times
only, or go."""


@dataclass(frozen=True, slots=True)
class Table:
    """One stream, as far as a sink has to know it."""

    name: str
    key: str
    """The field that tells rows apart, together with `parent_field` if there is one."""
    model: type[msgspec.Struct] | None = None
    parent_field: str | None = None
    """The field that names the row of another table that a row belongs to."""
    version_field: str | None = None
    """The field of when a row last changed; of children, of when they were made."""


class StoredRow(NamedTuple):
    """A row of the generation, as far as a sync has to know it."""

    key: str
    parent: str
    """The key of its parent; empty where rows have none."""
    version: int
    digest: int
    """64 bits of its content; 0 where it is to be written again whatever comes."""
    deleted_at: int = 0
    """When it was found to be gone, UNIX seconds; 0 of a live row."""
    synced_at: int = 0
    """When its content came; 0 where that is not known."""

    @property
    def is_deleted(self) -> bool:
        """Whether it is a row that is gone."""
        return self.deleted_at > 0

    @property
    def id(self) -> str:
        """What tells it apart in its table."""
        return row_id(self.key, self.parent)


class RowFields(NamedTuple):
    """Some fields of a row that the target holds."""

    id: str
    digest: int
    body: bytes
    """The fields as JSON, perhaps among others."""


def row_id(key: str, parent: str) -> str:
    """Return what tells a row apart in its table: ids of children are unique in a parent only."""
    return f"{parent}\0{key}" if parent else key


@dataclass(frozen=True, slots=True)
class Opened:
    """What a target is found to hold."""

    state: bytes | None
    """The state of the last commit; None of a new target."""
    base: bytes | None = None
    """The state of the generation."""
    is_older: bool = False
    """Whether it was written by an earlier version of this package, whose rows are kept."""
    damaged: tuple[tuple[str, str], ...] = ()
    """Streams whose rows are missing or not as they were written, each with the reason."""
    lost: str = ""
    """What is missing of the journal, in words. `begin` gives up the rest of it then, so that all
    that came since the generation is read again: `state` is that of the generation."""


class Sink(Protocol):
    """A target that takes rows and the state that tells of them together."""

    inline: bool
    """Whether it is called in the loop's own thread."""

    @property
    def where(self) -> str:
        """What messages call it: its path."""
        ...

    def open(self, *, verify: bool = False) -> Opened:
        """Take hold of the target, finish what a crash has interrupted, and look at it.

        Args:
            verify: Compare all that is stored with its digests, not sizes and ends only.

        Raises:
            BusyTargetError: Another process writes to it.
            TargetError: It cannot be written to, or is something else.
        """
        ...

    def begin(self, tables: Sequence[Table], *, repaired: Sequence[str] = ()) -> None:
        """Make ready for rows of these tables; rows of `repaired` ones are no longer there."""
        ...

    def rows(self, name: str) -> Iterator[StoredRow]:
        """Give the rows of a table's generation."""
        ...

    def fields_of(self, name: str, fields: Sequence[str]) -> Iterator[RowFields]:
        """Give some fields of the live rows of a table's generation."""
        ...

    def entries(self) -> Iterator[Entry]:
        """Give the entries of the journal, in the order in which they came."""
        ...

    def commit(self, entries: Sequence[Entry], state: bytes) -> None:
        """Add entries and state to the journal so that a crash leaves both or neither.

        Raises:
            TargetError: They cannot be written, for lack of room for example.
        """
        ...

    def publish(
        self, state: bytes, *, departed: Departed = "keep", dropped: Sequence[str] = ()
    ) -> None:
        """Make the next generation of the last one and the journal, which is empty then.

        Args:
            state: What is remembered with it.
            departed: What becomes of rows that are gone.
            dropped: Streams whose rows go.

        Raises:
            BusyTargetError: Readers hold the target; nothing was changed.
        """
        ...

    def close(self) -> None:
        """Let go of the target; more than once does nothing."""
        ...


@runtime_checkable
class StagingSink(Protocol):
    """A sink whose journal leaves out the bodies of rows, which stand apart from it."""

    def staged_rows(self, name: str, fields: Sequence[str]) -> Iterator[RowFields]:
        """Give some fields of the rows of a table that an earlier run has committed."""
        ...


async def call(sink: Sink, method: Callable[..., T], *args: object) -> T:
    """Call a sink where it may block; it is not interrupted, or it would be in doubt.

    Raises:
        TargetError: Whatever the system or a library has raised that the sink did not expect.
    """
    if sink.inline:
        return _told(sink.where, method, args)
    await anyio.lowlevel.checkpoint_if_cancelled()
    with failures_as_target_errors(sink.where):  # the system may refuse a thread
        return await _in_thread(sink.where, method, args)


def _told(where: str, method: Callable[..., T], args: tuple[object, ...]) -> T:
    with failures_as_target_errors(where):
        return method(*args)


async def _in_thread(where: str, method: Callable[..., T], args: tuple[object, ...]) -> T:
    """Call something in a thread; a caller that is cancelled waits for its end.

    A shielded scope keeps off the cancellation of anyio's scopes, but not that of asyncio's tasks,
    which `asyncio.timeout` and web servers use: the target would be let go of, and taken by
    another run, while the thread still works on it.

    The thread is one of its own: those of the loop are few, and names of hosts are looked up in
    them. Errors are turned in it, as asyncio cannot hand on a `StopIteration`, and the context is
    an empty one, in which a method may run a loop of its own.
    """
    loop = asyncio.get_running_loop()
    cancelled: asyncio.CancelledError | None = None
    pool = ThreadPoolExecutor(1)
    work = loop.run_in_executor(pool, _told, where, method, args)
    with anyio.CancelScope(shield=True):
        while not work.done():
            try:
                await asyncio.wait((work,))
            except asyncio.CancelledError as error:
                cancelled = error
    pool.shutdown()
    if cancelled is not None:
        work.exception()  # looked at: what has failed beside it is of no interest
        raise cancelled
    return work.result()


@contextmanager
def used(sink: Sink) -> Generator[None]:
    """Hold a sink for one run.

    Raises:
        SyncConfigError: Another run has it. Both would write with one lock and one journal.
    """
    if _USED.setdefault(id(sink), token := object()) is not token:
        raise SyncConfigError("sink is used by another run just now: make one for each")
    try:
        yield
    finally:
        del _USED[id(sink)]


_USED: dict[int, object] = {}
"""The sinks of runs that are under way, by identity: a user's own need not be hashable."""
