"""Makes a run of each stream: what is remembered of it, and how it may be read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC

from intercom_async.client import Intercom
from intercom_async.models.admins import App
from .builtin_streams import STREAMS
from .checkpoint import State, StreamState
from .counting_client import CountingClient
from .cut_points import CutPoints, Days, Seconds, zone_of
from .outage import OutageGate
from .references import References
from .server_time import ServerTime
from .stream_run import StreamRun
from .streams import Children, Listing, Ranged, Stream, parent_of


class PreparedRuns:
    """Runs of streams, and of parents that are only read for their children.

    Args:
        intercom: A view with bulk priority.
        state: What is remembered; streams that are not in it yet are added.
        app: The workspace, as the token's owner names it.
        clock: The server's time.
        gate: Closes while the server does not answer.
        base: What the generation remembers, if there is one.
    """

    def __init__(
        self,
        intercom: Intercom,
        state: State,
        app: App,
        clock: ServerTime,
        gate: OutageGate,
        base: State | None = None,
    ) -> None:
        self._intercom = intercom
        self._state = state
        self._base = {} if base is None else base.streams
        self._zone_name = app.timezone or ""
        self._zone = zone_of(app.timezone) or UTC
        self._clock = clock
        self._gate = gate
        self._runs: dict[str, StreamRun] = {}
        self._chosen: tuple[Stream, ...] = ()
        self.notes: list[str] = []
        """Streams that are read again, each with the reason."""

    def of(self, chosen: Iterable[Stream]) -> list[StreamRun]:
        """Return a run of each stream, parents before their children."""
        streams = self._chosen = tuple(chosen)
        shown = {stream.name for stream in streams}
        for stream in streams:
            if isinstance(stream.source, Children):
                parent = parent_of(stream, [*streams, *STREAMS])
                self._forget_hidden(parent, stream)
                if parent.name not in self._runs:
                    self._add(parent, is_shown=parent.name in shown)
            elif stream.name in self._runs:
                continue
            run = self._add(stream, is_shown=True)
            if isinstance(stream.source, Children):
                run.parent = self._runs[stream.source.parent]
                run.parent.children.append(run)
        for run in self._runs.values():
            source = run.stream.source
            fields = () if isinstance(source, Children) else source.references
            tables = {one.name: one.table for one in self._runs.values() if one.is_shown}
            if run.is_shown and any(one.to in tables for one in fields):
                # All rows that the target will hold of a new stream come in this run.
                is_new = run.name not in self._base
                compared = tables if is_new else run.state.compared
                run.references = References(fields, tables, run.state.dangling, compared)
        return sorted(self._runs.values(), key=lambda run: run.parent is not None)

    def _forget_hidden(self, parent: Stream, child: Stream) -> None:
        """Forget a parent whose rows the target does not have, where children of it are new.

        Which rows it has are known by their other children alone: they have to be read again.
        """
        saved = self._state.streams
        is_hidden = parent.name in saved and not saved[parent.name].is_shown
        if is_hidden and child.name not in saved and parent.name not in self._runs:
            del saved[parent.name]

    def carried(self, streams: Iterable[Stream]) -> list[StreamRun]:
        """Return a run of each stream that is published along, and neither read nor changed."""
        streams = tuple(streams)
        for stream in streams:
            self._state.streams[stream.name].compared = []
        return [
            StreamRun(
                stream,
                CountingClient(self._intercom, self._gate),
                self._state.streams[stream.name],
                Seconds(),
                self._clock,
                is_shown=True,
            )
            for stream in streams
        ]

    def _add(self, stream: Stream, *, is_shown: bool) -> StreamRun:
        source, streams = stream.source, self._state.streams
        saved = streams.get(stream.name)
        if saved is None or (is_shown and not saved.is_shown):
            saved = streams[stream.name] = StreamState(is_shown=is_shown)
            for _, other in self._state.every():
                other.compared = [name for name in other.compared if name != stream.name]
            self._doubt_children(stream)
        version = self._intercom.version
        tells_seconds = not isinstance(source, Ranged) or source.tells_seconds(version)
        points: CutPoints = Seconds() if tells_seconds else Days(self._zone)
        self._note_change(stream, saved, version)
        self._note_future(stream, saved)
        client = CountingClient(self._intercom, self._gate)
        run = StreamRun(stream, client, saved, points, self._clock, is_shown=saved.is_shown)
        run.was_resumed = saved.pass_ is not None
        run.was_followed = saved.watermark is not None
        published = self._base.get(stream.name)
        last = None if published is None else published.swept
        run.was_listed = saved.swept is not None and saved.swept != last
        self._runs[stream.name] = run
        return run

    def _doubt_children(self, parent: Stream) -> None:
        """Note that children which the target has may be of parents that go unnoticed.

        What is remembered of their parents begins with nothing: one that has gone is never met.
        """
        names = {
            stream.name
            for stream in (*self._chosen, *STREAMS)
            if isinstance(stream.source, Children) and stream.source.parent == parent.name
        }
        for name, saved in self._state.every():
            if name in names:
                saved.has_unknown_parents = True

    def _note_future(self, stream: Stream, saved: StreamState) -> None:
        """Read a stream again where what is remembered was noted by a clock that was ahead."""
        if self._clock.is_future(saved.watermark):
            saved.pass_ = saved.seeded = saved.watermark = None
            self.notes.append(
                f"{stream.name} is read again: the last run was told a time that is still to come"
            )
        saved.swept = None if self._clock.is_future(saved.swept) else saved.swept
        saved.deletions = None if self._clock.is_future(saved.deletions) else saved.deletions
        saved.reread = None if self._clock.is_future(saved.reread) else saved.reread

    def _note_change(self, stream: Stream, saved: StreamState, version: str) -> None:
        """Read a stream again beside its rows where the API version or the zone has changed.

        Children stay as they were read, until their parents change.
        """
        zone, source = self._zone_name, stream.source
        is_other = saved.version is not None and (saved.version, saved.zone) != (version, zone)
        if is_other and not isinstance(source, Children):
            saved.pass_ = saved.seeded = None
            if isinstance(source, Listing):
                saved.swept = None
            self.notes.append(
                f"{stream.name} is read again: it was read with version {saved.version} and zone "
                f"{saved.zone}, now they are {version} and {zone}"
            )
        saved.version, saved.zone = version, zone
