"""Events in number: awaited they are counted, iterated over each has its result."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from intercom_async import ConfigError, NotFoundError
from intercom_async.clock import CLOCK
from intercom_async.transport import MemoryTransport
from intercom_async.transport.base import Reply, Request
from intercom_async.workflows.bulk import BulkProgress, Done, Failed
from tests.support.scripted_client import Client, failure, reply

pytestmark = pytest.mark.anyio


def events(*users: int, **fields: Any) -> list[Any]:
    return [{"event_name": "ordered", "user_id": user, **fields} for user in users]


async def accepting(request: Request) -> Reply:
    await CLOCK.sleep(0.1)
    return failure(404, "not_found") if b'"2"' in (request.body or b"") else reply(202)


async def test_each_event_has_its_result(client: Client) -> None:
    seen: list[BulkProgress] = []
    items: list[Any] = [*events(1, 2, 3), {"event_name": "x"}, {"user_id": 1}, 7, *events(4, nme=1)]
    async with client(accepting) as intercom:
        run = intercom.events.create_many(items, ordered=True, on_progress=seen.append)
        results = [result async for result in run]
    assert [type(result) for result in results] == [
        Done,
        Failed,
        Done,
        Failed,
        Failed,
        Failed,
        Failed,
    ]
    errors = [type(one.error).__name__ for one in results if isinstance(one, Failed)]
    assert errors == ["NotFoundError", "ConfigError", "ConfigError", "ConfigError", "TypeError"]
    assert seen[-1] == BulkProgress(done=2, failed=5, resume_from=7)


async def test_a_plan_counts_calls_and_rejects_without_sending(client: Client) -> None:
    memory = MemoryTransport([])
    async with client(transport=memory) as intercom:
        plan = await intercom.events.create_many([*events(1, 2), {"event_name": "x"}]).plan()
        rate = intercom.statistics().rate_per_s
    assert memory.requests == []
    assert (plan.items, plan.calls, [one.position for one in plan.rejected]) == (3, 2, [2])
    assert plan.seconds == pytest.approx(2 / rate)


async def test_a_run_is_resumed_by_skip(client: Client) -> None:
    memory = MemoryTransport(lambda _: reply(202))
    async with client(transport=memory) as intercom:
        assert await intercom.events.create_many(events(*range(10)), skip=7) == 3
    assert len(memory.requests) == 3


async def test_it_is_awaited_alone_in_a_task_and_beside_others(client: Client) -> None:
    async with client(lambda _: reply(202)) as intercom:
        assert await intercom.events.create_many(events(1, 3)) == 2
        assert await asyncio.create_task(intercom.events.create_many(events(1, 3))) == 2
        both = (intercom.events.create_many(events(1)), intercom.events.create_many(events(3)))
        assert sum(await asyncio.gather(*both)) == 2
        assert await asyncio.wait_for(intercom.events.create_many(events(1)), 5) == 1


async def test_a_task_that_is_cancelled_leaves_nothing_running(client: Client) -> None:
    async with client(accepting) as intercom:
        before = asyncio.all_tasks()
        task = asyncio.create_task(intercom.events.create_many(events(*range(3, 100))))
        await CLOCK.sleep(0.15)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await CLOCK.sleep(0)
        assert asyncio.all_tasks() == before


async def test_the_first_refused_event_ends_what_is_awaited(client: Client) -> None:
    async with client(accepting) as intercom:
        with pytest.raises(NotFoundError):
            await asyncio.create_task(intercom.events.create_many(events(1, 2, 3)))
        with pytest.raises(ConfigError):
            await intercom.events.create_many([{"event_name": "x"}])
        with pytest.raises(ConfigError, match="skip"):
            intercom.events.create_many([], skip=-1)


async def test_one_that_is_never_awaited_is_closed_in_silence(client: Client) -> None:
    async with client(accepting) as intercom:
        run = intercom.events.create_many(events(1))
        run.close()
