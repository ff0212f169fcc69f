"""A stream: what its rows are called, and how they are read.

There are three ways to read, and each is a small value that a stream of your own can use as well::

    macros = Stream("macros", Listing(lambda client: client.macros.list(per_page=150)), model=Macro)
    await sync(intercom, streams=["contacts", macros], sink=JsonlSink("workspace"))

- `Ranged`: rows that can be asked for by a span of time. It is cut into partitions that are read
  side by side, and a later run reads what has changed since.
- `Listing`: a list that can only be read whole, one page after the other. Every run reads it anew,
  and what is no longer in it leaves the target.
- `Children`: rows inside another stream's rows, for which each of those is read by itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from intercom_async.pagination.pager import Pager
from intercom_async.resources._registry import ResourceRegistry
from .errors import SyncError

Granularity = Literal["second", "day"]
"""What a search can tell apart: moments, or whole days of the workspace's time zone."""


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time to ask for: rows whose `field` is at `low` or later, and before `high`."""

    field: str
    low: int
    high: int
    per_page: int

    @property
    def query(self) -> dict[str, Any]:
        """The span in the search language.

        It means the same whether the server compares moments or whole days, as long as `low` and
        `high` are the starts of days: one second before a day belongs to the day before it, and
        ``>`` begins after that.
        """
        return {
            "operator": "AND",
            "value": [
                {"field": self.field, "operator": ">", "value": self.low - 1},
                {"field": self.field, "operator": "<", "value": self.high},
            ],
        }


@dataclass(frozen=True, slots=True)
class Ranged:
    """Rows that are asked for by a span of time, the latest first.

    Args:
        read: Makes the list of a window's rows.
        granularity: What the server can tell apart.
        partition_field: The field that never moves, by which everything is read.
        cursor_field: The field that moves when a row changes, by which changes are read.
        per_page: Rows a page.
    """

    read: Callable[[ResourceRegistry, Window], Pager[Any]]
    granularity: Granularity = "second"
    partition_field: str = "created_at"
    cursor_field: str = "updated_at"
    per_page: int = 150


@dataclass(frozen=True, slots=True)
class Listing:
    """A list without spans of time: each run reads it whole.

    Args:
        read: Makes the list.
        per_page: Rows a page, for estimates; None if one answer holds everything.
    """

    read: Callable[[ResourceRegistry], Pager[Any]]
    per_page: int | None = None


class ChildRows(msgspec.Struct, frozen=True):
    """The rows inside one row of another stream."""

    rows: Sequence[bytes]
    missing: int = 0
    """Rows that are there but that the API does not give."""


@dataclass(frozen=True, slots=True)
class Children:
    """Rows inside another stream's rows.

    Args:
        parent: The other stream's name.
        read: Reads those of one parent, by its key.
    """

    parent: str
    read: Callable[[ResourceRegistry, str], Awaitable[ChildRows]]


@dataclass(frozen=True, slots=True)
class Stream:
    """A kind of rows.

    Args:
        name: What files, tables and reports call it: letters, digits and underscores.
        source: How it is read.
        key: The field that tells rows apart.
        model: Its struct, from which sinks with columns take theirs.

    Raises:
        SyncError: The name cannot be that of a file and a table.
    """

    name: str
    source: Ranged | Listing | Children
    key: str = "id"
    model: type[msgspec.Struct] | None = None

    def __post_init__(self) -> None:
        """Refuse a name that would not do everywhere."""
        if not self.name.isidentifier() or not self.name.isascii() or self.name.startswith("_"):
            raise SyncError(f"a stream's name is letters, digits and _, not {self.name!r}")


def resolve(wanted: Iterable[str | Stream], known: Iterable[Stream]) -> tuple[Stream, ...]:
    """Return the streams that are meant, parents before their children.

    Raises:
        SyncError: A name is unknown or given twice, or nothing is wanted.
    """
    by_name = {stream.name: stream for stream in known}
    chosen: dict[str, Stream] = {}
    for entry in wanted:
        stream = by_name.get(entry) if isinstance(entry, str) else entry
        if stream is None:
            raise SyncError(f"there is no stream {entry!r}; there are {', '.join(by_name)}")
        if stream.name in chosen:
            raise SyncError(f"the stream {stream.name!r} is named twice")
        chosen[stream.name] = stream
    if not chosen:
        raise SyncError("no stream is named")
    return tuple(
        sorted(chosen.values(), key=lambda stream: isinstance(stream.source, Children)),
    )


def parent_of(stream: Stream, known: Iterable[Stream]) -> Stream:
    """Return the stream whose rows hold the rows of `stream`.

    Raises:
        SyncError: There is none, or it cannot be read by spans of time.
    """
    name = stream.source.parent if isinstance(stream.source, Children) else ""
    for other in known:
        if other.name == name and isinstance(other.source, Ranged):
            return other
    raise SyncError(f"{stream.name}: there is no ranged stream {name!r}")
