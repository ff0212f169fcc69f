"""OpenTelemetry for syncs: a span a run, a span a stream, and how far behind each stream is.

    telemetry = SyncTelemetry()                       # once a process
    report = await telemetry.sync(intercom, sink=DuckDBSink("intercom.duckdb"))

A run is an INTERNAL span (`intercom.sync`), each stream one below it, from its first row or call to
its end; calls are children of the run, for streams are read side by side.

| metric | kind | attributes |
| --- | --- | --- |
| `intercom.sync.rows`, `intercom.sync.calls` | counter | stream |
| `intercom.sync.duration` | histogram, s | outcome |
| `intercom.sync.lag` | gauge, s | stream |
| `intercom.sync.holes` | gauge | stream |

`intercom.sync.lag` is the age of the target: seconds from the moment up to which a stream's changes
are in it. It grows until the next run, also where that run fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from opentelemetry import metrics, trace
from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation
from opentelemetry.trace import Span, Status, StatusCode, TracerProvider

from intercom_async._version import __version__
from intercom_async.client import Intercom
from intercom_async.clock import CLOCK
from intercom_async.sync import Progress, Report, Sink, Stream, StreamReport, sync

DURATION_BUCKETS = (1, 5, 15, 60, 300, 900, 3_600, 14_400, 43_200, 86_400)
"""Bounds in seconds: a run of changes takes seconds, a first run hours."""
AT_WORK = ("planning", "reading")


class SyncTelemetry:
    """Makes spans and metrics of syncs.

    Args:
        tracer_provider: Where spans go; None: the global one.
        meter_provider: Where metrics go; None: the global one.
    """

    def __init__(
        self,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
    ) -> None:
        self._tracer = trace.get_tracer("intercom_async", __version__, tracer_provider)
        meter = metrics.get_meter("intercom_async", __version__, meter_provider)
        self._rows = meter.create_counter(
            "intercom.sync.rows", unit="{row}", description="Rows that were brought to the target."
        )
        self._calls = meter.create_counter(
            "intercom.sync.calls", unit="{call}", description="Calls of a stream."
        )
        self._duration = meter.create_histogram(
            "intercom.sync.duration",
            unit="s",
            description="Duration of runs.",
            explicit_bucket_boundaries_advisory=DURATION_BUCKETS,
        )
        self._last: dict[str, StreamReport] = {}
        meter.create_observable_gauge(
            "intercom.sync.lag", [self._lags], "s", "Age of what is in the target."
        )
        meter.create_observable_gauge(
            "intercom.sync.holes", [self._holes], "{hole}", "What is missing in the target."
        )

    async def sync(
        self,
        intercom: Intercom,
        streams: Iterable[str | Stream] | None = None,
        *,
        sink: Sink,
        on_progress: Callable[[Progress], object] | None = None,
        **options: Any,
    ) -> Report:
        """Run `intercom_async.sync.sync` in a span; the arguments are its own."""
        began_at = CLOCK.now()
        outcome = "failed"
        with self._tracer.start_as_current_span(
            "intercom.sync", record_exception=False, set_status_on_exception=False
        ) as span:
            run = _Run(self._tracer, self._rows.add, self._calls.add, on_progress)
            try:
                report = await sync(intercom, streams, sink=sink, on_progress=run.tell, **options)
                outcome = _outcome(report)
                self._last |= {stream.name: stream for stream in report.streams}
                run.end(report)
            except Exception as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(Status(StatusCode.ERROR))
                raise
            finally:
                run.close()
                span.set_attribute("intercom.outcome", outcome)
                self._duration.record(CLOCK.now() - began_at, {"intercom.outcome": outcome})
        return report

    def _lags(self, _: CallbackOptions) -> Iterable[Observation]:
        now = CLOCK.unix()
        for name, stream in self._last.items():
            if stream.watermark is not None:
                yield Observation(max(0.0, now - stream.watermark), {"intercom.stream": name})

    def _holes(self, _: CallbackOptions) -> Iterable[Observation]:
        for name, stream in self._last.items():
            yield Observation(stream.holes, {"intercom.stream": name})


class _Run:
    """The spans and counts of one run, from what it tells of its progress."""

    def __init__(
        self,
        tracer: trace.Tracer,
        add_rows: Callable[[int, dict[str, str]], None],
        add_calls: Callable[[int, dict[str, str]], None],
        on_progress: Callable[[Progress], object] | None,
    ) -> None:
        self._tracer = tracer
        self._add = (add_rows, add_calls)
        self._on_progress = on_progress
        self._spans: dict[str, Span] = {}
        self._ended: set[str] = set()
        self._counted: dict[str, tuple[int, int]] = {}

    def tell(self, progress: Progress) -> None:
        """Count what came since the progress before, and begin and end spans."""
        for stream in progress.streams:
            self._count(stream.name, stream.rows, stream.calls)
            if stream.phase in AT_WORK or stream.rows:
                self._begin(stream.name)
            if stream.phase in ("done", "failed"):
                self._end(stream.name, is_complete=stream.phase == "done")
        if self._on_progress is not None:
            self._on_progress(progress)

    def end(self, report: Report) -> None:
        """Count the rest, and end the spans by what the report says."""
        for stream in report.streams:
            self._count(stream.name, stream.rows, stream.calls)
            if stream.calls:
                self._begin(stream.name)
            self._end(stream.name, is_complete=stream.is_complete)

    def close(self) -> None:
        """End what is open: the run has failed."""
        for name in [*self._spans]:
            self._end(name, is_complete=False)

    def _count(self, name: str, *now: int) -> None:
        before = self._counted.get(name, (0, 0))
        for add, new, old in zip(self._add, now, before, strict=True):
            if new > old:
                add(new - old, {"intercom.stream": name})
        self._counted[name] = (max(now[0], before[0]), max(now[1], before[1]))

    def _begin(self, name: str) -> None:
        if name not in self._spans and name not in self._ended:
            self._spans[name] = self._tracer.start_span(
                f"intercom.sync {name}", attributes={"intercom.stream": name}
            )

    def _end(self, name: str, *, is_complete: bool) -> None:
        span = self._spans.pop(name, None)
        if span is None:
            return
        self._ended.add(name)
        rows, calls = self._counted.get(name, (0, 0))
        span.set_attributes({"intercom.rows": rows, "intercom.calls": calls})
        if not is_complete:
            span.set_status(Status(StatusCode.ERROR))
        span.end()


def _outcome(report: Report) -> str:
    if report.was_stopped:
        return "stopped"
    return "complete" if report.is_complete else "partial"
