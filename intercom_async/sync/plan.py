"""What a sync would cost, before it is begun."""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

import anyio
import msgspec

from intercom_async.client import Intercom
from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.errors import IntercomError
from intercom_async.models.admins import App
from intercom_async.models.page import Page
from intercom_async.moments import from_server
from intercom_async.priority import Priority
from .builtin_streams import STREAMS
from .counting_client import CountingClient
from .cut_points import BEGINNING, DAY_S, CutPoints, Days, Seconds, zone_of
from .deletions import read_deleted
from .list_price import sample_lists
from .page_reading import MAX_IDS
from .planner import count_and_cut, count_rows
from .policy import CHEAP_S, RECENT_S
from .rising_changes import calls_of
from .run import LOOKBACK_S, RECONCILE_WITHIN_S
from .run_options import check_client, check_since, check_streams
from .streams import Children, Listing, Ranged, Stream, parent_of, resolve
from .ungrouped import ungrouped


class PlannedPart(msgspec.Struct, frozen=True, kw_only=True):
    """A range of time that one chain of pages would read."""

    low: int
    """Its beginning, in UNIX seconds."""
    high: int
    """Its end, exclusive, in UNIX seconds."""
    rows: int | None
    """Rows in it; None where the server does not say."""


class StreamPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Cost of one stream; a number is None where the server does not give it."""

    name: str
    """Name of the stream."""
    rows: int | None
    """Its rows; for rows inside others, the number of their parents."""
    calls: int | None
    """Calls of a full read, those that count rows and read what changed meanwhile included, without
    `list_calls`."""
    parts: tuple[PlannedPart, ...] = ()
    """The ranges that would be read concurrently."""
    changed_rows: int | None = None
    """Rows that have changed since `Plan.since`."""
    changed_calls: int | None = None
    """Calls that read these rows, without `changed_list_calls`, and one that counts all rows where
    no sweep is made."""
    list_calls: int | None = None
    """Further calls for lists inside rows, which the API cuts after ten entries; estimated from up
    to 450 rows. None if none is cut, or if the rows could not be read."""
    changed_list_calls: int | None = None
    """The same for `changed_rows`."""
    deletion_calls: int | None = None
    """Calls that read the list of deleted rows, at most; 1 if the server refuses it. A list of
    several pages that does not date its rows is read twice where it names others than in the run
    before: no date shows that none has moved meanwhile. None if the API has none, or if the list
    does not say how long it is."""
    departed_calls: int | None = None
    """Calls that search rows which went: those that the list names for the first time, before they
    go, and once more in each run of the week after, contacts in each run. Each that such a search
    finds costs one more. At most so many where the list dates its rows; of one without dates, one
    search of 150 rows is counted for all that it names for the first time, which may be more. None
    if the API has no such list or refuses it."""
    sweep_calls: int | None = None
    """Calls of a sweep, which finds deleted rows where the server does not list them. Every run
    makes one if it takes less than a minute of the rate, else one run a week. None if not needed.
    """
    weekly_calls: int | None = None
    """Calls of the sweep, once a week, that finds what the server's list of deleted rows leaves
    out. None where it gives no such list."""
    reread_calls: int | None = None
    """Calls, once a week, that reread children of parents that changed in the last 30 days."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Cost of a sync."""

    workspace: str
    """Id of the workspace."""
    streams: tuple[StreamPlan, ...]
    """Cost of each stream."""
    since: int
    """Changes are counted from this time on, in UNIX seconds."""
    calls_per_minute: float
    """Calls that the limit allows at present."""
    spent: int
    """Calls that the planning itself made."""

    @property
    def calls(self) -> int:
        """Calls of a full run, as far as they are known, including `list_calls`."""
        return self.list_calls + sum(stream.calls or 0 for stream in self.streams)

    @property
    def list_calls(self) -> int:
        """Calls of a full run that complete lists inside rows, estimated."""
        return sum(stream.list_calls or 0 for stream in self.streams)

    @property
    def changed_calls(self) -> int:
        """Calls of a run that reads what has changed since `since`, as far as they are known.

        Lists of deleted rows, and searches of what they name, are included; sweeps are not.
        """
        return sum(
            (one.changed_calls or 0)
            + (one.changed_list_calls or 0)
            + (one.deletion_calls or 0)
            + (one.departed_calls or 0)
            for one in self.streams
        )

    @property
    def sweep_calls(self) -> int:
        """Calls of the sweeps of all streams that need one."""
        return sum(stream.sweep_calls or 0 for stream in self.streams)

    @property
    def weekly_calls(self) -> int:
        """Calls of the sweeps, once a week, of streams of which the server lists deleted rows."""
        return sum(stream.weekly_calls or 0 for stream in self.streams)

    @property
    def reread_calls(self) -> int:
        """Calls, once a week, that reread children of parents that changed recently."""
        return sum(stream.reread_calls or 0 for stream in self.streams)

    @property
    def seconds(self) -> float:
        """Seconds that a full run takes if no other program uses the limit."""
        return 60 * self.calls / self.calls_per_minute

    @property
    def changed_seconds(self) -> float:
        """Seconds that a run takes which reads only changes."""
        return 60 * self.changed_calls / self.calls_per_minute


async def plan(
    intercom: Intercom,
    streams: Iterable[str | Stream] | None = None,
    *,
    since: datetime | int | None = None,
) -> Plan:
    """Return what a sync would cost: ranges, calls and time, in full and for changes only.

    This takes some dozens of calls that ask for counts, and up to three pages of rows, from which
    the cost of the lists inside them is estimated.

    Args:
        intercom: An open client.
        streams: As in `sync`; all by default.
        since: Count changes from this time on; the last day by default.

    Raises:
        SyncConfigError: A stream is not known, or an argument is invalid.
    """
    check_client(intercom)
    since_unix, wanted = check_since(since), check_streams(streams)
    chosen = resolve([one.name for one in STREAMS] if wanted is None else wanted, STREAMS)
    bulk = intercom.with_options(priority=Priority.BULK, max_wait_s=None, deadline_s=None)
    app = (await bulk.admins.me()).app or App()
    now = int(CLOCK.unix())
    begin = now - DAY_S if since_unix is None else since_unix
    survey = _Survey(bulk, CountingClient(bulk), _cut_points(app), app.created_at, now, begin)
    named = {stream.name: stream for stream in chosen}
    for stream in chosen:
        if isinstance(stream.source, Children):
            parent = parent_of(stream, [*chosen, *STREAMS])
            named.setdefault(parent.name, parent)
    with ungrouped():
        async with anyio.create_task_group() as group:
            for stream in named.values():
                if not isinstance(stream.source, Children):
                    group.start_soon(survey.look, stream)
    found = survey.found
    for stream in chosen:
        if isinstance(stream.source, Children):
            parent_plan = found[stream.source.parent]
            found[stream.name] = StreamPlan(
                name=stream.name,
                rows=parent_plan.rows,
                calls=parent_plan.rows,
                changed_rows=parent_plan.changed_rows,
                changed_calls=parent_plan.changed_rows,
                reread_calls=await survey.recent(named[stream.source.parent]),
            )
    return Plan(
        workspace=app.id_code or "",
        streams=tuple(found[name] for name in named if name in found),
        since=begin,
        calls_per_minute=60 * intercom.statistics().app.limit / Limits().window_s,
        spent=survey.client.count.calls + 1,
    )


def _cut_points(app: App) -> dict[str, CutPoints]:
    """Return where spans may be cut in this workspace."""
    return {"second": Seconds(), "day": Days(zone_of(app.timezone) or UTC)}


class _Deletions(NamedTuple):
    """What a list of deleted rows costs."""

    calls: int | None
    is_told: bool
    """Whether the server gives it."""
    searches: int | None = None
    """Searches of the rows that it names."""


class _Survey:
    """Asks for numbers."""

    def __init__(
        self,
        intercom: Intercom,
        client: CountingClient,
        cut_points: dict[str, CutPoints],
        hint: int | None,
        now: int,
        since: int,
    ) -> None:
        self.client = client
        self.found: dict[str, StreamPlan] = {}
        self._intercom = intercom
        self._cut_points = cut_points
        self._hint = hint
        self._high = now
        self._since = since

    async def look(self, stream: Stream) -> None:
        """Ask how heavy a stream is."""
        source = stream.source
        if isinstance(source, Ranged):
            self.found[stream.name] = await self._ranged(stream.name, source)
        elif isinstance(source, Listing):
            self.found[stream.name] = await self._listing(stream.name, source)

    async def recent(self, parent: Stream) -> int | None:
        """Ask how many parents have changed so lately that their children are read again weekly."""
        source = cast("Ranged", parent.source)
        points = self._points(source)
        since = self._high - RECENT_S
        return await count_rows(self.client, source, source.cursor_field, points, since, self._high)

    def _points(self, source: Ranged) -> CutPoints:
        tells_seconds = source.tells_seconds(self._intercom.version)
        return self._cut_points["second" if tells_seconds else "day"]

    async def _ranged(self, name: str, source: Ranged) -> StreamPlan:
        cut_points = self._points(source)
        high, client = self._high, CountingClient(self._intercom)
        parts, total = await count_and_cut(
            client,
            source,
            source.partition_field,
            cut_points,
            BEGINNING,
            high,
            rate_per_s=self._intercom.statistics().rate_per_s,
            hint=self._hint,
        )
        counting = client.count.calls
        changed = await count_rows(
            client, source, source.cursor_field, cut_points, self._since, high
        )
        pages = [_pages(part.count, source.per_page) for part in parts]
        swept = None if None in pages else counting + sum(page or 0 for page in pages)
        sample = await sample_lists(client, source, parts)
        deletions = await self._deletions(client, source)
        is_swept = not deletions.is_told and not source.is_append_only
        is_cheap = (swept or 0) <= CHEAP_S * self._intercom.statistics().rate_per_s
        pages_changed, checks = _pages(changed, source.per_page), 0
        if changed and not source.is_append_only and source.tells_seconds(self._intercom.version):
            pages_changed = calls_of(changed, source.per_page)
        is_counted = not source.is_append_only and not (is_swept and is_cheap)
        if changed == 0 and total and source.can_be_checked and is_counted:
            checks = await self._checks(client, source, cut_points)
        self.client.count.calls += client.count.calls
        return StreamPlan(
            name=name,
            rows=total,
            calls=None if swept is None else swept + 1,
            list_calls=None if sample is None else sample.calls_of(total),
            changed_list_calls=None if sample is None else sample.calls_of(changed),
            deletion_calls=deletions.calls,
            departed_calls=deletions.searches,
            sweep_calls=swept if is_swept else None,
            weekly_calls=swept if deletions.is_told else None,
            parts=tuple(
                PlannedPart(low=part.low, high=min(part.high, high), rows=part.count)
                for part in parts
            ),
            changed_rows=changed,
            changed_calls=None if pages_changed is None else pages_changed + checks + is_counted,
        )

    async def _checks(self, client: CountingClient, source: Ranged, cut_points: CutPoints) -> int:
        """Return the calls that show that a search which brings no changes finds any row.

        A run reads again what had changed within the lookback of the run before.
        """
        since = self._since - LOOKBACK_S
        again = await count_rows(client, source, source.cursor_field, cut_points, since, self._high)
        return int(again == 0)

    async def _deletions(self, client: CountingClient, source: Ranged) -> _Deletions:
        """Ask how long the list of deleted rows is."""
        deletions = source.deletions
        if deletions is None:
            return _Deletions(None, is_told=False)
        calls: int | None = 1
        searches = 0
        try:
            reading = deletions.read(client.at_version(deletions.version)).raw().pages()
            async with aclosing(reading) as pages:
                async for page in pages:
                    calls = _pages(page.total_count, max(1, len(page.items)))
                    if calls is not None and calls > 1 and _is_undated(page):
                        calls *= 2
                    searches = self._searches(page, archives=source.archives)
                    break
        except IntercomError:
            return _Deletions(1, is_told=False)
        return _Deletions(calls, is_told=True, searches=searches)

    def _searches(self, page: Page[Any], *, archives: bool) -> int:
        """Return the searches for rows that went, as the first page of their list shows them.

        Rows without a date may have gone at any time: one search each for the new and the older.
        Older rows that may be unarchived are asked for whatever their date.
        """
        named = [row for raw in page.items if (row := read_deleted(raw)) is not None]
        moments = [moment for row in named if (moment := from_server(row.deleted_at)) is not None]
        is_undated = len(moments) < len(named)
        new = sum(moment >= self._since for moment in moments)
        if new and new == len(page.items):
            # All of the page is new: the pages after it may be as well.
            new = max(new, page.total_count or 0)
        first = 0 if archives else self._high - RECONCILE_WITHIN_S - DAY_S
        is_older = is_undated or any(first <= moment < self._since for moment in moments)
        return max(math.ceil(new / MAX_IDS), int(is_undated)) + int(is_older)

    async def _listing(self, name: str, source: Listing) -> StreamPlan:
        total: int | None = None
        calls: int | None = 1
        try:
            async with aclosing(source.read(self.client).raw().pages()) as pages:
                async for page in pages:
                    total = len(page.items) if source.per_page is None else page.total_count
                    if total == 0 and page.total_count is None:
                        # That a list without a count is empty, two readings have to say.
                        calls = 2
                    break
        except IntercomError:
            calls = None
        if source.per_page is not None:
            calls = _pages(total, source.per_page)
        # A list is read whole by every run, unless that resumes one that has just done so.
        return StreamPlan(
            name=name, rows=total, calls=calls, changed_rows=total, changed_calls=calls
        )


def _is_undated(page: Page[Any]) -> bool:
    """Say whether a list of deleted rows has one that does not tell when it went."""
    named = [row for raw in page.items if (row := read_deleted(raw)) is not None]
    return any(from_server(row.deleted_at) is None for row in named)


def _pages(rows: int | None, per_page: int) -> int | None:
    return None if rows is None else max(1, math.ceil(rows / per_page))
