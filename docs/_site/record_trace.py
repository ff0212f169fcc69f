"""Draw one trace as a picture, from the spans that a request of a web app really made.

The handler of a webhook makes a few calls within a limit of five calls in two seconds: one call is
sent twice, because Intercom answers 503, and one waits for the next window.

    python docs/_site/record_trace.py          # writes docs/images/trace.svg
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from intercom_async import Intercom, RetryPolicy
from intercom_async.integrations.opentelemetry import instrument
from intercom_async.integrations.opentelemetry_webhooks import WebhookTelemetry
from intercom_async.simulator import Simulator
from intercom_async.webhooks import Notification, Webhooks
from intercom_async.webhooks.samples import sample

TARGET = Path(__file__).parents[1] / "images" / "trace.svg"
TOPIC = "conversation.user.replied"
COLORS = {SpanKind.CONSUMER: "#555f70", SpanKind.INTERNAL: "#9db2f5", SpanKind.CLIENT: "#2346c7"}
FAILED = "#b3261e"
SHOWN_S = 0.01
"""Shortest wait that is written down, seconds."""
DEPTHS = {SpanKind.CONSUMER: 0, SpanKind.INTERNAL: 1, SpanKind.CLIENT: 2}


async def record() -> Sequence[ReadableSpan]:
    """Run the scene and return the spans of the trace, in the order of their beginning."""
    exporter, tracers = InMemorySpanExporter(), TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(exporter))
    webhooks = Webhooks("secret", observer=WebhookTelemetry(tracers))
    retry = RetryPolicy(base_s=0.1)
    async with (
        Simulator(
            contacts=5, companies=5, app_per_minute=150, window_s=2.0, latency_s=0.06
        ) as local,
        Intercom(local.token, base_url=local.url, retry=retry) as intercom,
    ):
        contact = (await intercom.contacts.list(per_page=1).collect())[0]
        instrument(intercom, tracer_provider=tracers)

        @webhooks.on(TOPIC)
        async def answer(_: Notification[Any]) -> None:
            await intercom.contacts.get(contact.id)
            local.faults.add(path="/tags", status=503, times=1)
            await intercom.tags.list().collect()
            await intercom.contacts.get(contact.id)
            await intercom.companies.list(per_page=5).collect()

        await webhooks.handle(sample(TOPIC))
    return sorted(exporter.get_finished_spans(), key=lambda one: one.start_time or 0)


def draw(spans: Sequence[ReadableSpan]) -> None:
    """Write the picture."""
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "trace", "font.size": 9})
    begin = min(span.start_time or 0 for span in spans)
    figure, axes = plt.subplots(figsize=(9, 0.34 * len(spans) + 1))
    for row, span in enumerate(spans):
        start = ((span.start_time or 0) - begin) / 1e9
        length = ((span.end_time or 0) - (span.start_time or 0)) / 1e9
        attributes = dict(span.attributes or {})
        is_failed = "error.type" in attributes
        axes.barh(row, length, left=start, color=FAILED if is_failed else COLORS[span.kind])
        told = [f"{length * 1_000:,.0f} ms"]
        if attributes.get("intercom.wait_s", 0.0) > SHOWN_S:
            told.append(f"waited {attributes['intercom.wait_s'] * 1_000:,.0f} ms")
        if "http.response.status_code" in attributes:
            told.append(str(attributes["http.response.status_code"]))
        axes.text(start + length, row, "  " + ", ".join(told), va="center", fontsize=8)
    names = ["\N{NO-BREAK SPACE}" * 4 * DEPTHS[span.kind] + span.name for span in spans]
    axes.set_yticks(range(len(spans)), names, ha="left")
    axes.tick_params(axis="y", pad=max(map(len, names)) * 4.9)
    axes.invert_yaxis()
    axes.set_xlabel("seconds")
    axes.set_xlim(0, axes.get_xlim()[1] * 1.25)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    figure.tight_layout()
    figure.savefig(TARGET, metadata={"Date": None})


if __name__ == "__main__":
    draw(asyncio.run(record()))
