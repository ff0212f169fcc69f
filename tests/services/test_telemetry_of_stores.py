"""Spans and the metric of a budget store's requests, as an SDK collects them."""

from __future__ import annotations

import pytest

from intercom_async import Intercom
from intercom_async.scheduler.stores.base import Ask, Lease
from intercom_async.simulator import Simulator
from tests.support.scheduler.memory_store import Accounts, MemoryStore

pytest.importorskip("opentelemetry.sdk", reason="opentelemetry-sdk is not installed")

from opentelemetry.trace import SpanKind

from intercom_async.integrations.opentelemetry import instrument
from intercom_async.integrations.opentelemetry_store import TracedStore, outcome_of
from .test_opentelemetry import Collected

pytestmark = pytest.mark.anyio


class BrokenStore(MemoryStore):
    async def lease(self, ask: Ask) -> Lease | None:
        raise OSError(f"no route to 10.0.0.1 for {ask.app}")


async def collect(store: MemoryStore) -> Collected:
    """Make three calls with a store; the client's own calls are traced as well."""
    collected = Collected()
    traced = TracedStore(store, collected.tracers, collected.meters)
    async with (
        Simulator(contacts=5, seed=1) as simulator,
        Intercom(simulator.token, base_url=simulator.url, store=traced) as intercom,
    ):
        instrument(intercom, tracer_provider=collected.tracers, meter_provider=collected.meters)
        for _ in range(3):
            await intercom.admins.me()
    await traced.aclose()
    return collected


def outcomes(collected: Collected) -> dict[str, int]:
    points = collected.points()["intercom.store.lease"]
    return {point.attributes["intercom.outcome"]: point.count for point in points}


async def test_each_request_is_a_span_of_its_own() -> None:
    accounts = Accounts()
    collected = await collect(MemoryStore(accounts, "one"))
    spans = [
        span
        for span in collected.spans(SpanKind.INTERNAL)
        if span.name.startswith("intercom.store")
    ]

    assert {"intercom.store join", "intercom.store lease"} <= {span.name for span in spans}
    # The task of the store outlives the call that has begun it.
    assert [span.parent for span in spans] == [None] * len(spans)
    leases = [dict(span.attributes or {}) for span in spans if span.name == "intercom.store lease"]
    assert sum(int(str(each["intercom.store.leased"])) for each in leases) > 0
    assert outcomes(collected)["leased"] > 0


async def test_a_store_that_is_away_is_seen() -> None:
    accounts = Accounts()
    accounts.is_up = False

    assert set(outcomes(await collect(MemoryStore(accounts, "one")))) == {"unavailable"}


async def test_of_an_error_the_type_is_told_alone() -> None:
    collected = await collect(BrokenStore(Accounts(), "one"))
    spans = [span for span in collected.spans(SpanKind.INTERNAL) if span.name.endswith(" lease")]

    assert set(outcomes(collected)) == {"error"}
    assert {str((span.attributes or {})["error.type"]) for span in spans} == {"OSError"}
    assert "10.0.0.1" not in "".join(span.to_json() for span in spans)


def test_every_answer_has_an_outcome() -> None:
    answers = [
        None,
        Lease(count=3, left=5, members=1),
        Lease(count=0, left=0, members=1),
        Lease(count=0, left=5, members=1, is_frozen=True),
    ]

    assert [outcome_of(each) for each in answers] == ["unavailable", "leased", "none", "frozen"]
