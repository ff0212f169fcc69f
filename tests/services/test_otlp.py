"""What leaves the process: spans and metrics as a collector receives them, by OTLP over HTTP."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from intercom_async import Intercom, Priority
from intercom_async.clock import CLOCK
from intercom_async.simulator import Simulator, run_virtual
from intercom_async.transport import MemoryTransport

pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="it is not installed")

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from intercom_async.integrations.opentelemetry import instrument

HOUR_S = 3_600
VISIT_EVERY_S = 10
JOB_CALLS = 400


class Collector:
    """A collector that keeps what it is sent."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.metrics: list[Any] = []
        self.raw = b""
        kept = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                kept.take(self.path, body)
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name)
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, path: str, body: bytes) -> None:
        self.raw += body
        told: Any
        if path == "/v1/traces":
            told = ExportTraceServiceRequest.FromString(body)
            self.spans += [
                span
                for resource in told.resource_spans
                for scope in resource.scope_spans
                for span in scope.spans
            ]
        else:
            told = ExportMetricsServiceRequest.FromString(body)
            self.metrics = [
                metric
                for resource in told.resource_metrics
                for scope in resource.scope_metrics
                for metric in scope.metrics
            ]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def collector() -> Iterator[Collector]:
    opened = Collector()
    yield opened
    opened.close()


async def first_hour(simulator: Simulator, intercom: Intercom) -> tuple[int, int]:
    """Serve a visitor every ten seconds for an hour, beside a job; return the calls of each."""
    ids = [contact.id async for contact in intercom.contacts.list(per_page=20)]
    visitor = intercom.with_options(priority=Priority.INTERACTIVE)
    job = intercom.with_options(priority=Priority.BULK)

    async def visits() -> int:
        for number in range(HOUR_S // VISIT_EVERY_S):
            await visitor.contacts.get(ids[number % len(ids)])
            await CLOCK.sleep(VISIT_EVERY_S)
        return HOUR_S // VISIT_EVERY_S

    async def bulk() -> int:
        await asyncio.gather(*(job.contacts.get(ids[n % len(ids)]) for n in range(JOB_CALLS)))
        return JOB_CALLS

    simulator.faults.add(path="/contacts/", status=503, rate=0.02)
    visited, done = await asyncio.gather(visits(), bulk())
    return visited, done


def test_the_first_hour_of_a_web_app_with_a_job_is_traced_whole(collector: Collector) -> None:
    tracers = TracerProvider()
    tracers.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(f"{collector.url}/v1/traces"), max_queue_size=20_000)
    )
    reader = PeriodicExportingMetricReader(
        OTLPMetricExporter(f"{collector.url}/v1/metrics"), export_interval_millis=10**9
    )
    meters = MeterProvider([reader])
    simulator = Simulator(contacts=40, app_per_minute=300, latency_s=0.05)

    async def run() -> tuple[int, int]:
        transport = MemoryTransport(simulator.answer)
        async with Intercom(simulator.token, transport=transport) as intercom:
            instrument(intercom, tracer_provider=tracers, meter_provider=meters)
            counts = await first_hour(simulator, intercom)
            meters.force_flush()
            return counts

    visits, done = run_virtual(run())
    tracers.shutdown()
    meters.shutdown()

    by_id = {span.span_id: span for span in collector.spans}
    calls = [span for span in collector.spans if span.name.startswith("intercom ")]
    attempts = [span for span in collector.spans if not span.name.startswith("intercom ")]
    names = Counter(span.name for span in calls)
    assert names["intercom contacts.get"] == visits + done
    assert len(attempts) == simulator.requests
    # Each attempt lies below its call, in one trace with it.
    assert all(by_id[span.parent_span_id].name.startswith("intercom ") for span in attempts)
    assert all(by_id[span.parent_span_id].trace_id == span.trace_id for span in attempts)
    assert len({span.trace_id for span in calls}) == len(calls)

    metrics = {metric.name: metric for metric in collector.metrics}
    waits = {
        point.attributes[0].value.string_value: point
        for point in metrics["intercom.queue.wait"].histogram.data_points
    }
    mean = {name: point.sum / point.count for name, point in waits.items()}
    assert mean["interactive"] < 1 < mean["bulk"]
    durations = metrics["intercom.call.duration"].histogram.data_points
    assert sum(point.count for point in durations) == len(calls)
    assert simulator.token.encode() not in collector.raw
