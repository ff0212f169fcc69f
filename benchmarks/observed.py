"""What an observer of calls costs: CPU microseconds a call, beside the same calls without one.

Question: does OpenTelemetry cost at most 25 µs a call beside what its SDK takes? `by hand` is a
program that makes two spans and three measurements with constant attributes around a call that is
not observed: the SDK's share, with caches as cold as they are between calls. `ours_us` is what the
observed call costs beyond that.

Spans go to a batch processor whose exporter drops them, metrics to a reader in memory: the work of
an SDK without that of a network. Replies are scripted, limits are out of reach, and the ways take
turns, so that a slow moment strikes all alike.

    python benchmarks/observed.py --calls 2000 --rounds 15
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import statistics
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import NamedTuple

from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON
from opentelemetry.trace import SpanKind

from intercom_async import Intercom, Limits
from intercom_async.integrations.opentelemetry import DURATION_BUCKETS, Telemetry
from intercom_async.request.observer import Observer
from intercom_async.transport import MemoryTransport
from intercom_async.transport.base import Reply, Request

BODY = b'{"type": "admin", "id": "1", "email": "a@example.com", "name": "A"}'


class Dropping(SpanExporter):
    """An exporter without a network."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Drop them."""
        del spans
        return SpanExportResult.SUCCESS


async def answer(_: Request) -> Reply:
    """Answer every request alike."""
    return Reply(200, {"Content-Type": "application/json"}, BODY)


class Providers(NamedTuple):
    """What collects spans and metrics."""

    tracers: TracerProvider
    meters: MeterProvider


def providers(*, is_sampled: bool) -> Providers:
    """Return an SDK whose exporters have no network."""
    tracers = TracerProvider(sampler=ALWAYS_ON if is_sampled else ALWAYS_OFF)
    tracers.add_span_processor(BatchSpanProcessor(Dropping(), max_queue_size=100_000))
    return Providers(tracers, MeterProvider([InMemoryMetricReader()]))


SHARES = {"sampled out": "by hand, sampled out", "spans and metrics": "by hand"}
"""Ways with an SDK, and the way that is its share."""
CALL = {"intercom.operation": "admins.me", "intercom.priority": "normal", "intercom.app": "12ab"}
SERVER: dict[str, str | int] = {
    "http.request.method": "GET",
    "server.address": "api.intercom.io",
    "server.port": 443,
}
ATTEMPT = {**SERVER, "url.full": "https://api.intercom.io/me", "url.template": "/me"}
REQUEST = {**SERVER, "http.response.status_code": 200}
OPERATION = {"intercom.operation": "admins.me", "intercom.priority": "normal"}
LANE = {"intercom.priority": "normal"}
Call = Callable[[Intercom], Coroutine[None, None, object]]


def by_hand(sdk: Providers) -> Call:
    """Return a call with the spans and the measurements that an observer would make."""
    tracer, meter = sdk.tracers.get_tracer("by hand"), sdk.meters.get_meter("by hand")
    wait, request, call = (
        meter.create_histogram(name, explicit_bucket_boundaries_advisory=DURATION_BUCKETS)
        for name in ("wait", "request", "call")
    )
    without = trace.set_span_in_context(trace.INVALID_SPAN)

    async def ask(intercom: Intercom) -> None:
        outer = tracer.start_span("call", without, attributes=CALL)
        inside = trace.set_span_in_context(outer, without)
        wait.record(0.0, LANE, without)
        if outer.is_recording():
            inner = tracer.start_span("GET /me", inside, SpanKind.CLIENT, ATTEMPT)
            await intercom.admins.me()
            inner.set_attribute("http.response.status_code", 200)
            inner.end()
        else:
            await intercom.admins.me()
        request.record(0.001, REQUEST, without)
        call.record(0.001, OPERATION, inside)
        if outer.is_recording():
            outer.set_attributes({"intercom.wait_s": 0.0, "intercom.attempts": 1})
            outer.end()

    return ask


async def plainly(intercom: Intercom) -> None:
    """Make a call."""
    await intercom.admins.me()


class Way(NamedTuple):
    """One way of seeing a call."""

    observer: Observer | None
    call: Call = plainly

    async def cost_us(self, calls: int) -> float:
        """Return the CPU microseconds of a call."""
        limits = Limits(app_per_minute=10**8, workspace_per_minute=10**8)
        transport = MemoryTransport(answer)
        async with Intercom(
            "token", transport=transport, limits=limits, observer=self.observer
        ) as intercom:
            await self.call(intercom)
            gc.collect()
            begin = time.process_time()
            for _ in range(calls):
                await self.call(intercom)
            return (time.process_time() - begin) / calls * 1e6


def ways() -> dict[str, Way]:
    """Return the ways that are compared, by name."""
    off, on = providers(is_sampled=False), providers(is_sampled=True)
    return {
        "none": Way(None),
        "empty": Way(Observer()),
        "API only": Way(Telemetry()),
        "sampled out": Way(Telemetry(*off)),
        "by hand, sampled out": Way(None, by_hand(off)),
        "spans and metrics": Way(Telemetry(*on)),
        "by hand": Way(None, by_hand(on)),
    }


def main() -> None:
    """Measure every way and print its cost beside the first one's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--quick", action="store_true", help="fewer of both")
    parser.add_argument("--json", type=Path, help="write the results here, too")
    given = parser.parse_args()
    calls, rounds = (500, 7) if given.quick else (given.calls, given.rounds)
    measured = ways()
    found: dict[str, list[float]] = {name: [] for name in measured}
    for _ in range(rounds):
        for name, way in measured.items():
            found[name].append(asyncio.run(way.cost_us(calls)))
    rows: list[dict[str, str | float]] = []
    for name, costs in found.items():
        row: dict[str, str | float] = {
            "observer": name,
            "us_a_call": round(statistics.median(costs), 1),
            "more_us": round(difference(costs, found["none"]), 1),
        }
        if name in SHARES:
            row["ours_us"] = round(difference(costs, found[SHARES[name]]), 1)
        print(json.dumps(row))
        rows.append(row)
    if given.json is not None:
        given.json.write_text(json.dumps(rows, indent=2) + "\n")


def difference(these: list[float], those: list[float]) -> float:
    """Return the median of the rounds' differences."""
    return statistics.median(one - other for one, other in zip(these, those, strict=True))


if __name__ == "__main__":
    main()
