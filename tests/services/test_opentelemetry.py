"""Spans and metrics as an SDK collects them, against the simulator over real HTTP."""

from __future__ import annotations

import asyncio
import gc
import importlib.util
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from intercom_async import Intercom, IntercomError, NotFoundError, Priority, RetryPolicy
from intercom_async.simulator import Simulator

pytest.importorskip("opentelemetry.sdk", reason="opentelemetry-sdk is not installed")

from opentelemetry import context, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import (
    InMemorySpanExporter,
)
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import SpanKind

from intercom_async.integrations import opentelemetry
from intercom_async.integrations._call_attributes import CallAttributes
from intercom_async.integrations.opentelemetry import Telemetry, instrument
from intercom_async.request.observer import ObservedCall
from intercom_async.transport import MemoryTransport
from intercom_async.transport.base import Reply, Request
from tests.contract.operations import endpoints

pytestmark = pytest.mark.anyio


class Collected:
    """What an SDK has collected."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.reader = InMemoryMetricReader()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.meters = MeterProvider([self.reader])

    def spans(self, kind: SpanKind) -> list[ReadableSpan]:
        return [span for span in self.exporter.get_finished_spans() if span.kind is kind]

    def points(self) -> dict[str, list[Any]]:
        data: Any = self.reader.get_metrics_data()
        return {
            metric.name: list(metric.data.data_points)
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(contacts=5, seed=1) as running:
        yield running


async def test_a_call_is_a_span_and_each_attempt_one_below_it(simulator: Simulator) -> None:
    collected = Collected()
    simulator.faults.add(path="/me", status=503, times=1)
    retry = RetryPolicy(base_s=0.01)
    async with Intercom(simulator.token, base_url=simulator.url, retry=retry) as intercom:
        instrument(intercom, tracer_provider=collected.tracers, meter_provider=collected.meters)
        await intercom.with_options(priority=Priority.INTERACTIVE).admins.me()
    (call,) = collected.spans(SpanKind.INTERNAL)
    attempts = collected.spans(SpanKind.CLIENT)
    assert call.name == "intercom admins.me"
    assert call.attributes is not None
    assert call.attributes["intercom.priority"] == "interactive"
    assert call.attributes["intercom.attempts"] == 2
    assert [span.name for span in attempts] == ["GET /me", "GET /me"]
    above = call.get_span_context()
    assert above is not None
    assert all(span.parent and span.parent.span_id == above.span_id for span in attempts)
    first, second = (dict(span.attributes or {}) for span in attempts)
    assert first["http.response.status_code"] == 503
    assert first["error.type"] == "503"
    assert second["http.response.status_code"] == 200
    assert second["http.request.resend_count"] == 1
    assert second["url.full"] == f"{simulator.url}/me"
    assert second["url.template"] == "/me"
    assert str(second["server.address"]) in simulator.url


async def test_no_id_query_or_token_is_in_any_span_or_metric(simulator: Simulator) -> None:
    collected = Collected()
    async with Intercom(simulator.token, base_url=simulator.url) as intercom:
        instrument(intercom, tracer_provider=collected.tracers, meter_provider=collected.meters)
        everybody = await intercom.contacts.list(per_page=2).collect()
        await intercom.contacts.get(everybody[0].id)
        with pytest.raises(NotFoundError):
            await intercom.contacts.get("unknown-id")
        points = collected.points()
    exported = " ".join(span.to_json() for span in collected.exporter.get_finished_spans())
    told = f"{exported} {points}"
    for secret in (everybody[0].id, "unknown-id", "per_page", simulator.token):
        assert secret not in told


async def test_the_metrics_of_the_table_are_there(simulator: Simulator) -> None:
    collected = Collected()
    simulator.faults.add(path="/me", status=503, times=1)
    retry = RetryPolicy(base_s=0.01)
    async with Intercom(simulator.token, base_url=simulator.url, retry=retry) as intercom:
        instrument(intercom, tracer_provider=collected.tracers, meter_provider=collected.meters)
        await intercom.admins.me()
        points = collected.points()
    assert points["intercom.call.duration"][0].attributes["intercom.operation"] == "admins.me"
    assert sum(point.count for point in points["http.client.request.duration"]) == 2
    assert points["intercom.queue.wait"][0].count == 2
    assert points["intercom.retry"][0].value == 1
    assert {one.attributes["intercom.app"] for one in points["intercom.window.limit"]} != {""}
    assert points["intercom.window.remaining"][0].value < points["intercom.window.limit"][0].value
    assert {point.attributes["intercom.priority"] for point in points["intercom.queue.calls"]} == {
        "interactive",
        "normal",
        "background",
        "bulk",
    }


async def test_the_contrib_instrumentation_of_aiohttp_makes_no_second_span(
    simulator: Simulator,
) -> None:
    contrib: Any = pytest.importorskip(
        "opentelemetry.instrumentation.aiohttp_client", reason="it is not installed"
    )
    collected = Collected()
    contrib.AioHttpClientInstrumentor().instrument(tracer_provider=collected.tracers)
    try:
        async with Intercom(simulator.token, base_url=simulator.url) as intercom:
            instrument(intercom, tracer_provider=collected.tracers)
            await intercom.admins.me()
    finally:
        contrib.AioHttpClientInstrumentor().uninstrument()
    assert [span.name for span in collected.spans(SpanKind.CLIENT)] == ["GET /me"]


async def test_nothing_is_propagated_to_intercom(simulator: Simulator) -> None:
    collected = Collected()
    async with Intercom(simulator.token, base_url=simulator.url) as intercom:
        instrument(intercom, tracer_provider=collected.tracers)
        await intercom.admins.me()
    address = f"{simulator.url}/_simulator/request?number=1"
    async with aiohttp.request("GET", address) as reply:
        sent = (await reply.json())["headers"]
    assert "Accept" in sent
    assert {"traceparent", "tracestate", "baggage"}.isdisjoint(name.lower() for name in sent)


async def test_a_call_within_a_span_of_the_app_is_its_child(simulator: Simulator) -> None:
    collected = Collected()
    tracer = collected.tracers.get_tracer("app")
    async with Intercom(simulator.token, base_url=simulator.url) as intercom:
        instrument(intercom, tracer_provider=collected.tracers)
        with tracer.start_as_current_span("request") as request:
            await intercom.admins.me()
            await intercom.admins.me()
    calls = [span for span in collected.spans(SpanKind.INTERNAL) if span.name != "request"]
    assert {span.parent and span.parent.span_id for span in calls} == {
        request.get_span_context().span_id
    }


async def test_two_apps_have_windows_of_their_own(simulator: Simulator) -> None:
    collected = Collected()
    telemetry = Telemetry(meter_provider=collected.meters)
    tokens = (simulator.token, simulator.new_app(app_per_minute=600).token)
    async with AsyncExitStack() as stack:
        for token in tokens:
            client = Intercom(token, base_url=simulator.url, observer=telemetry)
            telemetry.watch(await stack.enter_async_context(client))
            await client.admins.me()
        limits = collected.points()["intercom.window.limit"]
    assert sorted(one.value for one in limits) == [100, 1_667]
    assert len({one.attributes["intercom.app"] for one in limits}) == 2
    assert not any(token in str(limits) for token in tokens)


async def test_a_closed_client_is_watched_no_more(simulator: Simulator) -> None:
    collected = Collected()
    async with Intercom(simulator.token, base_url=simulator.url) as intercom:
        instrument(intercom, meter_provider=collected.meters)
        await intercom.admins.me()
    assert "intercom.window.limit" not in collected.points()
    del intercom
    gc.collect()


def test_names_of_operations_are_bounded() -> None:
    """Every endpoint has a label of its own, without placeholders or ids."""
    labels = {endpoint.operation.label for endpoint in endpoints()}
    assert len(labels) == len({endpoint.operation.name for endpoint in endpoints()})
    assert all(label.replace(".", "").replace("_", "").isalnum() for label in labels)


async def test_the_number_of_names_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a program fills paths itself, each of which is an operation of its own."""
    monkeypatch.setattr(opentelemetry, "MOST_OPERATIONS", 3)
    collected = Collected()

    async def answer(_: Request) -> Reply:
        return Reply(200, {"Content-Type": "application/json"}, b"{}")

    async with Intercom("token", transport=MemoryTransport(answer)) as intercom:
        instrument(intercom, meter_provider=collected.meters)
        for number in range(9):
            await intercom.request("GET", f"/contacts/{number}")
        points = collected.points()["intercom.call.duration"]
    names = {point.attributes["intercom.operation"]: point.count for point in points}
    assert len(names) == 4
    assert names["other"] == 6


async def test_a_call_of_every_endpoint_adds_one_series_to_each_metric() -> None:
    """Whatever the ids are: the number of series is the API's and not the workspace's."""
    collected, every = Collected(), endpoints()
    names = {endpoint.operation.label for endpoint in every}
    assert len(names) < opentelemetry.MOST_OPERATIONS / 2
    series: list[dict[str, int]] = []
    retry = RetryPolicy(max_attempts=1)
    async with Intercom("t", transport=MemoryTransport(answered), retry=retry) as intercom:
        instrument(intercom, tracer_provider=collected.tracers, meter_provider=collected.meters)
        newest = intercom.with_options(version="Preview")
        for record in ("1001", "1002", "6329f1c0"):
            for endpoint in every:
                operation = endpoint.operation
                with suppress(IntercomError):  # one answer does not fit all
                    await newest.send(operation.at(*[record] * operation.count))
            series.append({name: len(found) for name, found in collected.points().items()})

    assert series[0] == series[1] == series[2]
    assert series[0]["intercom.call.duration"] == len(names)
    assert series[0]["intercom.queue.wait"] == 1
    assert series[0]["http.client.request.duration"] <= 5  # one for each verb
    assert {span.name for span in collected.spans(SpanKind.INTERNAL)} == {
        f"intercom {name}" for name in names
    }
    templates = {endpoint.operation.name for endpoint in every}
    assert {span.name for span in collected.spans(SpanKind.CLIENT)} == templates


def answered(_: Request) -> Reply:
    return Reply(200, {}, b'{"type":"admin","id":"7"}')


async def test_one_measurement_a_call_has_an_exemplar() -> None:
    """Each costs more than the measurement itself; the call's leads to its trace."""
    collected = Collected()
    async with Intercom("token", transport=MemoryTransport(answered)) as intercom:
        instrument(intercom, tracer_provider=collected.tracers, meter_provider=collected.meters)
        await intercom.admins.me()
        points = collected.points()
    (call,) = collected.spans(SpanKind.INTERNAL)
    exemplars = {
        name: [each.span_id for point in found for each in getattr(point, "exemplars", ())]
        for name, found in points.items()
    }
    above = call.get_span_context()
    assert above is not None
    assert {name: found for name, found in exemplars.items() if found} == {
        "intercom.call.duration": [above.span_id]
    }


class Offered(Sampler):
    """Samples nothing, and notes what it was asked for."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def should_sample(self, *arguments: Any, **_: Any) -> SamplingResult:
        self.names.append(arguments[2])
        return SamplingResult(Decision.DROP)

    def get_description(self) -> str:
        return "nothing"


async def test_a_call_that_is_not_sampled_has_no_span_an_attempt() -> None:
    sampler, collected = Offered(), Collected()
    tracers = TracerProvider(sampler=sampler)
    async with Intercom("token", transport=MemoryTransport(answered)) as intercom:
        instrument(intercom, tracer_provider=tracers, meter_provider=collected.meters)
        await intercom.admins.me()
        points = collected.points()
    assert sampler.names == ["intercom admins.me"]
    assert points["http.client.request.duration"][0].count == 1


async def test_a_request_runs_within_its_span_and_what_the_app_put_into_the_context() -> None:
    collected = Collected()
    seen: list[tuple[str, object]] = []

    def answer(request: Request) -> Reply:
        span: Any = trace.get_current_span()
        seen.append((span.name, context.get_value("of-the-app")))
        return answered(request)

    async with Intercom("token", transport=MemoryTransport(answer)) as intercom:
        instrument(intercom, tracer_provider=collected.tracers, meter_provider=collected.meters)
        token = context.attach(context.set_value("of-the-app", "kept"))
        before = context.get_current()
        await intercom.admins.me()
        assert context.get_current() is before
        context.detach(token)
    assert seen == [("GET /me", "kept")]


async def test_a_kind_of_call_is_described_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    class Noting(CallAttributes):
        def __init__(self, call: ObservedCall, operation: str) -> None:
            super().__init__(call, operation)
            made.append(f"{operation} {call.priority.name}")

    monkeypatch.setattr(opentelemetry, "CallAttributes", Noting)
    collected = Collected()
    async with Intercom("token", transport=MemoryTransport(answered)) as intercom:
        instrument(intercom, tracer_provider=collected.tracers, meter_provider=collected.meters)
        for _ in range(3):
            await intercom.admins.me()
            await intercom.with_options(priority=Priority.BULK).admins.me()
    assert made == ["admins.me NORMAL", "admins.me BULK"]
    assert len(collected.spans(SpanKind.CLIENT)) == 6


def test_gauges_are_read_in_the_thread_of_an_exporter() -> None:
    collected = Collected()

    async def main() -> None:
        memory = MemoryTransport(lambda _: Reply(200, {}, b'{"type":"contact","id":"7"}'))
        async with Intercom("token", transport=memory) as intercom:
            instrument(intercom, tracer_provider=collected.tracers, meter_provider=collected.meters)
            await intercom.contacts.get("7")
            points = await asyncio.to_thread(collected.points)
        assert points["intercom.window.limit"]
        assert points["intercom.queue.calls"]

    asyncio.run(main())


async def test_the_costs_of_the_sdk_are_measured_with_the_same_work() -> None:
    """`benchmarks/observed.py` compares an observed call with the same spans made by hand."""
    name, place = "observed", Path(__file__).parents[2] / "benchmarks" / "observed.py"
    spec = importlib.util.spec_from_file_location(name, place)
    assert spec is not None
    assert spec.loader is not None
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    ours, by_hand = Collected(), Collected()
    async with Intercom("token", transport=MemoryTransport(answered)) as intercom:
        await benchmark.by_hand(benchmark.Providers(by_hand.tracers, by_hand.meters))(intercom)
        instrument(intercom, tracer_provider=ours.tracers, meter_provider=ours.meters)
        await intercom.admins.me()
        work = [(spans_of(one), measurements_of(one)) for one in (ours, by_hand)]
    assert work[0] == work[1]
    assert work[0][0] == [["GET /me", 6], ["call", 5]]


def spans_of(collected: Collected) -> list[list[object]]:
    """Return the number of attributes of each span."""
    spans = [*collected.spans(SpanKind.CLIENT), *collected.spans(SpanKind.INTERNAL)]
    return [
        ["GET /me" if span.kind is SpanKind.CLIENT else "call", len(span.attributes or ())]
        for span in spans
    ]


def measurements_of(collected: Collected) -> list[tuple[int, int, int, bool]]:
    """Return the counts, attributes, buckets and exemplars of what was recorded in the call."""
    return sorted(
        (point.count, len(point.attributes), len(point.explicit_bounds), bool(point.exemplars))
        for found in collected.points().values()
        for point in found
        if hasattr(point, "explicit_bounds")
    )
