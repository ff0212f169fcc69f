"""Syncs of workspaces on real taskiq workers, of which some are killed."""

from __future__ import annotations

from typing import Any

import pytest

from intercom_async import IntercomError
from intercom_async.errors import ConfigError
from .conftest import PostgresServer, RedisServer

pytest.importorskip("psycopg", reason="the extra postgres is not installed")
pytest.importorskip("taskiq_redis", reason="taskiq-redis is not installed")

from taskiq import InMemoryBroker
from taskiq.exceptions import SendTaskError
from taskiq.schedule_sources import LabelScheduleSource

from intercom_async.integrations.taskiq import broker, schedule_source, sync_tasks
from intercom_async.integrations.workspace_tasks import Step, WorkspaceTasks
from intercom_async.sync import PostgresSink
from intercom_async.workspaces import Workspaces
from .fleet import running_fleet
from .sync_worker import token_of

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]

WORKER = ("taskiq", "worker", "tests.services.sync_worker:queue", "--workers", "1")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def send(url: str, budget_s: float, *messages: tuple[str, str, str]) -> None:
    queue = broker(url, shard_budget_s=budget_s)

    @queue.task(task_name="intercom")
    async def work(task: str, workspace_id: str, shard: str) -> None:
        """Stand for the workers' own."""

    await queue.startup()
    for message in messages:
        await work.kiq(*message)
    await queue.shutdown()


async def test_killed_workers_lose_nothing_and_double_nothing(
    postgres_server: PostgresServer, redis_server: RedisServer
) -> None:
    async with running_fleet(3, postgres_server, redis_server.url) as fleet:
        # Sent before any worker is there. One as a whole, the others in shards.
        first, *others = sorted(fleet.simulators)
        await send(redis_server.url, 2, ("sync", first, ""), *(("plan", one, "") for one in others))
        await fleet.check_after_a_kill(WORKER)


async def clients_of(server: RedisServer) -> int:
    """Return how many connections a Redis has, with the one that asks."""
    redis: Any = pytest.importorskip("redis.asyncio")
    async with redis.Redis.from_url(server.url) as client:
        return len(await client.client_list())


async def test_a_schedule_begins_a_sync_of_every_workspace(redis_server: RedisServer) -> None:
    asked: list[str] = []

    async def workspace_ids() -> list[str]:
        asked.append("all")
        return []

    tasks = WorkspaceTasks(
        Workspaces(token_of),
        lambda workspace_id: PostgresSink("postgresql://localhost", schema=workspace_id),
        workspace_ids=workspace_ids,
    )
    queue = InMemoryBroker(await_inplace=True)
    source = schedule_source(redis_server.url)
    await source.startup()
    send = sync_tasks(queue, tasks, source, cron="0 * * * *")
    labels = LabelScheduleSource(queue)
    await labels.startup()
    [hourly] = await labels.get_schedules()
    assert hourly.cron == "0 * * * *"
    task = queue.find_task(hourly.task_name)
    assert task is not None
    await task.kiq(*hourly.args, **hourly.kwargs)
    assert asked == ["all"]
    # What has a time waits for it in the source, which a scheduler's process reads.
    await send(Step(task="sync", workspace_id="later", delay_s=60))
    await source.shutdown()
    assert await clients_of(redis_server) == 1  # the one that asks
    assert asked == ["all"]
    await send(Step(task="all"))
    assert asked == ["all", "all"]


@pytest.mark.parametrize("is_worker", [False, True])
async def test_the_source_is_closed_with_the_broker(
    redis_server: RedisServer,
    is_worker: bool,  # noqa: FBT001 (which process it is)
) -> None:
    tasks = WorkspaceTasks(
        Workspaces(token_of), lambda name: PostgresSink("postgresql://localhost", schema=name)
    )
    queue = broker(redis_server.url)
    queue.is_worker_process = is_worker
    send = sync_tasks(queue, tasks, schedule_source(redis_server.url))
    await queue.startup()
    await send(Step(task="sync", workspace_id="later", delay_s=60))
    await queue.shutdown()
    assert await clients_of(redis_server) == 1  # the one that asks


async def test_the_broker_waits_longer_than_a_task_takes(redis_server: RedisServer) -> None:
    queue = broker(redis_server.url, shard_budget_s=480)
    assert 480 < queue.idle_timeout / 1000 < 2 * 480
    assert (queue.consumer_id, queue.count) == ("0", 1)
    assert queue.unacknowledged_lock_timeout is not None
    for name in ("shard_budget_s", "max_backlog"):
        with pytest.raises(ConfigError, match=name):
            broker(redis_server.url, **{name: 0})


async def test_what_is_done_leaves_the_stream_and_what_waits_is_never_trimmed(
    redis_server: RedisServer,
) -> None:
    redis: Any = pytest.importorskip("redis.asyncio")
    queue = broker(redis_server.url, max_backlog=6)

    @queue.task(task_name="one")
    async def one() -> None:
        """Do nothing."""

    await queue.startup()
    client = redis.Redis.from_url(redis_server.url)
    for _ in range(6):
        await one.kiq()
    with pytest.raises(SendTaskError) as refused:
        await one.kiq()
    assert isinstance(refused.value.__cause__, IntercomError)
    messages = queue.listen()
    taken = [await anext(messages) for _ in range(4)]
    acks: list[Any] = [message.ack for message in taken]
    for number in (0, 1, 3):
        await acks[number]()
    await queue.trim()
    assert await client.xlen("taskiq") == 4  # the third, which is at work, and what came after it
    await acks[2]()
    await queue.trim()
    assert await client.xlen("taskiq") <= 3
    await one.kiq()
    await messages.aclose()
    await client.aclose()
    await queue.shutdown()
