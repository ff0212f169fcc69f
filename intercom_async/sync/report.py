"""Report and progress of a sync, for people and for programs."""

from __future__ import annotations

from typing import Literal

import msgspec

from .outage import Outage

ReportKind = Literal["full", "changes"]


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A hole: what the target lacks, or may have wrong, and why."""

    stream: str
    """Name of the stream."""
    what: str
    """Where the hole is: the stream as a whole, a span of time (ISO 8601, UTC), the key of a row or
    of a parent, or a number of rows. ``--accept-hole`` takes it after the stream and a colon, but
    for ``7 more of kind record``, which only counts holes."""
    reason: str
    """Why, in a sentence."""


class StreamReport(msgspec.Struct, frozen=True, kw_only=True):
    """Result of one stream."""

    name: str
    """Name of the stream."""
    kind: ReportKind
    """Whether the whole stream was read, or only its changes."""
    rows: int
    """Rows that this run wrote: new ones, and those whose content had changed."""
    unchanged: int
    """Rows that were read and had not changed."""
    removed: int = 0
    """Rows that this run found to be gone from the workspace."""
    calls: int
    """Calls made for this stream."""
    seconds: float
    """Seconds from its first call to its last row."""
    missing: int
    """Older children that exist but that the API no longer returns. Those that were read while it
    still returned them stay in the target."""
    truncated: dict[str, int] = {}
    """Parents with the most `missing` children, and their numbers; 20 at most."""
    was_resumed: bool
    """Whether it continued a run that had been interrupted."""
    is_complete: bool
    """Whether it has no hole."""
    watermark: int | None = None
    """Changes up to this time are in the target, in UNIX seconds of the server."""
    lag_s: int = 0
    """Seconds after its change at which the latest row was found by search; a value above half of
    the lookback means that the lookback is too short."""
    holes: int = 0
    """Number of its holes, those of earlier runs included."""
    dangling: int = 0
    """References of its rows to rows of other streams that are neither in the target nor known to
    be gone."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Result of a sync."""

    workspace: str
    """Id of the workspace."""
    streams: tuple[StreamReport, ...]
    """Results of the streams, in the order in which they were asked for."""
    failures: tuple[Failure, ...]
    """The holes of the target; empty if the run is complete."""
    seconds: float
    """Seconds that the run took."""
    calls: int
    """Calls of the run."""
    throttled: int
    """429 responses."""
    retries: int
    """Calls that were sent again."""
    utilisation: float | None
    """Share of the limit that was used, from 0 to 1, over the whole windows of the run; None if it
    was too short for one."""
    was_stopped: bool
    """Whether it was stopped by a signal or by `stop`; the next run resumes it."""
    started_at: int = 0
    """The server's time at the beginning, in UNIX seconds."""
    ended_at: int = 0
    """The server's time at the end, in UNIX seconds."""
    complete_from: int = 0
    """Rows that existed from this time to the end are in the target, in UNIX seconds: the beginning
    of the run less the lookback, since search may find a change that much later."""
    deletions_to: int | None = None
    """No row that was gone by this time is live in the target; UNIX seconds."""
    lookback_s: int = 0
    """Seconds by which the reading of changes overlaps with the previous run."""
    outages: tuple[Outage, ...] = ()
    """Times at which Intercom could not be reached."""
    notes: tuple[str, ...] = ()
    """Further remarks, each a sentence."""

    @property
    def rows(self) -> int:
        """Rows of all streams."""
        return sum(stream.rows for stream in self.streams)

    @property
    def is_complete(self) -> bool:
        """Whether the target has everything that was asked for."""
        return not self.was_stopped and not self.failures

    @property
    def exit_code(self) -> int:
        """What a program ends with: 0 complete, 3 partial, 130 stopped and resumable."""
        if self.was_stopped:
            return 130
        return 3 if self.failures else 0


class StreamProgress(msgspec.Struct, frozen=True, kw_only=True):
    """Progress of one stream."""

    name: str
    """Name of the stream."""
    rows: int
    """Rows that were read."""
    calls: int
    """Calls made so far."""
    expected: int | None
    """Rows that the stream has according to the server; None if it does not say."""
    rows_per_s: float
    """Rows a second, over the last few seconds."""
    phase: str
    """waiting, planning, reading, done or failed."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Progress of a sync, reported several times a second, even while no row arrives."""

    streams: tuple[StreamProgress, ...]
    """Progress of each stream."""
    seconds: float
    """Seconds since the beginning."""
    calls: int
    """Calls since the beginning."""
    calls_per_s: float
    """Calls a second, over the last few seconds."""
    utilisation: float | None
    """Share of the limit that the last whole window used, from 0 to 1; None before there is one."""
    throttled: int
    """429 responses since the beginning."""
    retries: int
    """Calls that were sent again."""
    left_s: float | None
    """Seconds until everything is read, at the present speed; None while that is unknown."""
