"""OpenTelemetry for webhooks: counts of deliveries, and a span a call of a handler.

    webhooks = Webhooks(secret, observer=WebhookTelemetry())

A handler runs in a CONSUMER span (`intercom.webhook conversation.user.created`), in the receiver's
process as well as in the worker of a queue; calls that it makes are its children. Topics that this
version does not know share the name `other`, so that their number is bounded.

| metric | kind | attributes |
| --- | --- | --- |
| `intercom.webhook.received` | counter | topic, outcome |
| `intercom.webhook.delay` | histogram, s | topic |
| `intercom.webhook.handler.duration` | histogram, s | topic, handler, error.type |
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from opentelemetry import metrics, trace
from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import SpanKind, Status, StatusCode, TracerProvider

from intercom_async._version import __version__
from intercom_async.clock import CLOCK
from intercom_async.webhooks import TOPICS, Delivery, Handling, WebhookObserver

DELAY_BUCKETS = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3_600, 7_200)
"""Bounds in seconds, up to the two hours for which Intercom throttles a subscription."""
HANDLER_BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
"""Bounds in seconds of the time that a handler takes."""
OTHER = "other"
"""Name of topics that this version does not know."""


class WebhookTelemetry(WebhookObserver):
    """Makes spans and metrics of webhooks.

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
        self._received = meter.create_counter(
            "intercom.webhook.received", unit="{request}", description="Requests by their outcome."
        )
        self._delay = meter.create_histogram(
            "intercom.webhook.delay",
            unit="s",
            description="Time from what happened to its arrival.",
            explicit_bucket_boundaries_advisory=DELAY_BUCKETS,
        )
        self._handled = meter.create_histogram(
            "intercom.webhook.handler.duration",
            unit="s",
            description="Duration of calls of handlers.",
            explicit_bucket_boundaries_advisory=HANDLER_BUCKETS,
        )

    def received(self, delivery: Delivery) -> None:
        """Count a request."""
        topic = known(delivery.topic)
        self._received.add(1, {"intercom.topic": topic, "intercom.outcome": delivery.outcome})
        if delivery.delay_s is not None:
            self._delay.record(delivery.delay_s, {"intercom.topic": topic})

    def handling(self, call: Handling) -> AbstractContextManager[None]:
        """Run a handler in a span."""
        return self._handling(call)

    @contextmanager
    def _handling(self, call: Handling) -> Generator[None]:
        topic = known(call.topic)
        attributes: dict[str, Any] = {"intercom.topic": topic, "intercom.handler": call.handler}
        began_at = CLOCK.now()
        with self._tracer.start_as_current_span(
            f"intercom.webhook {topic}",
            kind=SpanKind.CONSUMER,
            attributes=attributes,
            record_exception=False,  # its text may hold what a person wrote
            set_status_on_exception=False,
        ) as span:
            if call.delay_s is not None:
                span.set_attribute("intercom.delay_s", call.delay_s)
            try:
                yield
            except Exception as error:
                attributes["error.type"] = type(error).__name__
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(Status(StatusCode.ERROR))
                raise
            finally:
                self._handled.record(CLOCK.now() - began_at, attributes)


def known(topic: str | None) -> str:
    """Return a topic's name as an attribute; `none` of what could not be read."""
    if topic is None:
        return "none"
    return topic if topic in TOPICS else OTHER
