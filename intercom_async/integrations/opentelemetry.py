"""OpenTelemetry: a span a call, a span an attempt, and metrics of calls, waits and windows.

    instrument(intercom)            # or Intercom(observer=Telemetry())

A call is an INTERNAL span (`intercom contacts.get`), each of its attempts a CLIENT span below it by
the stable HTTP conventions. These require `url.full`. A filled path holds ids and a query holds
addresses of customers, so `url.full` carries the *template*, as `url.template` does: the one
deviation. Nothing is propagated to Intercom, and the contrib instrumentation of aiohttp makes no
second span for our requests. Only the API package is needed; without an SDK all of it does nothing.
Webhooks, syncs and budget stores have modules of their own, `opentelemetry_webhooks` and so on.

| metric | kind | attributes |
| --- | --- | --- |
| `http.client.request.duration` | histogram, s | as the conventions say |
| `intercom.call.duration` | histogram, s | operation, priority, error.type |
| `intercom.queue.wait` | histogram, s | priority |
| `intercom.queue.calls` | gauge | priority |
| `intercom.in_flight` | gauge | app |
| `intercom.window.limit`, `intercom.window.remaining` | gauge | app |
| `intercom.store.leased`, `intercom.store.returned`, `intercom.store.requests` | counter | app |
| `intercom.store.unavailable` | counter, s | app |
| `intercom.store.members` | gauge | app |
| `intercom.drift` | counter | model, field |
| `intercom.throttled` | counter | – |
| `intercom.retry` | counter | operation |
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextvars import Token
from typing import NamedTuple
from weakref import WeakSet

from opentelemetry import context, metrics, trace
from opentelemetry.context import Context
from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider

from intercom_async._version import __version__
from intercom_async.client import Intercom
from intercom_async.codec import drift
from intercom_async.config import check_able, check_kind
from intercom_async.errors import ClosedError, ConfigError, DeadlineError
from intercom_async.priority import Priority
from intercom_async.request.observer import Attempt, CallOutcome, ObservedCall, Observer
from intercom_async.scheduler import Statistics
from intercom_async.scheduler.stores.base import StoreStatistics
from ._call_attributes import CallAttributes

DURATION_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""Bounds in seconds, as the HTTP conventions recommend them."""
SUPPRESSED = {"suppress_http_instrumentation": True, "suppress_instrumentation": True}
"""Values in a context by which the contrib instrumentations know that a request has a span."""
NO_SPAN = trace.set_span_in_context(trace.INVALID_SPAN, Context())
"""Context of measurements without an exemplar: one a call is enough, and each costs 6 µs. The SDK
takes the current context where one is empty, so this one says that there is no span."""
SPAN_KEY = next(iter(NO_SPAN))
"""Under which a context holds its span: one copy of the context takes all that an attempt needs,
where the API's own functions make one for each value."""
MOST_OPERATIONS = 1_000
"""Names of operations in metrics; further ones are `other`. The API has fewer: only paths that are
given to `Intercom.request` without placeholders reach it (test_the_number_of_names_is_bounded)."""
MOST_DESCRIBED = 10_000
"""Kinds of calls, by operation, lane and app, of which attributes are kept: about 20 MB."""
FAILED = Status(StatusCode.ERROR)
OTHER = "other"
TOO_MANY_REQUESTS = 429


Read = Callable[[Statistics], Iterable[tuple[float, Mapping[str, str]]]]


class _Pulled(NamedTuple):
    """A metric that is read from the statistics of each client when metrics are collected."""

    name: str
    unit: str
    description: str
    read: Read


def _one(read: Callable[[Statistics], float]) -> Read:
    return lambda statistics: [(read(statistics), {})]


def _of_store(read: Callable[[StoreStatistics], float]) -> Read:
    return lambda statistics: [] if statistics.store is None else [(read(statistics.store), {})]


def _queued(statistics: Statistics) -> Iterable[tuple[float, Mapping[str, str]]]:
    for priority, count in statistics.queued.items():
        yield count, {"intercom.priority": priority.name.lower()}


GAUGES = (
    _Pulled("intercom.queue.calls", "{call}", "Calls that wait for a permit.", _queued),
    _Pulled("intercom.in_flight", "{call}", "Calls on their way.", _one(lambda s: s.in_flight)),
    _Pulled(
        "intercom.window.limit", "{call}", "Calls a window allows.", _one(lambda s: s.app.limit)
    ),
    _Pulled(
        "intercom.window.remaining",
        "{call}",
        "Calls left in the window.",
        _one(lambda s: s.app.remaining),
    ),
    _Pulled(
        "intercom.store.members",
        "{process}",
        "Processes that share the budget.",
        _of_store(lambda s: s.members),
    ),
)
COUNTERS = (
    _Pulled(
        "intercom.store.leased",
        "{call}",
        "Calls leased of the budget.",
        _of_store(lambda s: s.leased),
    ),
    _Pulled(
        "intercom.store.returned",
        "{call}",
        "Leased calls that were given back.",
        _of_store(lambda s: s.returned),
    ),
    _Pulled(
        "intercom.store.requests",
        "{request}",
        "Requests to the store that were answered.",
        _of_store(lambda s: s.requests),
    ),
    _Pulled(
        "intercom.store.unavailable",
        "s",
        "Time in which the store could not be used.",
        _of_store(lambda s: s.unavailable_s),
    ),
)


class _Spans:
    """The open spans of one call, and the contexts in which it runs."""

    __slots__ = ("attempt", "attempt_token", "call", "call_token", "context", "described")

    def __init__(self, described: CallAttributes, call: Span, within: Context) -> None:
        self.described = described
        self.call = call
        self.context = within
        self.call_token: Token[Context] = context.attach(within)
        self.attempt: Span | None = None
        self.attempt_token: Token[Context] | None = None


class Telemetry(Observer):
    """Makes spans and metrics of calls.

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
        self._clients: WeakSet[Intercom] = WeakSet()
        self._described: dict[tuple[str, Priority, str, str], CallAttributes] = {}
        self._operations: set[str] = set()
        self._request_duration = meter.create_histogram(
            "http.client.request.duration",
            unit="s",
            description="Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=DURATION_BUCKETS,
        )
        self._call_duration = meter.create_histogram(
            "intercom.call.duration",
            unit="s",
            description="Duration of calls, waits and retries included.",
            explicit_bucket_boundaries_advisory=DURATION_BUCKETS,
        )
        self._queue_wait = meter.create_histogram(
            "intercom.queue.wait",
            unit="s",
            description="Time from asking for a permit until it was granted.",
            explicit_bucket_boundaries_advisory=DURATION_BUCKETS,
        )
        self._throttled = meter.create_counter(
            "intercom.throttled", unit="{reply}", description="Replies with status 429."
        )
        self._retries = meter.create_counter(
            "intercom.retry", unit="{attempt}", description="Attempts after the first one."
        )
        for gauge in GAUGES:
            meter.create_observable_gauge(
                gauge.name, [self._reader(gauge.read)], gauge.unit, gauge.description
            )
        for counter in COUNTERS:
            meter.create_observable_counter(
                counter.name, [self._reader(counter.read)], counter.unit, counter.description
            )
        meter.create_observable_counter(
            "intercom.drift", [_drift], "{value}", "Values of another type than the declared one."
        )

    def watch(self, intercom: Intercom) -> None:
        """Read the queue and the windows of a client whenever metrics are collected."""
        self._clients.add(intercom)

    def _reader(self, read: Read) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def observations(_: CallbackOptions) -> Iterable[Observation]:
            for intercom in [*self._clients]:
                if intercom.is_open:
                    app = {"intercom.app": intercom.token_digest or ""}
                    try:
                        statistics = intercom.statistics()
                    except (ClosedError, ConfigError, DeadlineError):
                        continue  # Its loop is busy, or has ended.
                    for value, attributes in read(statistics):
                        yield Observation(value, {**app, **attributes})

        return observations

    # Observer ---------------------------------------------------------------------------------

    def call_began(self, call: ObservedCall) -> None:
        """Begin the span of a call, and make it the current one."""
        described = self._described.get((call.operation, call.priority, call.origin, call.app))
        if described is None:
            described = self._describe(call)
        around = context.get_current()
        span = self._tracer.start_span(described.call_name, around, attributes=described.call)
        call.state[self] = _Spans(described, span, Context({**around, SPAN_KEY: span}))

    def waited(self, call: ObservedCall, seconds: float) -> None:
        """Record how long an attempt has waited for its permit."""
        spans: _Spans = call.state[self]
        self._queue_wait.record(seconds, spans.described.lane, NO_SPAN)

    def attempt_began(self, call: ObservedCall, number: int) -> None:
        """Begin the span of an attempt."""
        spans: _Spans = call.state[self]
        described = spans.described
        attributes = described.attempt
        if number > 1:
            attributes = {**attributes, "http.request.resend_count": number - 1}
            operation = described.measured[None]["intercom.operation"]
            self._retries.add(1, {"intercom.operation": operation})
        span = spans.call
        if span.is_recording():
            span = spans.attempt = self._tracer.start_span(
                described.attempt_name, spans.context, SpanKind.CLIENT, attributes
            )
        spans.attempt_token = context.attach(
            Context({**spans.context, **SUPPRESSED, SPAN_KEY: span})
        )

    def attempt_ended(self, call: ObservedCall, attempt: Attempt) -> None:
        """End the span of an attempt and record its duration."""
        spans: _Spans = call.state[self]
        duration = spans.described.duration_of(attempt)
        self._request_duration.record(attempt.elapsed_s, duration, NO_SPAN)
        if attempt.status == TOO_MANY_REQUESTS:
            self._throttled.add(1)
        span = spans.attempt
        if span is not None:
            if attempt.status is not None:
                span.set_attribute("http.response.status_code", attempt.status)
            error = duration.get("error.type")
            if error is not None:
                span.set_attribute("error.type", error)
                span.set_status(FAILED)
            span.end()
            spans.attempt = None
        if spans.attempt_token is not None:
            context.detach(spans.attempt_token)

    def call_ended(self, call: ObservedCall, outcome: CallOutcome) -> None:
        """End the span of a call and record its duration."""
        spans: _Spans = call.state[self]
        measured = spans.described.measured_as(outcome.error)
        self._call_duration.record(outcome.elapsed_s, measured, spans.context)
        span = spans.call
        if span.is_recording():
            # One call of the SDK for both: each takes a lock, and copies what it is given.
            span.set_attributes(
                {"intercom.wait_s": outcome.wait_s, "intercom.attempts": outcome.attempts}
            )
            if outcome.error is not None:
                span.set_attribute("error.type", outcome.error)
                span.set_status(FAILED)
            span.end()
        context.detach(spans.call_token)

    def _describe(self, call: ObservedCall) -> CallAttributes:
        """Prepare what is said of calls of this kind; it is kept for `MOST_DESCRIBED` of them."""
        described = CallAttributes(call, self._bounded(call.operation))
        if len(self._described) < MOST_DESCRIBED:
            kind = (call.operation, call.priority, call.origin, call.app)
            self._described[kind] = described
        return described

    def _bounded(self, operation: str) -> str:
        """Return the name of an operation for metrics, of which there are `MOST_OPERATIONS`."""
        known = self._operations
        if operation in known:
            return operation
        if len(known) >= MOST_OPERATIONS:
            return OTHER
        known.add(operation)
        return operation


def instrument(
    intercom: Intercom,
    *,
    tracer_provider: TracerProvider | None = None,
    meter_provider: MeterProvider | None = None,
) -> Telemetry:
    """Make spans and metrics of a client's calls, and return what makes them.

    It may be called before or after the client is opened; all views of the client are observed.

    Args:
        intercom: The client.
        tracer_provider: Where spans go; None: the global one.
        meter_provider: Where metrics go; None: the global one.

    Raises:
        ConfigError: It is no client, or a provider is none.
    """
    check_kind("intercom", intercom, Intercom, "an Intercom")
    check_able("tracer_provider", tracer_provider, "get_tracer", may_be_none=True)
    check_able("meter_provider", meter_provider, "get_meter", may_be_none=True)
    telemetry = Telemetry(tracer_provider, meter_provider)
    telemetry.watch(intercom)
    intercom.observe_with(telemetry)
    return telemetry


def _drift(_: CallbackOptions) -> Iterable[Observation]:
    counts: Counter[tuple[str, str]] = Counter()
    for each in drift():
        counts[each.resource, each.field] += each.count
    for (model, field), count in counts.items():
        yield Observation(count, {"intercom.model": model, "intercom.field": field})
