"""Spans and metrics of webhooks, of workers and of syncs, as an SDK collects them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from intercom_async import Intercom
from intercom_async.errors import IntercomError
from intercom_async.simulator import Simulator
from intercom_async.sync import JsonlSink
from intercom_async.webhooks import Notification, WebhookObserver, Webhooks
from intercom_async.webhooks.samples import sample

pytest.importorskip("opentelemetry.sdk", reason="opentelemetry-sdk is not installed")

from opentelemetry.trace import SpanKind, StatusCode

from intercom_async.integrations.opentelemetry import instrument
from intercom_async.integrations.opentelemetry_sync import SyncTelemetry
from intercom_async.integrations.opentelemetry_webhooks import WebhookTelemetry
from tests.support.loopback import serving
from .test_opentelemetry import Collected

pytestmark = pytest.mark.anyio

SECRET = "secret"
TOPIC = "conversation.user.replied"


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(contacts=12, conversations=6, companies=3, tickets=3) as running:
        yield running


async def deliver(webhooks: Webhooks, *bodies: tuple[bytes, str]) -> list[int]:
    """Serve the webhooks on loopback, and return the statuses of deliveries."""
    app = web.Application()
    app.add_routes(webhooks.aiohttp("/"))
    app.cleanup_ctx.append(webhooks.aiohttp_context)
    statuses: list[int] = []
    async with serving(app) as url, aiohttp.ClientSession() as http:
        for body, signature in bodies:
            signed = {"X-Hub-Signature": signature}
            async with http.post(f"{url}/", data=body, headers=signed) as reply:
                statuses.append(reply.status)
    return statuses


async def test_deliveries_are_counted_and_handlers_run_in_spans(simulator: Simulator) -> None:
    collected = Collected()
    telemetry = WebhookTelemetry(collected.tracers, collected.meters)
    webhooks = Webhooks(SECRET, observer=telemetry)
    async with Intercom(simulator.token, base_url=simulator.url) as intercom:
        instrument(intercom, tracer_provider=collected.tracers)

        @webhooks.on(TOPIC)
        async def answer(_: Notification[Any]) -> None:
            await intercom.admins.me()
            raise ValueError("what a person wrote")

        body = sample(TOPIC)
        unknown = body.replace(TOPIC.encode(), b"made.up." + b"x" * 10)
        statuses = await deliver(
            webhooks,
            (body, webhooks.sign(body)),
            (body, webhooks.sign(body)),
            (unknown, webhooks.sign(unknown)),
            (body, "sha1=" + "0" * 40),
        )
    assert statuses == [200, 200, 200, 401]
    points = collected.points()
    counted = {
        (one.attributes["intercom.topic"], one.attributes["intercom.outcome"]): one.value
        for one in points["intercom.webhook.received"]
    }
    assert counted == {
        (TOPIC, "accepted"): 1,
        # The same key under another topic is the same notification.
        (TOPIC, "duplicate"): 1,
        ("other", "duplicate"): 1,
        ("none", "unsigned"): 1,
    }
    (handled,) = points["intercom.webhook.handler.duration"]
    assert handled.attributes["error.type"] == "ValueError"
    assert "answer" in handled.attributes["intercom.handler"]
    assert points["intercom.webhook.delay"][0].count >= 1
    (handler,) = collected.spans(SpanKind.CONSUMER)
    assert handler.name == f"intercom.webhook {TOPIC}"
    assert handler.status.status_code is StatusCode.ERROR
    (call,) = collected.spans(SpanKind.INTERNAL)
    above = handler.get_span_context()
    assert (call.name, above and call.parent and call.parent.span_id == above.span_id) == (
        "intercom admins.me",
        True,
    )
    assert "what a person wrote" not in handler.to_json()


async def test_the_worker_of_a_queue_runs_its_handlers_in_spans() -> None:
    collected = Collected()
    webhooks = Webhooks(SECRET, observer=WebhookTelemetry(collected.tracers, collected.meters))

    @webhooks.on(TOPIC)
    async def answer(_: Notification[Any]) -> None: ...

    await webhooks.handle(sample(TOPIC))

    assert [span.name for span in collected.spans(SpanKind.CONSUMER)] == [
        f"intercom.webhook {TOPIC}"
    ]


async def test_an_observer_that_fails_breaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(WebhookObserver):
        def received(self, delivery: object) -> None:
            raise RuntimeError(str(delivery))

        def handling(self, call: object) -> Any:
            raise RuntimeError(str(call))

    webhooks, handled = Webhooks(SECRET, observer=Broken()), list[str]()

    @webhooks.on(TOPIC)
    async def answer(event: Notification[Any]) -> None:
        handled.append(event.topic)

    body = sample(TOPIC)
    assert await deliver(webhooks, (body, webhooks.sign(body))) == [200]
    assert handled == [TOPIC]
    assert len([one for one in caplog.records if "Broken failed" in one.message]) == 1


async def test_a_sync_is_a_span_with_one_for_each_stream(
    simulator: Simulator, tmp_path: Path
) -> None:
    collected = Collected()
    telemetry = SyncTelemetry(collected.tracers, collected.meters)
    seen: list[object] = []
    async with Intercom(simulator.token, base_url=simulator.url) as intercom:
        instrument(intercom, tracer_provider=collected.tracers)
        report = await telemetry.sync(
            intercom,
            ["contacts", "companies", "tags"],
            sink=JsonlSink(tmp_path / "target"),
            on_progress=seen.append,
        )
    assert report.is_complete
    assert seen
    points = collected.points()
    rows = {one.attributes["intercom.stream"]: one.value for one in points["intercom.sync.rows"]}
    assert rows == {stream.name: stream.rows for stream in report.streams}
    calls = {one.attributes["intercom.stream"]: one.value for one in points["intercom.sync.calls"]}
    assert calls == {stream.name: stream.calls for stream in report.streams if stream.calls}
    (duration,) = points["intercom.sync.duration"]
    assert duration.attributes == {"intercom.outcome": "complete"}
    lags = {one.attributes["intercom.stream"]: one.value for one in points["intercom.sync.lag"]}
    assert "contacts" in lags
    spans = {span.name: span for span in collected.spans(SpanKind.INTERNAL)}
    root = spans["intercom.sync"].get_span_context()
    assert root is not None
    for name in ("intercom.sync contacts", "intercom.sync companies", "intercom admins.me"):
        parent = spans[name].parent
        assert parent is not None
        assert parent.span_id == root.span_id, name


async def test_a_sync_that_fails_ends_its_spans_and_is_counted(
    simulator: Simulator, tmp_path: Path
) -> None:
    collected = Collected()
    telemetry = SyncTelemetry(collected.tracers, collected.meters)
    async with Intercom("wrong", base_url=simulator.url) as intercom:
        with pytest.raises(IntercomError):
            await telemetry.sync(intercom, ["tags"], sink=JsonlSink(tmp_path / "target"))
    (span,) = collected.spans(SpanKind.INTERNAL)
    assert span.status.status_code is StatusCode.ERROR
    (duration,) = collected.points()["intercom.sync.duration"]
    assert duration.attributes == {"intercom.outcome": "failed"}
