"""What a sync has done, for people and for programs."""

from __future__ import annotations

from typing import Literal

import msgspec

from .outage import Outage

ReportKind = Literal["full", "changes"]


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is missing from the target, or may be wrong there, and why."""

    stream: str
    what: str
    """The stream as a whole, a span of time (ISO 8601, UTC), a row's or a parent's key, or a number
    of them. ``--accept-hole`` takes it behind the stream and a colon."""
    reason: str


class StreamReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one stream."""

    name: str
    kind: ReportKind
    """Whether everything was read, or what has changed."""
    rows: int
    """Rows that this run brought to the target, new or with other content."""
    unchanged: int
    """Rows that were read again and are in the target as they are."""
    removed: int = 0
    """Rows that are gone from the workspace."""
    calls: int
    seconds: float
    """From its first call to its last row."""
    missing: int
    """Older children that are there but that the API does not give; those that the target had
    before they were too many stay in it."""
    truncated: dict[str, int] = {}
    """The parents that most of these belong to, and how many: 20 at most."""
    was_resumed: bool
    is_complete: bool
    watermark: int | None = None
    """Changes up to then are in the target, UNIX seconds of the server."""
    lag_s: int = 0
    """How late the latest row was found; above half of the lookback is too much."""
    holes: int = 0
    """What is missing, in the target's count."""
    dangling: int = 0
    """Rows of other streams that its rows refer to and that are neither there nor tombstones."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a sync has done."""

    workspace: str
    streams: tuple[StreamReport, ...]
    failures: tuple[Failure, ...]
    seconds: float
    calls: int
    throttled: int
    """429 responses."""
    retries: int
    utilisation: float | None
    """Share of the limit that was used, over the whole windows of the run; None of a short one."""
    was_stopped: bool
    """Whether it was asked to stop; the next run goes on from there."""
    started_at: int = 0
    """S: the server's time at the beginning, UNIX seconds."""
    ended_at: int = 0
    complete_from: int = 0
    """H: rows that were there from then to the end are in the target."""
    deletions_to: int | None = None
    """R: rows that were gone by then are not; None while nothing is known of it."""
    lookback_s: int = 0
    outages: tuple[Outage, ...] = ()
    notes: tuple[str, ...] = ()
    """What else is worth knowing, each in a sentence."""

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
    """How far one stream is."""

    name: str
    rows: int
    calls: int
    expected: int | None
    """Rows when it is done, as far as the server's word goes."""
    rows_per_s: float
    phase: str
    """waiting, planning, reading, done or failed."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a sync is; given several times a second, also while no row comes."""

    streams: tuple[StreamProgress, ...]
    seconds: float
    calls: int
    calls_per_s: float
    utilisation: float | None
    """Share of the limit that the last whole window used."""
    throttled: int
    retries: int
    left_s: float | None
    """Seconds until everything is read, at the present speed; None while nobody knows."""
