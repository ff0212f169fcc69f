"""A stream: what its rows are called, and how they are read.

There are three ways to read, and each is a small value that a stream of your own can use as well::

    macros = Stream("macros", Listing(lambda client: client.macros.list(per_page=150)), model=Macro)
    await sync(intercom, streams=["contacts", macros], sink=JsonlSink("workspace"))

- `Ranged`: rows that can be asked for by a span of time. They are read in partitions side by side,
  and a later run reads what has changed since.
- `Listing`: a list that can only be read whole, one page after the other. Every run does, unless it
  resumes one that has just done so.
- `Children`: rows inside another stream's rows, for which each of those is read by itself.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import NoneType
from typing import Any, Literal

import msgspec

from intercom_async.config import check_able, check_count, check_kind, check_text
from intercom_async.errors import ConfigError
from intercom_async.pagination.pager import Pager
from intercom_async.request.operation import Operation, version_number
from intercom_async.resources._registry import ResourceRegistry
from .arguments import as_sync_config_errors
from .cut_points import BEGINNING
from .errors import SyncConfigError
from .partitions import OPEN
from .references import Reference

Granularity = Literal["second", "day"]
"""What a search can tell apart: moments, or whole days of some time zone."""

Order = Literal["ascending", "descending"]

_AS_IT_IS = re.compile(r'[^\x00-\x1f"\\]+')
"""A name of a field that JSON writes without escapes: rows are looked into by such names only."""
RESERVED, RESERVED_PREFIX = "tombstones", "intercom_async"
"""A table that a target has itself, and how the names of all others begin that it has
(test_stream_names.py)."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What to ask for: a span of time, or some rows by their ids."""

    field: str
    low: int
    high: int
    """Where it ends; `partitions.OPEN` if nowhere."""
    per_page: int
    order: Order = "descending"
    has_high: bool = False
    """Whether rows at `high` belong to it."""
    ids: tuple[str, ...] = ()
    """Rows to ask for by id, whatever their time."""

    @property
    def query(self) -> dict[str, Any]:
        """The span in the search language.

        Where the server compares days instead of seconds, it is the days from that of `low` on and
        before that of `high`, whatever a day is there: spans that touch share none and miss none.
        What begins at `BEGINNING` has all rows from before it as well.
        """
        if self.ids:
            return {"field": "id", "operator": "IN", "value": list(self.ids)}
        at_low = {"field": self.field, "operator": "=", "value": self.low}
        if self.low <= BEGINNING:
            return self._oldest(at_low)
        if self.has_high and self.low == self.high:
            return at_low
        above: dict[str, Any] = {"field": self.field, "operator": ">", "value": self.low}
        if self.high < OPEN:
            below = {"field": self.field, "operator": "<", "value": self.high}
            above = {"operator": "AND", "value": [above, below]}
        either = [at_low, above]
        if self.has_high:
            either.append({"field": self.field, "operator": "=", "value": self.high})
        return {"operator": "OR", "value": either}

    def _oldest(self, at_low: dict[str, Any]) -> dict[str, Any]:
        """Return the query of a span that nothing is older than."""
        if self.high < OPEN:
            below = {"field": self.field, "operator": "<", "value": self.high}
            at_high = {"field": self.field, "operator": "=", "value": self.high}
            return {"operator": "OR", "value": [at_high, below]} if self.has_high else below
        either = [at_low, *({**at_low, "operator": one} for one in "<>")]
        return {"operator": "OR", "value": either}


@dataclass(frozen=True, slots=True)
class DeletionList:
    """A list of rows that are gone, the latest first."""

    read: Callable[[ResourceRegistry], Pager[Any]]
    version: str
    """The first API version that has it; sent with its calls only."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """A list inside a row.

    Args:
        field: The row's field.
        read: Makes the whole list of the row with a key.
        consent_type: Of subscriptions: which of them belong to the list.
    """

    field: str
    read: Callable[[ResourceRegistry, str], Pager[Any]]
    consent_type: str | None = None


@dataclass(frozen=True, slots=True)
class Ranged:
    """Rows that are asked for by a span of time.

    Args:
        read: Makes the list of a selection's rows, in the selection's order.
        granularity: What the server can tell apart.
        partition_field: The field that never moves, by which everything is read.
        cursor_field: The field that moves when a row changes, by which changes are read.
        per_page: Rows a page.
        part_pages: Pages that a part has at least, as the server counts: finding where to cut costs
            a call, and so does a part's last page.
        seconds_since: The API version from which on the server can tell seconds apart.
        get: The operation that reads one row by its id. Without it, a sweep that misses rows is
            made once more, and they go if a search by their ids, where there is one, misses them.
        deletions: The list of rows that are gone, if there is one.
        is_append_only: Whether rows never change and never go.
        embedded: Lists inside its rows that the API cuts.
        archives: Whether a row can be left out of lists and still be read by its id.
        listed: Makes the list of all rows that rests on no search: a search that finds nothing is
            believed only where this has no row either.
        references: Fields that name rows of other streams.
    """

    read: Callable[[ResourceRegistry, Selection], Pager[Any]]
    granularity: Granularity = "second"
    partition_field: str = "created_at"
    cursor_field: str = "updated_at"
    per_page: int = 150
    part_pages: int = 16
    seconds_since: str | None = None
    get: Operation[Any] | None = None
    deletions: DeletionList | None = None
    is_append_only: bool = False
    embedded: tuple[Embedded, ...] = ()
    archives: bool = False
    listed: Callable[[ResourceRegistry], Pager[Any]] | None = None
    references: tuple[Reference, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what would fail in the middle of a run."""
        with as_sync_config_errors():
            check_able("read", self.read)
            if self.granularity not in ("second", "day"):
                raise SyncConfigError("granularity must be 'second' or 'day'")
            _check_field("partition_field", self.partition_field)
            _check_field("cursor_field", self.cursor_field)
            check_count("per_page", self.per_page)
            check_count("part_pages", self.part_pages)
            if self.seconds_since is not None:
                check_text("seconds_since", self.seconds_since)
            check_kind("get", self.get, (Operation, NoneType), "an Operation")
            check_kind("deletions", self.deletions, (DeletionList, NoneType), "a DeletionList")
            check_kind("is_append_only", self.is_append_only, bool, "True or False")
            check_kind("archives", self.archives, bool, "True or False")
            check_able("listed", self.listed, may_be_none=True)
            check_kind("embedded", self.embedded, tuple, "a tuple of Embedded")
            check_kind("references", self.references, tuple, "a tuple of Reference")

    @property
    def can_be_checked(self) -> bool:
        """Whether rows are searched by their ids to see that a search finds any."""
        return self.get is not None and not self.is_append_only

    def tells_seconds(self, version: str) -> bool:
        """Say whether the server tells seconds apart in an API version."""
        since = self.seconds_since
        if since is not None and version_number(version) >= version_number(since):
            return True
        return self.granularity == "second"


@dataclass(frozen=True, slots=True)
class Listing:
    """A list without spans of time: each run reads it whole, unless it resumes one that just has.

    Args:
        read: Makes the list.
        per_page: Rows a page, for estimates; None if one answer holds everything.
        get: The operation that reads one row by its id.
        is_listed: Says of a row read by its id whether the list would have it.
        references: Fields that name rows of other streams.
        with_key: Returns a row as it is kept, where rows of the list can come without a key.
    """

    read: Callable[[ResourceRegistry], Pager[Any]]
    per_page: int | None = None
    get: Operation[Any] | None = None
    is_listed: Callable[[bytes], bool] | None = None
    references: tuple[Reference, ...] = ()
    with_key: Callable[[bytes], bytes] | None = None

    def __post_init__(self) -> None:
        """Refuse what would fail in the middle of a run."""
        with as_sync_config_errors():
            check_able("read", self.read)
            if self.per_page is not None:
                check_count("per_page", self.per_page)
            check_kind("get", self.get, (Operation, NoneType), "an Operation")
            check_able("is_listed", self.is_listed, may_be_none=True)
            check_able("with_key", self.with_key, may_be_none=True)
            check_kind("references", self.references, tuple, "a tuple of Reference")


class ChildRows(msgspec.Struct, frozen=True):
    """The rows inside one row of another stream."""

    rows: Sequence[bytes]
    missing: int = 0
    """Rows that are there but that the API does not give: older ones."""
    parent: bytes | None = None
    """The parent's own row from the same answer, without its children."""
    count: int = 0
    """Rows that the parent says it has; 0 where it does not say."""
    total: int = 0
    """Rows that the answer says there are; 0 where it does not say."""
    lacks: str = ""
    """What was to be saved along with the rows and could not be; a hole until it is."""


@dataclass(frozen=True, slots=True)
class Children:
    """Rows inside another stream's rows.

    Args:
        parent: The other stream's name.
        read: Reads those of one parent, by its key.
        parent_field: The field of a child that names its parent; it is set where it does not.
        count: Reads from a parent's row how many it says it has; 0 where it does not say.
        is_due: Says of a parent whose children were read that they are to be read again.
    """

    parent: str
    read: Callable[[ResourceRegistry, str], Awaitable[ChildRows]]
    parent_field: str = "parent_id"
    count: Callable[[bytes], int] | None = None
    is_due: Callable[[str], bool] | None = None

    def __post_init__(self) -> None:
        """Refuse what would fail in the middle of a run."""
        with as_sync_config_errors():
            check_text("parent", self.parent)
            check_able("read", self.read)
            _check_field("parent_field", self.parent_field)
            check_able("count", self.count, may_be_none=True)
            check_able("is_due", self.is_due, may_be_none=True)


class ParentGone(Exception):  # noqa: N818 (an answer that a reader gives, not a failure)
    """A parent that is no longer there."""

    def __init__(self, reason: str, into: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        """``deleted`` or ``merged``."""
        self.into = into
        """The id it was merged into, where the API says it."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A kind of rows.

    Args:
        name: What files, tables and reports call it: letters, digits and underscores.
        source: How it is read.
        key: The field that tells rows apart.
        model: Its struct, from which sinks with columns take theirs.

    Raises:
        SyncConfigError: The name cannot be that of a file and a table, or an argument is invalid.
    """

    name: str
    source: Ranged | Listing | Children
    key: str = "id"
    model: type[msgspec.Struct] | None = None

    def __post_init__(self) -> None:
        """Refuse a name that would not do everywhere, and other invalid arguments."""
        with as_sync_config_errors():
            check_text("name", self.name)
            kinds = (Ranged, Listing, Children)
            check_kind("source", self.source, kinds, "Ranged, Listing or Children")
            _check_field("key", self.key)
            if self.model is not None and (
                not isinstance(self.model, type) or not issubclass(self.model, msgspec.Struct)
            ):
                raise SyncConfigError("model must be a class of msgspec.Struct")
            if self.parent_field in (self.key, self.version_field):
                raise SyncConfigError(
                    f"parent_field is {self.parent_field!r}, a field that tells something else"
                )
        if not self.name.isidentifier() or not self.name.isascii() or self.name.startswith("_"):
            raise SyncConfigError(f"a stream's name is letters, digits and _, not {self.name!r}")
        lower = self.name.lower()
        if lower == RESERVED or lower.startswith(RESERVED_PREFIX):
            raise SyncConfigError(
                f"a stream cannot be named {self.name!r}: targets use it themselves"
            )

    @property
    def parent_field(self) -> str | None:
        """The field that names a row's parent; None where rows have none."""
        return self.source.parent_field if isinstance(self.source, Children) else None

    @property
    def version_field(self) -> str:
        """The field of when a row last changed; of children, of when they were made."""
        if isinstance(self.source, Ranged):
            return self.source.cursor_field
        return "created_at" if isinstance(self.source, Children) else "updated_at"


def _check_field(name: str, field: str) -> None:
    """Refuse what is not the name of a row's field as its JSON has it.

    Raises:
        ConfigError: It is no text, or has characters that JSON writes as escapes.
    """
    if not _AS_IT_IS.fullmatch(check_text(name, field)):
        raise ConfigError(f"{name} has a quote, a backslash or a control character")


def resolve(wanted: Iterable[str | Stream], known: Iterable[Stream]) -> tuple[Stream, ...]:
    """Return the streams that are meant, parents before their children.

    Raises:
        SyncConfigError: A name is unknown or given twice, also in other case, or nothing is wanted.
    """
    by_name = {stream.name: stream for stream in known}
    chosen: dict[str, Stream] = {}
    for entry in wanted:
        stream = by_name.get(entry) if isinstance(entry, str) else entry
        if stream is None:
            near = nearest(str(entry), by_name)
            raise SyncConfigError(
                f"there is no stream {entry!r}{near}; there are {', '.join(by_name)}"
            )
        if stream.name.lower() in chosen:
            raise SyncConfigError(f"the stream {stream.name!r} is named twice")
        chosen[stream.name.lower()] = stream
    if not chosen:
        raise SyncConfigError("no stream is named")
    return tuple(
        sorted(chosen.values(), key=lambda stream: isinstance(stream.source, Children)),
    )


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a question for the name that was probably meant; nothing where none is like it."""
    found = get_close_matches(name.lower(), list(known), n=1)
    return f" (is it {found[0]!r} that is meant?)" if found else ""


def parent_of(stream: Stream, known: Iterable[Stream]) -> Stream:
    """Return the stream whose rows hold the rows of `stream`.

    Raises:
        SyncConfigError: There is none, or it cannot be read by spans of time.
    """
    name = stream.source.parent if isinstance(stream.source, Children) else ""
    for other in known:
        if other.name == name and isinstance(other.source, Ranged):
            return other
    raise SyncConfigError(f"{stream.name}: there is no ranged stream {name!r}")
