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
from .builtin_streams import STREAMS, TOMBSTONES
from .checkpoint import SavedRun, State, StreamState, check_fits, read_state
from .counting_client import CountingClient
from .cut_points import CutPoints, Days, Seconds, zone_of
from .engine import Engine
from .errors import SyncError
from .progress import ProgressMonitor
from .report import Progress, Report
from .sinks.base import Ending, Sink, Table
from .stream_run import StreamRun
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
        stream_runs = self._stream_runs(chosen, cut_points_of(app))
        names = [_state_name(stream_run) for stream_run in stream_runs]
        if state is None:
            state = State(workspace=workspace, streams={name: StreamState() for name in names})
        check_fits(state, workspace, names, self._sink.where)
        tables = self._open_runs(stream_runs, state, since, is_full=is_full)
        await anyio.to_thread.run_sync(self._sink.begin, tables)
        await self._load_seen(stream_runs)
        # From here on the target belongs to this workspace, and knows which runs have begun.
        await anyio.to_thread.run_sync(self._sink.commit, dict[str, list[bytes]](), state.encode())

        monitor = ProgressMonitor(self._intercom, stream_runs, on_progress)
        engine = Engine(
            self._intercom,
            stream_runs,
            state,
            self._sink,
            hint=app.created_at,
            low_watermark=_low_watermark,
            stop=self._stop,
            monitor=monitor,
        )
        await engine.run()
        complete = {stream_run.name for stream_run in stream_runs if stream_run.is_complete}
        await self._finish(
            [stream_run for stream_run in stream_runs if stream_run.name in complete], state
        )
        return self._report(workspace, stream_runs, complete, monitor)

    def _stream_runs(
        self, chosen: tuple[Stream, ...], cut_points: dict[str, CutPoints]
    ) -> list[StreamRun]:
        """Make a run for each stream, and for each parent that is only read for its children."""
        stream_runs: dict[str, StreamRun] = {}

        def add(stream: Stream, *, is_shown: bool) -> StreamRun:
            source = stream.source
            points = cut_points[source.granularity if isinstance(source, Ranged) else "second"]
            client = CountingClient(self._intercom)
            blank = SavedRun(kind="full", begun_at=self._now)
            stream_run = StreamRun(stream, client, StreamState(), blank, points, is_shown=is_shown)
            stream_runs[stream.name] = stream_run
            return stream_run

        for stream in chosen:
            if isinstance(stream.source, Children):
                parent = parent_of(stream, [*chosen, *STREAMS])
                if parent.name not in stream_runs:
                    add(parent, is_shown=False)
            stream_run = add(stream, is_shown=True)
            if isinstance(stream.source, Children):
                stream_run.parent = stream_runs[stream.source.parent]
                stream_run.parent.children.append(stream_run)
        return sorted(stream_runs.values(), key=lambda stream_run: stream_run.parent is not None)

    def _open_runs(
        self, stream_runs: list[StreamRun], state: State, since: int | None, *, is_full: bool
    ) -> list[Table]:
        """Go on with runs that are open, begin others; return the tables they write to."""
        tables: list[Table] = []
        for stream_run in stream_runs:
            stream_run.state = state.streams[_state_name(stream_run)]
            run = stream_run.state.run
            if run is not None and is_full and run.kind != "full":
                run = None
            is_new = run is None
            if run is None:
                run = self._new_run(stream_run, since, is_full=is_full)
                stream_run.state.run = run
                stream_run.state.number += 1
            stream_run.saved, stream_run.was_resumed = run, not is_new
            stream_run.high_watermark = run.begun_at + OVERLAP_S
            if stream_run.is_shown:
                tables.append(
                    Table(
                        stream_run.name,
                        stream_run.stream.key,
                        stream_run.stream.model,
                        stream_run.state.number,
                        is_new=is_new,
                        may_repeat=stream_run.state.number > 1 or run.kind == "changes",
                    )
                )
        if any(stream_run.parent is not None for stream_run in stream_runs):
            tables.append(Table(TOMBSTONES, "id", None, 2, is_new=False, may_repeat=True))
        return tables

    def _new_run(self, stream_run: StreamRun, since: int | None, *, is_full: bool) -> SavedRun:
        source = stream_run.stream.source
        if stream_run.parent is not None:
            return SavedRun(kind=stream_run.parent.saved.kind, begun_at=self._now)
        if isinstance(source, Ranged) and not is_full:
            begin = since if since is not None else stream_run.state.low_watermark
            if begin is not None:
                return SavedRun(kind="changes", begun_at=self._now, since=begin)
        return SavedRun(kind="full", begun_at=self._now)

    async def _load_seen(self, stream_runs: list[StreamRun]) -> None:
        """Have lists that are gone on with know what they have given."""
        for stream_run in stream_runs:
            if stream_run.was_resumed and isinstance(stream_run.stream.source, Listing):
                stream_run.seen = await anyio.to_thread.run_sync(self._keys, stream_run.name)

    def _keys(self, name: str) -> set[str]:
        return set(self._sink.keys(name))

    def _report(
        self,
        workspace: str,
        stream_runs: list[StreamRun],
        complete: set[str],
        monitor: ProgressMonitor,
    ) -> Report:
        was_stopped = self._stop.is_set() and len(complete) < len(stream_runs)
        failures = [failure for stream_run in stream_runs for failure in stream_run.failures()]
        return Report(
            workspace=workspace,
            streams=tuple(
                stream_run.report(is_complete=stream_run.name in complete)
                for stream_run in stream_runs
                if stream_run.is_shown
            ),
            failures=tuple(failures),
            seconds=monitor.seconds,
            calls=monitor.calls + 1,
            throttled=monitor.throttled,
            retries=monitor.retries,
            utilisation=monitor.utilisation,
            was_stopped=was_stopped,
        )

    async def _finish(self, stream_runs: list[StreamRun], state: State) -> None:
        """End runs that are complete."""
        endings: dict[str, Ending] = {}
        for stream_run in stream_runs:
            if stream_run.is_shown:
                endings[stream_run.name] = _ending(stream_run)
            _close_run(stream_run)
        if stream_runs:
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


def cut_points_of(app: App) -> dict[str, CutPoints]:
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


def _low_watermark(stream_run: StreamRun) -> int:
    return stream_run.saved.begun_at - OVERLAP_S


def _ending(stream_run: StreamRun) -> Ending:
    """Say what becomes of the rows that were there before this run."""
    if isinstance(stream_run.stream.source, Listing):
        same = stream_run.state.fingerprint == _fingerprint(stream_run)
        return "discard" if same else "replace"
    return "replace" if stream_run.saved.kind == "full" else "merge"


def _fingerprint(stream_run: StreamRun) -> str:
    return f"{stream_run.saved.rows}:{stream_run.saved.total:x}"


def _close_run(stream_run: StreamRun) -> None:
    state, run = stream_run.state, stream_run.saved
    if isinstance(stream_run.stream.source, Listing):
        if state.fingerprint == _fingerprint(stream_run):
            stream_run.unchanged, stream_run.rows = stream_run.rows, 0
        state.fingerprint = _fingerprint(stream_run)
    elif isinstance(stream_run.stream.source, Ranged):
        state.low_watermark = _low_watermark(stream_run)
        state.recent = run.recent
    state.run = None


def _state_name(stream_run: StreamRun) -> str:
    """Return the name in the state, which tells whether rows are kept."""
    return stream_run.name if stream_run.is_shown else f"({stream_run.name})"
