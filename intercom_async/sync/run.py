"""A sync from end to end: whose workspace it is, what is to be read, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import anyio
import anyio.to_thread

from intercom_async.client import Intercom
from intercom_async.clock import CLOCK
from intercom_async.errors import IntercomError, first_error
from intercom_async.models.admins import App
from intercom_async.moments import to_unix
from intercom_async.priority import Priority
from .catalogue import STREAMS, TOMBSTONES
from .engine import Engine
from .errors import SyncError
from .feed import Feed
from .grid import Days, Grid, Seconds, zone_of
from .meter import Metered
from .monitor import Monitor
from .report import Progress, Report
from .sinks.base import Ending, Sink, Table
from .state import State, StreamRun, StreamState, check_fits, read_state
from .streams import Children, Listing, Ranged, Stream, parent_of, resolve

OVERLAP_S = 600
"""How far changes are read back: new rows take a few minutes until searches find them."""


async def sync(
    intercom: Intercom,
    streams: Iterable[str | Stream] | None = None,
    *,
    sink: Sink,
    since: datetime | int | None = None,
    full: bool = False,
    on_progress: Callable[[Progress], object] | None = None,
    stop: anyio.Event | None = None,
) -> Report:
    """Bring a workspace's streams to a target, as fast as the limit allows, and say what came.

    The first run reads everything, later ones what has changed. A run that ended before its time,
    in whatever way, is gone on with: nothing is lost, nothing comes twice.

    Args:
        intercom: An open client; everything is sent with bulk priority.
        streams: Names, or streams of your own; by default those of the target, else all.
        sink: The target.
        since: Read what has changed since then, in place of what the target says.
        full: Read everything anew; what is gone from the workspace leaves the target.
        on_progress: Called several times a second, from the loop.
        stop: Set it to finish the pages in hand, save and return.

    Raises:
        TargetError: The target cannot be written to, is not this sync's, or is damaged.
        ConfigError: `since` is a datetime without a time zone.
        SyncError: A stream is not known.
    """
    since_unix = None if since is None else to_unix("since", since)
    try:
        saved = await anyio.to_thread.run_sync(sink.open)
        return await _Run(intercom, sink, stop or anyio.Event()).go(
            saved,
            streams,
            since_unix,
            on_progress,
            is_full=full,
        )
    except ExceptionGroup as group:
        # What went wrong first has made the rest of the tasks fail as well.
        own = first_error(group, IntercomError)
        if own is None:
            raise
        raise own from group
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(sink.close)


class _Run:
    """One call of `sync`."""

    def __init__(self, intercom: Intercom, sink: Sink, stop: anyio.Event) -> None:
        self._intercom = intercom.with_options(
            priority=Priority.BULK, max_wait_s=None, deadline_s=None
        )
        self._sink = sink
        self._stop = stop
        self._now = int(CLOCK.unix())

    async def go(
        self,
        saved: bytes | None,
        streams: Iterable[str | Stream] | None,
        since: int | None,
        on_progress: Callable[[Progress], object] | None,
        *,
        is_full: bool,
    ) -> Report:
        state = None if saved is None else read_state(saved, self._sink.where)
        if streams is None:
            streams = default_streams(state)
        chosen = resolve(streams, STREAMS)
        app = (await self._intercom.admins.me()).app or App()
        workspace = app.id_code or ""
        feeds = self._feeds(chosen, grid_of(app))
        names = [_state_name(feed) for feed in feeds]
        if state is None:
            state = State(workspace=workspace, streams={name: StreamState() for name in names})
        check_fits(state, workspace, names, self._sink.where)
        tables = self._open_runs(feeds, state, since, is_full=is_full)
        await anyio.to_thread.run_sync(self._sink.begin, tables)
        await self._load_seen(feeds)
        # From here on the target belongs to this workspace, and knows which runs have begun.
        await anyio.to_thread.run_sync(self._sink.commit, dict[str, list[bytes]](), state.encode())

        monitor = Monitor(self._intercom, feeds, on_progress)
        engine = Engine(
            self._intercom,
            feeds,
            state,
            self._sink,
            hint=app.created_at,
            follow_from=_follow_from,
            stop=self._stop,
            monitor=monitor,
        )
        await engine.run()
        complete = {feed.name for feed in feeds if feed.is_complete}
        await self._finish([feed for feed in feeds if feed.name in complete], state)
        return self._report(workspace, feeds, complete, monitor)

    def _feeds(self, chosen: tuple[Stream, ...], grids: dict[str, Grid]) -> list[Feed]:
        """Make a feed for each stream, and for each parent that is only read for its children."""
        feeds: dict[str, Feed] = {}

        def add(stream: Stream, *, is_shown: bool) -> Feed:
            source = stream.source
            grid = grids[source.granularity if isinstance(source, Ranged) else "second"]
            client = Metered(self._intercom)
            blank = StreamRun(kind="full", begun_at=self._now)
            feed = Feed(stream, client, StreamState(), blank, grid, is_shown=is_shown)
            feeds[stream.name] = feed
            return feed

        for stream in chosen:
            if isinstance(stream.source, Children):
                parent = parent_of(stream, [*chosen, *STREAMS])
                if parent.name not in feeds:
                    add(parent, is_shown=False)
            feed = add(stream, is_shown=True)
            if isinstance(stream.source, Children):
                feed.parent = feeds[stream.source.parent]
                feed.parent.children.append(feed)
        return sorted(feeds.values(), key=lambda feed: feed.parent is not None)

    def _open_runs(
        self, feeds: list[Feed], state: State, since: int | None, *, is_full: bool
    ) -> list[Table]:
        """Go on with runs that are open, begin others; return the tables they write to."""
        tables: list[Table] = []
        for feed in feeds:
            feed.state = state.streams[_state_name(feed)]
            run = feed.state.run
            if run is not None and is_full and run.kind != "full":
                run = None
            is_new = run is None
            if run is None:
                run = self._new_run(feed, since, is_full=is_full)
                feed.state.run = run
                feed.state.number += 1
            feed.run, feed.was_resumed = run, not is_new
            feed.horizon = run.begun_at + OVERLAP_S
            if feed.is_shown:
                tables.append(
                    Table(
                        feed.name,
                        feed.stream.key,
                        feed.stream.model,
                        feed.state.number,
                        is_new=is_new,
                        may_repeat=feed.state.number > 1 or run.kind == "changes",
                    )
                )
        if any(feed.parent is not None for feed in feeds):
            tables.append(Table(TOMBSTONES, "id", None, 2, is_new=False, may_repeat=True))
        return tables

    def _new_run(self, feed: Feed, since: int | None, *, is_full: bool) -> StreamRun:
        source = feed.stream.source
        if feed.parent is not None:
            return StreamRun(kind=feed.parent.run.kind, begun_at=self._now)
        if isinstance(source, Ranged) and not is_full:
            begin = since if since is not None else feed.state.follow_from
            if begin is not None:
                return StreamRun(kind="changes", begun_at=self._now, since=begin)
        return StreamRun(kind="full", begun_at=self._now)

    async def _load_seen(self, feeds: list[Feed]) -> None:
        """Have lists that are gone on with know what they have given."""
        for feed in feeds:
            if feed.was_resumed and isinstance(feed.stream.source, Listing):
                feed.seen = await anyio.to_thread.run_sync(self._keys, feed.name)

    def _keys(self, name: str) -> set[str]:
        return set(self._sink.keys(name))

    def _report(
        self, workspace: str, feeds: list[Feed], complete: set[str], monitor: Monitor
    ) -> Report:
        was_stopped = self._stop.is_set() and len(complete) < len(feeds)
        failures = [failure for feed in feeds for failure in feed.failures()]
        return Report(
            workspace=workspace,
            streams=tuple(
                feed.report(is_complete=feed.name in complete) for feed in feeds if feed.is_shown
            ),
            failures=tuple(failures),
            seconds=monitor.seconds,
            calls=monitor.calls + 1,
            throttled=monitor.throttled,
            retries=monitor.retries,
            utilisation=monitor.utilisation,
            was_stopped=was_stopped,
        )

    async def _finish(self, feeds: list[Feed], state: State) -> None:
        """End runs that are complete."""
        endings: dict[str, Ending] = {}
        for feed in feeds:
            if feed.is_shown:
                endings[feed.name] = _ending(feed)
            _close_run(feed)
        if feeds:
            encoded = state.encode()
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._sink.finish, endings, encoded)


def default_streams(state: State | None) -> list[str]:
    """Return the streams of a target, or all that there are.

    Raises:
        SyncError: The target has streams that do not come with the package.
    """
    known = [stream.name for stream in STREAMS]
    if state is None:
        return known
    names = [name for name in state.streams if not name.startswith("(")]
    own = [name for name in names if name not in known]
    if own:
        raise SyncError(f"the target has streams of your own: {', '.join(own)}; pass streams=…")
    return names


def grid_of(app: App) -> dict[str, Grid]:
    """Return where spans may be cut in this workspace.

    Raises:
        SyncError: Its time zone is not known on this machine.
    """
    zone = zone_of(app.timezone) if app.timezone else UTC
    if zone is None:
        raise SyncError(
            f"the workspace's time zone {app.timezone!r} is not known on this machine; "
            "installing the tzdata package may help"
        )
    return {"second": Seconds(), "day": Days(zone)}


def _follow_from(feed: Feed) -> int:
    return feed.run.begun_at - OVERLAP_S


def _ending(feed: Feed) -> Ending:
    """Say what becomes of the rows that were there before this run."""
    if isinstance(feed.stream.source, Listing):
        same = feed.state.fingerprint == _fingerprint(feed)
        return "discard" if same else "replace"
    return "replace" if feed.run.kind == "full" else "merge"


def _fingerprint(feed: Feed) -> str:
    return f"{feed.run.rows}:{feed.run.total:x}"


def _close_run(feed: Feed) -> None:
    state, run = feed.state, feed.run
    if isinstance(feed.stream.source, Listing):
        if state.fingerprint == _fingerprint(feed):
            feed.unchanged, feed.rows = feed.rows, 0
        state.fingerprint = _fingerprint(feed)
    elif isinstance(feed.stream.source, Ranged):
        state.follow_from = _follow_from(feed)
        state.recent = run.recent
    state.run = None


def _state_name(feed: Feed) -> str:
    """Return the name in the state, which tells whether rows are kept."""
    return feed.name if feed.is_shown else f"({feed.name})"
