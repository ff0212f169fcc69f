"""A shard ends when its time is up, or when it is asked to; the event that asks is its caller's."""

from __future__ import annotations

import anyio
import pytest

from intercom_async import Intercom
from intercom_async.simulator import Simulator
from intercom_async.sync import PostgresSink
from intercom_async.sync.shards import plan_shards, run_shard
from .test_shards import intercom, simulator, sink

__all__ = ("intercom", "simulator", "sink")

pytestmark = pytest.mark.anyio


async def test_the_end_of_its_time_is_not_that_of_others(
    simulator: Simulator, intercom: Intercom, sink: PostgresSink
) -> None:
    """A process has one event for the end of all its work."""
    shards = await plan_shards(intercom, sink, ["conversation_parts"], rows_per_shard=10**6)
    simulator.latency_s, stop = 0.1, anyio.Event()
    first = await run_shard(intercom, shards[0], sink, budget_s=0.8, stop=stop)
    assert first.rest is not None
    assert not stop.is_set()
    simulator.latency_s = 0.0
    stop.set()
    asked = await run_shard(intercom, first.rest, sink, stop=stop)
    assert (asked.rest is not None, asked.rows) == (True, 0)
    last = await run_shard(intercom, shards[0], sink, stop=anyio.Event())
    assert (last.rest, last.left) == (None, 0)
