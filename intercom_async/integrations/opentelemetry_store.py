"""OpenTelemetry for budget stores: a span a request to the store, and how long it took.

    store = TracedStore(RedisStore(url))
    intercom = Intercom(store=store)

Requests are made by a task of the scheduler's own, beside the calls that use what is leased, so a
span (`intercom.store lease`) has no parent. The span below it, with the command or the statement,
is made by the contrib instrumentation of the store's own client, where that is active.

| metric | kind | attributes |
| --- | --- | --- |
| `intercom.store.lease` | histogram, s | outcome: leased, none, frozen, unavailable or error |
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from opentelemetry import metrics, trace
from opentelemetry.context import Context
from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider

from intercom_async._version import __version__
from intercom_async.clock import CLOCK
from intercom_async.scheduler.stores.base import Ask, BudgetStore, Known, Lease, StoreStatistics

LEASE_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5)
"""Bounds in seconds; a store's own timeout is 0.25 s."""


class TracedStore(BudgetStore):
    """Makes spans and a metric of what another store does.

    Args:
        store: The store that does it.
        tracer_provider: Where spans go; None: the global one.
        meter_provider: Where metrics go; None: the global one.
    """

    def __init__(
        self,
        store: BudgetStore,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
    ) -> None:
        self._store = store
        self._tracer = trace.get_tracer("intercom_async", __version__, tracer_provider)
        meter = metrics.get_meter("intercom_async", __version__, meter_provider)
        self._leases = meter.create_histogram(
            "intercom.store.lease",
            unit="s",
            description="Duration of requests that lease calls of a window.",
            explicit_bucket_boundaries_advisory=LEASE_BUCKETS,
        )

    async def join(self, *, budget: str, app: str) -> Known | None:
        """Return what other processes know of the server's windows; None if nobody does."""
        with self._span("join"):
            return await self._store.join(budget=budget, app=app)

    async def lease(self, ask: Ask) -> Lease | None:
        """Lease calls of a window; None if the store cannot be used now."""
        began_s, outcome = CLOCK.now(), "error"
        with self._span("lease", wanted=ask.want) as span:
            try:
                lease = await self._store.lease(ask)
                outcome = outcome_of(lease)
            finally:
                span.set_attribute("intercom.outcome", outcome)
                self._leases.record(CLOCK.now() - began_s, {"intercom.outcome": outcome})
            if lease is None:
                span.set_status(Status(StatusCode.ERROR))
            else:
                span.set_attribute("intercom.store.leased", lease.count)
            return lease

    async def give_back(self, ask: Ask) -> None:
        """Return the `returned` calls of a window that this process will not send."""
        with self._span("give_back", returned=ask.returned):
            await self._store.give_back(ask)

    async def freeze(self, ask: Ask) -> None:
        """Close a window for all processes: the server has answered 429."""
        with self._span("freeze"):
            await self._store.freeze(ask)

    @property
    def statistics(self) -> StoreStatistics:
        """Return what the store has done for this process."""
        return self._store.statistics

    async def aclose(self) -> None:
        """Leave the store and close what it opened itself."""
        await self._store.aclose()

    @contextmanager
    def _span(self, name: str, **counts: int) -> Generator[Span]:
        """Make a span; of an error it has the type, as the text may hold an address."""
        with self._tracer.start_as_current_span(
            f"intercom.store {name}",
            context=Context(),
            kind=SpanKind.INTERNAL,
            attributes={f"intercom.store.{key}": count for key, count in counts.items()},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except Exception as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(Status(StatusCode.ERROR))
                raise


def outcome_of(lease: Lease | None) -> str:
    """Return what a request came to, in a word."""
    if lease is None:
        return "unavailable"
    if lease.is_frozen:
        return "frozen"
    return "leased" if lease.count else "none"
