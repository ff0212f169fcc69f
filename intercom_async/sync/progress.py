"""Tells how a sync goes, several times a second."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from intercom_async.client import Intercom
from intercom_async.clock import CLOCK
from .report import Progress, StreamProgress
from .stream_run import StreamRun
from .streams import Children, Listing, Ranged

EVERY_S = 0.25
"""Seconds between two reports of progress."""
SPAN_S = 15.0
"""Speeds are those of this last while: one and a half windows, so that pauses between windows do
not show."""


class ProgressMonitor:
    """Watches streams and tells a callback.

    Args:
        intercom: The client, for what its scheduler counts.
        stream_runs: What is watched.
        tell: Called with each progress; None tells nobody.
    """

    def __init__(
        self,
        intercom: Intercom,
        stream_runs: list[StreamRun],
        tell: Callable[[Progress], object] | None,
    ) -> None:
        self._intercom = intercom
        self._stream_runs = stream_runs
        self._tell = tell
        self._begun_s = CLOCK.now()
        self._told_s = 0.0
        before = intercom.statistics()
        self._throttled, self._retries = before.throttled, before.retries
        self._history: deque[tuple[float, int, tuple[int, ...]]] = deque()

    @property
    def seconds(self) -> float:
        """How long it has been watching."""
        return CLOCK.now() - self._begun_s

    @property
    def calls(self) -> int:
        """Calls of all streams."""
        return sum(stream_run.client.count.calls for stream_run in self._stream_runs)

    @property
    def throttled(self) -> int:
        """429 responses since it began."""
        return self._intercom.statistics().throttled - self._throttled

    @property
    def retries(self) -> int:
        """Calls that were sent again since it began."""
        return self._intercom.statistics().retries - self._retries

    @property
    def utilisation(self) -> float | None:
        """Share of the limit that was used, over the whole windows it has seen."""
        seen = self._intercom.statistics().utilisations
        whole = int(self.seconds // 10) - 1
        kept = seen[-whole:] if whole > 0 else ()
        return sum(kept) / len(kept) if kept else None

    def tick(self, *, is_last: bool = False) -> None:
        """Tell how it stands, unless that was told a moment ago."""
        now = CLOCK.now()
        if self._tell is None or (now - self._told_s < EVERY_S and not is_last):
            return
        self._told_s = now
        self._history.append(
            (now, self.calls, tuple(stream_run.rows for stream_run in self._stream_runs))
        )
        while now - self._history[0][0] > SPAN_S:
            self._history.popleft()
        self._tell(self._progress())

    def _progress(self) -> Progress:
        (then, calls, rows), (now, *_) = self._history[0], self._history[-1]
        span = max(now - then, 1e-9) if now > then else 0.0
        per_s = (self.calls - calls) / span if span else 0.0
        statistics = self._intercom.statistics()
        return Progress(
            streams=tuple(
                StreamProgress(
                    name=stream_run.name,
                    rows=stream_run.rows,
                    calls=stream_run.client.count.calls,
                    expected=expected_rows(stream_run),
                    rows_per_s=(stream_run.rows - before) / span if span else 0.0,
                    phase=phase(stream_run),
                )
                for stream_run, before in zip(self._stream_runs, rows, strict=True)
                if stream_run.is_shown
            ),
            seconds=self.seconds,
            calls=self.calls,
            calls_per_s=per_s,
            utilisation=statistics.utilisation,
            throttled=statistics.throttled - self._throttled,
            retries=statistics.retries - self._retries,
            left_s=self._left_s(per_s),
        )

    def _left_s(self, calls_per_s: float) -> float | None:
        calls = 0.0
        for stream_run in self._stream_runs:
            left = calls_left(stream_run)
            if left is None:
                return None
            calls += left
        return calls / calls_per_s if calls_per_s else None


def calls_left(stream_run: StreamRun) -> float | None:
    """Return the calls that a stream still needs; None where nobody can tell."""
    source = stream_run.stream.source
    if not stream_run.is_open:
        return 0.0
    if isinstance(source, Children):
        return _children_left(stream_run)
    expected = expected_rows(stream_run)
    if expected is None:
        return None
    per_page = source.per_page if isinstance(source, Ranged | Listing) else None
    return max(0, expected - _read_rows(stream_run)) / (per_page or 150)


def _children_left(stream_run: StreamRun) -> float | None:
    parent = stream_run.parent
    if parent is None or not parent.is_open:
        return float(len(stream_run.queue) + stream_run.workers)
    expected = expected_rows(parent)
    if expected is None:
        return None
    return max(0.0, expected - _read_rows(parent)) + len(stream_run.queue)


def phase(stream_run: StreamRun) -> str:
    """Say in a word what a stream is at."""
    if stream_run.refusal is not None:
        return "failed"
    if not stream_run.is_open:
        if stream_run.state.holes:
            return "failed"
        pass_ = (stream_run.parent or stream_run).state.pass_
        is_read = stream_run.is_complete or (pass_ is not None and pass_.is_done)
        return "done" if is_read else "waiting"
    if stream_run.begun_s is None:
        return "waiting"
    pass_ = stream_run.state.pass_
    if pass_ is not None and not pass_.is_planned:
        return "planning"
    return "reading"


def expected_rows(stream_run: StreamRun) -> int | None:
    """Return how many rows a stream has when it is done, as far as the server's word goes."""
    pass_ = stream_run.state.pass_
    if isinstance(stream_run.stream.source, Listing) or pass_ is None or not pass_.spans:
        return None
    total = 0
    for part in pass_.spans:
        if part.count is None and not part.is_done:
            return None
        total += part.rows if part.is_done else max(part.rows, part.count or 0)
    return total


def _read_rows(stream_run: StreamRun) -> int:
    """Return how many rows of the open reading of everything were read."""
    pass_ = stream_run.state.pass_
    return 0 if pass_ is None else sum(part.rows for part in pass_.spans)
