"""What a sync has done, for people and for programs."""

from __future__ import annotations

import msgspec

from .checkpoint import Kind


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is missing from the target, and why."""

    stream: str
    what: str
    """The stream as a whole, a span of time, a parent's key, or a number of rows."""
    reason: str


class StreamReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one stream."""

    name: str
    kind: Kind
    """Whether everything was read, or what has changed."""
    rows: int
    """Rows that this run brought to the target."""
    unchanged: int
    """Rows that were read again and are in the target as they are."""
    calls: int
    seconds: float
    """From its first call to its last row."""
    missing: int
    """Rows that are there but that the API does not give."""
    was_resumed: bool
    is_complete: bool


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a sync has done."""

    workspace: str
    streams: tuple[StreamReport, ...]
    failures: tuple[Failure, ...]
    seconds: float
    calls: int
    throttled: int
    """Answers of 429."""
    retries: int
    utilisation: float | None
    """Share of the limit that was used, over the whole windows of the run; None of a short one."""
    was_stopped: bool
    """Whether it was asked to stop; the next run goes on from there."""

    @property
    def rows(self) -> int:
        """Rows of all streams."""
        return sum(stream.rows for stream in self.streams)

    @property
    def is_complete(self) -> bool:
        """Whether the target has everything that was asked for."""
        return not self.was_stopped and not self.failures


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
