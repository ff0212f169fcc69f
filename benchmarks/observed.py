"""What an observer of calls costs: CPU microseconds a call, beside the same calls without one.

Question: does OpenTelemetry cost at most 25 µs a call? With the SDK for Python it cannot: two spans
are 38 µs there and three histograms 22 µs, each by itself at its best. Spans go to a batch
processor whose exporter drops them, metrics to a reader in memory: the work of an SDK without that
of a network. Replies are scripted, limits are out of reach, and the ways take turns, so that a slow
moment strikes all alike.

    python benchmarks/observed.py --calls 2000 --rounds 15
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import statistics
import time
from collections.abc import Sequence

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from intercom_async import Intercom, Limits
from intercom_async.integrations.opentelemetry import Telemetry
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


def observers() -> dict[str, Observer | None]:
    """Return the ways that are compared, by name."""
    tracers, meters = TracerProvider(), MeterProvider([InMemoryMetricReader()])
    tracers.add_span_processor(BatchSpanProcessor(Dropping(), max_queue_size=100_000))
    sampled_out = TracerProvider(sampler=_never())
    return {
        "none": None,
        "empty": Observer(),
        "API only": Telemetry(),
        "metrics": Telemetry(sampled_out, meters),
        "spans and metrics": Telemetry(tracers, meters),
    }


def _never() -> object:
    from opentelemetry.sdk.trace.sampling import ALWAYS_OFF  # noqa: PLC0415 (beside its use)

    return ALWAYS_OFF


async def cost_us(observer: Observer | None, calls: int) -> float:
    """Return the CPU microseconds of a call."""
    limits = Limits(app_per_minute=10**8, workspace_per_minute=10**8)
    transport = MemoryTransport(answer)
    async with Intercom("token", transport=transport, limits=limits, observer=observer) as intercom:
        await intercom.admins.me()
        gc.collect()
        begin = time.process_time()
        for _ in range(calls):
            await intercom.admins.me()
        return (time.process_time() - begin) / calls * 1e6


def main() -> None:
    """Measure every way and print its cost beside the first one's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    ways = observers()
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(given.rounds):
        for name, observer in ways.items():
            found[name].append(asyncio.run(cost_us(observer, given.calls)))
    for name, costs in found.items():
        paired = [one - bare for one, bare in zip(costs, found["none"], strict=True)]
        row = {
            "observer": name,
            "us_a_call": round(statistics.median(costs), 1),
            "more_us": round(statistics.median(paired), 1),
        }
        print(json.dumps(row))


if __name__ == "__main__":
    main()
