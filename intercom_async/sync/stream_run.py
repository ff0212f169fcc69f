"""One stream while it is synced: what the target holds of it, and what is still to be read."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf
from typing import Any

from intercom_async.clock import CLOCK
from .chain import Chain
from .checkpoint import StreamState
from .counting_client import CountingClient
from .cut_points import DAY_SLACK_S, CutPoints
from .earlier_times import EarlierTimes
from .holes import Hole, add, failures_of
from .key_table import BY_ID, GONE, SEEN, Held, KeyTable
from .list_order import ShownOrders
from .merging import Offered, digest_of, is_hasty, supersedes
from .raw_rows import Row, RowReader
from .references import References
from .report import Failure, StreamReport
from .row_count import RowCount
from .server_time import ServerTime
from .sinks.base import StoredRow, Table
from .sinks.entries import Entry, Family, Gone, Put, SeenKeys
from .streams import Children, Listing, Ranged, Stream


@dataclass
class StreamRun:
    """One stream at work.

    Args:
        stream: What is read.
        client: What reads it, and counts.
        state: What is remembered of it; changed by the writer only.
        cut_points: Where its spans may be cut.
        clock: The server's time.
        is_shown: Whether its rows go to the target; else they only lead to their children.
    """

    stream: Stream
    client: CountingClient
    state: StreamState
    cut_points: CutPoints
    clock: ServerTime
    is_shown: bool = True
    was_resumed: bool = False
    was_followed: bool = False
    """Whether an earlier run has read changes of it."""
    was_listed: bool = False
    """Whether the run with which this one goes on has read its list to the end."""
    was_reread: bool = False
    """Whether its sweep was made once more."""
    was_swept: bool = False  # this run has begun a reading of everything
    was_told: bool = False  # a list of deleted rows has told this run what is gone
    is_rereading: bool = False  # the children of all recent parents
    is_repaired: bool = False  # what is stored of it is damaged, and may come back
    was_cut_off: bool = False
    """Whether the run ended before children were read that it had begun to read."""
    children: list[StreamRun] = field(default_factory=list["StreamRun"])
    waiting: deque[Chain] = field(default_factory=deque[Chain])
    """Parts that nobody reads yet."""
    chains: list[Chain] = field(default_factory=list[Chain])
    queue: deque[str] = field(default_factory=deque[str])
    """Keys of parents that nobody reads yet."""
    queued: set[str] = field(default_factory=set[str])
    """Keys of parents that are in `queue`, or are being read."""
    tasks: int = 0
    """Readings of its own that are under way: of its list, its tail, its deletions."""
    workers: int = 0
    page_bytes: int = 0
    """Size of the last page's rows: about what the next one will need."""
    refusal: str | None = None
    """Why the stream as a whole cannot be read."""
    is_current: bool = False
    """Whether this run has read its changes, or its list, to the end."""
    newest: int = 0
    """The latest change that was seen."""
    undated: list[str] = field(default_factory=list[str])
    """Rows whose content is new, but not by the time of their change; taken by `doubts`."""
    departed: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    """Rows that went within the last days, each with the moment: a heap of the latest."""
    doubted: set[str] = field(default_factory=set[str])
    """Rows that it reads by their ids, as nothing told how new they are; see `doubts`."""
    is_doubtful: bool = False
    """Whether it has met more of them since it began, or began its sweep."""
    is_following: bool = False
    """Whether its changes are read: what fills a hole came late for another reason."""
    latest_find_s: int = 0
    """How long after its change the latest row was found."""
    count: RowCount = field(default_factory=RowCount)
    just_gone: list[str] = field(default_factory=list[str])  # a search may find them still
    followed_from: int = 0  # since when its changes are read, UNIX seconds
    followed: int = 0
    """Rows that a search for changes has brought, new or not."""
    unchanged: int = 0
    rows: int = 0
    removed: int = 0
    missing: int = 0
    """Children that the API does not give, beside those that the state remembers."""
    references: References | None = None
    """What its rows refer to; None where that is nothing that the target holds."""
    dangling: int = 0
    uncounted_from: float = inf  # since when parents changed that do not count their children
    was_replayed: bool = False  # rows of it came in a run that this one goes on with
    begun_s: float | None = None
    ended_s: float | None = None

    def __post_init__(self) -> None:
        source = self.stream.source
        self.reader: RowReader = RowReader(
            self.stream.key,
            version=self.stream.version_field,
            partition=source.partition_field if isinstance(source, Ranged) else None,
            parent=self.stream.parent_field,
            lists=[each.field for each in source.embedded] if isinstance(source, Ranged) else (),
        )
        self.reader.latest = self.clock.latest()
        self.began: int = self.clock.now()
        self.earlier: EarlierTimes = EarlierTimes(source, self.began)
        self.parent: StreamRun | None = None
        self.orders: ShownOrders = ShownOrders()
        self.table: KeyTable = KeyTable()
        """What the target holds, by row."""
        self.families: KeyTable = KeyTable(is_kept=True)
        """Version of each parent for which its children were read."""

    @property
    def name(self) -> str:
        """The stream's name."""
        return self.stream.name

    @property
    def table_name(self) -> str:
        """What entries call its table: rows that are not shown have one that no sink makes."""
        return self.name if self.is_shown else f"({self.name})"

    @property
    def sink_table(self) -> Table:
        """The stream, as far as a sink has to know it."""
        stream = self.stream
        return Table(
            stream.name, stream.key, stream.model, stream.parent_field, stream.version_field
        )

    @property
    def has_children(self) -> bool:
        """Whether it is read along with the children or the parents of its rows."""
        return bool(self.children) or isinstance(self.stream.source, Children)

    def forget_rows(self) -> None:
        """Forget what the target holds: the merge that follows needs as much memory for it."""
        self.table.forget()
        self.families.forget()

    @property
    def is_sweeping(self) -> bool:
        """Whether it is read to find what is gone."""
        return self.state.pass_ is not None and self.state.pass_.kind == "sweep"

    @property
    def is_open(self) -> bool:
        """Whether there is anything left to read, now or later."""
        if self.tasks or self.chains or self.workers:
            return True
        return self.refusal is None and bool(self.waiting or self.queue)

    @property
    def is_left_open(self) -> bool:
        """Whether the run ended, or will, before everything of it was tried."""
        return self.refusal is not None or self.is_open or self.was_cut_off

    def hold(self, row: StoredRow) -> None:
        """Note a row of the generation."""
        flags = GONE if row.is_deleted else 0
        read_at = int(is_hasty(row.version, row.synced_at))
        version = self.reader.kept_version(row.version, row.synced_at)
        self.table.put(row.id, Held(version, read_at, row.digest, flags))
        if not row.is_deleted:
            self.newest = max(self.newest, version)

    def replay(self, entry: Entry) -> None:
        """Note an entry of the journal."""
        pass_ = self.state.pass_ if self.is_sweeping else None
        if isinstance(entry, Put):
            flags = BY_ID if entry.by_id else 0
            if pass_ is not None and entry.read_at >= pass_.began:
                flags |= self.table.flags(entry.id) & SEEN if entry.by_id else SEEN
            # It was read before this run, whatever the clock of that one said.
            read_at = min(entry.read_at, self.began - 1)
            self.table.put(entry.id, Held(entry.version, read_at, entry.digest, flags))
            self.was_replayed = True
            self.newest = max(self.newest, entry.version)
        elif isinstance(entry, Gone):
            self.table.put(entry.key, Held(0, min(entry.at, self.began - 1), 0, GONE))
        elif isinstance(entry, Family):
            self.families.put(
                entry.parent,
                Held(entry.version, entry.read_at, entry.count, GONE if entry.is_gone else 0),
            )
        elif pass_ is not None and entry.read_at >= pass_.began:
            for key in entry.keys:
                self.table.mark(key, SEEN)

    def is_stale(self, key: str, version: int, count: int) -> bool:
        """Say whether the children of a parent were read for another version of it."""
        family = self.families.get(key)
        if family is None or family.is_gone or family.version < version:
            return True
        source = self.stream.source
        if isinstance(source, Children) and source.is_due is not None and source.is_due(key):
            return True
        if not count and version >= self.uncounted_from:
            return family.read_at < self.began
        return family.version == version and bool(count) and family.digest != count

    def want(self, keys: Iterable[str]) -> bool:
        """Queue parents whose children are to be read; say whether there are any."""
        if self.refusal is not None:
            self.owe(keys)
            return False
        found = [key for key in keys if key not in self.queued]
        self.queued.update(found)
        self.queue.extend(found)
        return bool(found)

    def owe(self, keys: Iterable[str]) -> None:
        """Leave the children of parents to a later run, whatever told that they are to be read.

        What the target holds of a parent has its count by then: its version has to tell.
        """
        for key in keys:
            family = self.families.get(key)
            if family is None or family.is_gone:
                continue
            if family.version:
                older = Held(family.version - 1, family.read_at, family.digest, 0)
                self.families.put(key, older)
            else:
                reason = self.refusal or "the run ended before its children were read"
                self.hole(Hole(kind="parent", key=key, since=self.clock.now(), reason=reason))

    def read(self, items: Iterable[Any]) -> list[Row | None]:
        """Read raw rows; None for each that has no key."""
        self.reader.latest = self.clock.latest()
        return self.reader.read_page(items)

    def accept(self, rows: Iterable[Row], read_at: int, *, by_id: bool = False) -> list[Entry]:
        """Merge rows that were read with what the target holds; return what changes.

        Args:
            rows: The rows.
            read_at: When their read began, in the server's time.
            by_id: Whether they were read by id, and not by a list or a search.
        """
        entries, seen = list[Entry](), list[str]()
        listed = self.reader.without_times_to_come(list(rows))
        table, references = self.table, self.references
        name, is_shown, is_tail = self.table_name, self.is_shown, self._is_tail
        # A sweep meets a row by a search: by its id, one is found that searches leave out.
        flags = BY_ID if by_id else SEEN if self.is_sweeping else 0
        found = [(row.version, digest_of(row.body)) for row in listed]
        self.newest = max([self.newest, *(version for version, _ in found)])
        known = set(table.add_new([row.id for row in listed], found, read_at, flags))
        for place, (row, (version, digest)) in enumerate(zip(listed, found, strict=True)):
            held = table.get(row.id) if place in known else None
            if is_tail:
                self._note_time(version, read_at, held)
            if held is not None and not self._replaces(row, read_at, digest, flags, held, seen):
                continue
            if references is not None:
                references.note(row.body)
            if held is None or held.is_gone:
                self.count.note(row)
            body, is_first = row.body if is_shown else b"", held is None and not self.is_repaired
            put = Put(name, row.key, row.parent, body, version, read_at, digest, by_id, is_first)
            entries.append(put)
            if held is not None and held.is_gone:
                entries.append(Gone("tombstones", f"{self.name}:{row.key}", read_at))
        self.rows += sum(type(entry) is Put for entry in entries)
        if seen:
            entries.append(SeenKeys(self.table_name, seen, read_at))
        return entries

    def _replaces(
        self, row: Row, read_at: int, digest: int, flags: int, held: Held, seen: list[str]
    ) -> bool:
        """Merge a row with what is held of it; say whether its content is another one."""
        is_new = False
        offered = Offered(row.version, read_at, bool(flags & BY_ID))
        if supersedes(offered, held) or not self._stays(row, held, read_at, digest):
            self.table.put(row.id, Held(row.version, read_at, digest, flags | held.flags & SEEN))
            is_new = held.is_gone or held.digest != digest
            if row.version < held.version:
                self.earlier.went_back.add(row.key)
            if not is_new:
                # A list is read until two readings agree: what came a moment ago counts once.
                self.unchanged += held.read_at < self.began
        if not is_new and flags & SEEN and not held.flags & SEEN:
            self.table.mark(row.id, SEEN)
            seen.append(row.id)
        return is_new

    def _stays(self, row: Row, held: Held, read_at: int, digest: int) -> bool:
        """Say whether what is held stays though a row has no time of change, or an earlier one."""
        fate = self.earlier.judge(row.key, held, Offered(row.version, read_at), digest)
        if fate == "doubted" and isinstance(self.stream.source, Ranged):
            self.undated.append(row.key)
        return fate != "taken"

    @property
    def _is_tail(self) -> bool:
        """Whether what it reads are changes, whose lateness is measured."""
        state = self.state
        is_whole = state.seeded is not None and state.pass_ is None
        return self.is_following and state.watermark is not None and is_whole

    def _note_time(self, version: int, read_at: int, held: Held | None) -> None:
        is_news = held is None or held.version < version
        if is_news and 0 < version < (self.state.watermark or 0):  # not one of the same second
            self.latest_find_s = max(self.latest_find_s, read_at - version)

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def touch(self) -> None:
        """Note that it is at work."""
        self.reader.latest = self.clock.latest()
        self.begun_s = CLOCK.now() if self.begun_s is None else self.begun_s
        self.ended_s = CLOCK.now()

    @property
    def slack_s(self) -> int:
        """Seconds around a span that may belong to it, as the server counts days; else 0."""
        source = self.stream.source
        by_day = isinstance(source, Ranged) and not source.tells_seconds(self.state.version or "")
        return DAY_SLACK_S if by_day else 0

    def span_hole(self, field: str, low: int, high: int, reason: str, *, rows: int = 0) -> Hole:
        """Return the hole of rows with a time from `low` up to and including `high`."""
        return Hole(
            kind="span", field=field, low=low, high=high, slack=self.slack_s, rows=rows,
            since=self.clock.now(), reason=reason,
        )  # fmt: skip

    def hole(self, hole: Hole) -> None:
        """Note what is missing at once; for what no batch carries."""
        add(self.state.holes, hole)

    @property
    def is_complete(self) -> bool:
        """Whether the target has everything, as of this run."""
        if self.is_left_open or self.state.holes:
            return False
        if isinstance(self.stream.source, Children):
            return self.parent is None or self.parent.is_complete
        return self.is_current and (self.state.pass_ is None)

    def failures(self) -> list[Failure]:
        """Return what is missing, and why."""
        found = failures_of(self.name, self.state.holes)
        is_own = self.was_cut_off or not isinstance(self.stream.source, Children)
        # Other holes do not say that what came after the last run was not read.
        is_whole = self.is_current or not isinstance(self.stream.source, Ranged)
        is_cut = self.was_cut_off or (self.refusal is None and not is_whole)
        if is_cut or (not found and not self.is_complete and is_own):
            reason = "the run ended before it was read to the end"
            found.append(Failure(stream=self.name, what="the rest", reason=reason))
        elif self.parent is not None and self.parent.refusal is not None and not self.refusal:
            # No hole of its own says that it lacks those of parents which were not read.
            reason = f"{self.parent.name} cannot be read, to whose rows its own belong"
            found.append(Failure(stream=self.name, what="the rest", reason=reason))
        return found

    def report(self, *, is_complete: bool, kind: str) -> StreamReport:
        """Return what became of it."""
        seconds = (self.ended_s or 0.0) - (self.begun_s or 0.0)
        return StreamReport(
            name=self.name,
            kind="full" if kind == "full" or isinstance(self.stream.source, Listing) else "changes",
            rows=self.rows,
            unchanged=self.unchanged,
            removed=self.removed,
            calls=self.client.count.calls,
            seconds=seconds,
            missing=self.missing + sum(self.state.truncated.values()),
            truncated=self.state.most_truncated(),
            was_resumed=self.was_resumed,
            is_complete=is_complete,
            watermark=self.state.watermark,
            lag_s=self.latest_find_s,
            holes=len(self.state.holes),
            dangling=self.dangling,
        )
