"""Records a sync for its HTML report, in bounded memory.

Times are seconds from the beginning of the run, by this machine's monotonic clock.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable

from intercom_async.clock import CLOCK
from intercom_async.request.observer import Attempt, CallOutcome, ObservedCall, Observer
from intercom_async.sync import Progress

MOST_SPANS = 240
"""Spans of time in which calls are counted: when there are more, two become one."""
FIRST_SPAN_S = 0.5
"""Seconds of a span at first; they double whenever two become one."""
MOST_WINDOWS = 2_000
"""Windows that are kept, the newest ones: five and a half hours of windows of 10 s."""
MOST_SAMPLES = 480
"""Measurements of progress that are kept: when there are more, every second one goes."""
TOO_MANY_REQUESTS = 429
FIRST_SERVER_ERROR = 500
"""Statuses from here on are failures of the server."""
FIRST_ERROR = 400
"""Statuses from here on are no success."""

ANSWERS = ("answered", "429", "server error", "other error", "no answer")
"""Outcomes of a request, in the order in which they are drawn."""


@dataclasses.dataclass(slots=True)
class OperationCount:
    """Calls of one operation."""

    calls: int = 0
    attempts: int = 0
    failed: int = 0
    wait_s: float = 0.0
    elapsed_s: float = 0.0
    longest_s: float = 0.0


@dataclasses.dataclass(slots=True)
class WindowUse:
    """Usage of one rate-limit window."""

    ends_at: float
    """UNIX seconds on the server's clock."""
    limit: int
    used: int
    """Calls of the app in it when the last answer came, those of other programs included."""


class SyncRecorder(Observer):
    """Counts requests, waits, windows and rows over time."""

    def __init__(self) -> None:
        self._begun_s = CLOCK.now()
        self.span_s: float = FIRST_SPAN_S
        """Length of a span of time."""
        self.spans: list[Counter[str]] = []
        """Requests of each span by outcome."""
        self.waits: list[list[float]] = []
        """For each span: calls that ended in it, and the seconds that they waited together."""
        self.operations: dict[str, OperationCount] = {}
        self.windows: dict[float, WindowUse] = {}
        self.samples: list[tuple[float, dict[str, int]]] = []
        """Moments, and the rows of each stream at each."""
        self._every = 1
        self._told = 0

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return CLOCK.now() - self._begun_s

    def watching(self, tell: Callable[[Progress], object]) -> Callable[[Progress], object]:
        """Return a callback that keeps each progress and passes it on."""

        def passed_on(progress: Progress) -> object:
            self.progress(progress)
            return tell(progress)

        return passed_on

    def progress(self, progress: Progress) -> None:
        """Keep how many rows there are; every second sample goes when there are too many."""
        self._told += 1
        if self._told % self._every:
            return
        rows = {stream.name: stream.rows for stream in progress.streams}
        self.samples.append((self.seconds, rows))
        if len(self.samples) > MOST_SAMPLES:
            self.samples = self.samples[1::2]
            self._every *= 2

    def attempt_ended(self, call: ObservedCall, attempt: Attempt) -> None:
        """Count a request."""
        del call
        place = self._now()  # first: it may put other lists in the place of these
        self.spans[place][kind_of(attempt.status)] += 1

    def call_ended(self, call: ObservedCall, outcome: CallOutcome) -> None:
        """Count a call, its wait, and what it tells of its window."""
        place = self._now()
        waits = self.waits[place]
        waits[0] += 1
        waits[1] += outcome.wait_s
        operation = self.operations.setdefault(call.operation, OperationCount())
        operation.calls += 1
        operation.attempts += outcome.attempts
        operation.failed += outcome.error is not None
        operation.wait_s += outcome.wait_s
        operation.elapsed_s += outcome.elapsed_s
        operation.longest_s = max(operation.longest_s, outcome.elapsed_s)
        window = outcome.window
        if window is not None and window.limit and window.reset_at is not None:
            self._use(float(window.reset_at), window.limit, window.remaining)

    def _use(self, ends_at: float, limit: int, remaining: int | None) -> None:
        if remaining is None:
            return
        known = self.windows.setdefault(ends_at, WindowUse(ends_at, limit, 0))
        known.used = max(known.used, limit - remaining)
        if len(self.windows) > MOST_WINDOWS:
            del self.windows[next(iter(self.windows))]

    def _now(self) -> int:
        """Return the place of this moment's span."""
        at = int(self.seconds / self.span_s)
        while at >= MOST_SPANS:
            pairs = range(0, len(self.spans), 2)
            self.spans = [sum(self.spans[n : n + 2], Counter[str]()) for n in pairs]
            self.waits = [
                [sum(one) for one in zip(*self.waits[n : n + 2], strict=True)] for n in pairs
            ]
            self.span_s *= 2
            at = int(self.seconds / self.span_s)
        while len(self.spans) <= at:
            self.spans.append(Counter())
            self.waits.append([0.0, 0.0])
        return at


def kind_of(status: int | None) -> str:
    """Return the outcome of a request, one of `ANSWERS`."""
    if status is None:
        return "no answer"
    if status == TOO_MANY_REQUESTS:
        return "429"
    if status >= FIRST_SERVER_ERROR:
        return "server error"
    return "other error" if status >= FIRST_ERROR else "answered"
