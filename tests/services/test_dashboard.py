"""The Grafana dashboard asks for metrics and labels that Prometheus has."""

from __future__ import annotations

import re
import runpy
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from intercom_async import Intercom, RetryPolicy
from intercom_async.codec import decode
from intercom_async.models.base import Model
from intercom_async.scheduler.stores import RedisStore
from intercom_async.simulator import Simulator
from intercom_async.sync import JsonlSink
from intercom_async.webhooks import Notification, Webhooks
from intercom_async.webhooks.samples import sample
from .conftest import RedisServer

pytest.importorskip("opentelemetry.exporter.prometheus", reason="it is not installed")
pytest.importorskip("grafana_foundation_sdk", reason="it is not installed")

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import REGISTRY, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from intercom_async.integrations.opentelemetry import instrument
from intercom_async.integrations.opentelemetry_sync import SyncTelemetry
from intercom_async.integrations.opentelemetry_webhooks import WebhookTelemetry
from .test_telemetry_of_webhooks_and_syncs import SECRET, TOPIC, deliver

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "contrib" / "grafana"
METRIC = re.compile(r"\b(?:intercom|http_client)_[a-z_]+(?=\[|\{|\)|$)")
LABELS = re.compile(r"(?:by \(([^)]*)\)|\{\{(\w+)\}\}|\{(\w+)[!=])")


class Odd(Model, frozen=True, kw_only=True):
    """A model that answers do not keep to."""

    number: int | None = None


def made() -> dict[str, Any]:
    return runpy.run_path(str(FOLDER / "make_dashboard.py"))


def metric_of(query: str) -> str:
    (metric,) = METRIC.findall(re.sub(r"by \([^)]*\)", "", query))
    return str(metric)


async def exposed(server: RedisServer, folder: Path) -> dict[str, set[str]]:
    """Use everything once, and return the labels of each name that Prometheus would read."""
    meters = MeterProvider([PrometheusMetricReader()])
    webhooks = Webhooks(SECRET, observer=WebhookTelemetry(meter_provider=meters))

    @webhooks.on(TOPIC)
    async def handle(_: Notification[Any]) -> None:
        raise ValueError

    body = sample(TOPIC)
    await deliver(webhooks, (body, webhooks.sign(body)))
    decode(b'{"number": "1"}', Odd, call="odd")
    store = RedisStore.from_url(server.url)
    retry = RetryPolicy(base_s=0.01)
    async with Simulator(contacts=3) as simulator:
        simulator.faults.add(path="/me", status=503, times=1)
        simulator.faults.add(path="/me", status=429, retry_after_s=0.05, after=1, times=1)
        async with Intercom(
            simulator.token, base_url=simulator.url, store=store, retry=retry
        ) as intercom:
            instrument(intercom, meter_provider=meters)
            await intercom.admins.me()
            simulator.faults.add(path="/tags", status=404)
            await SyncTelemetry(meter_provider=meters).sync(
                intercom, ["contacts", "tags"], sink=JsonlSink(folder / "target")
            )
            text = generate_latest(REGISTRY).decode()
    await store.aclose()
    meters.shutdown()
    found: defaultdict[str, set[str]] = defaultdict(set)
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            found[one.name] |= one.labels.keys()
    return found


@pytest.mark.anyio
async def test_every_query_asks_for_what_there_is(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    known = await exposed(redis_server, tmp_path)

    wrong: list[str] = []
    for panel in made()["panels"]():
        for legend, query in panel.queries.items():
            metric = metric_of(query)
            groups = LABELS.findall(query + legend)
            labels = {name.strip() for found in groups for name in ",".join(found).split(",")}
            missing = labels - {""} - known.get(metric, set())
            if metric not in known or missing:
                wrong.append(f"{panel.title}: {metric} {sorted(missing)}")
    assert wrong == []
    queries = [query for panel in made()["panels"]() for query in panel.queries.values()]
    shown = {metric_of(query) for query in queries}
    families = {re.sub(r"_(bucket|count|sum|created)$", "", name) for name in known}
    ours = {name for name in families if name.startswith(("intercom_", "http_client_"))}
    seen = {re.sub(r"_(bucket|count|sum)$", "", name) for name in shown}
    # What is exported and not drawn: parts of what another panel shows.
    assert ours - seen == {
        "intercom_store_returned_total",
        "intercom_store_requests_total",
        "intercom_sync_calls_total",
    }


def test_the_file_is_what_the_program_makes() -> None:
    assert (FOLDER / "intercom.json").read_text() == made()["make"]() + "\n"


def test_the_guide_has_every_question_with_its_panel() -> None:
    page = (ROOT / "docs" / "guides" / "dashboard.md").read_text(encoding="utf-8")
    missing = [
        panel.title
        for panel in made()["panels"]()
        if f"| {panel.question} | {panel.title} |" not in page
    ]
    assert missing == []
