"""Tasks of a queue: what each asks to be sent next."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from intercom_async import RateLimitedError, UnauthorizedError, WaitTooLongError
from intercom_async.errors import ConfigError
from intercom_async.integrations.workspace_tasks import Step, WorkspaceTasks
from intercom_async.simulator import Simulator
from intercom_async.sync import BusyTargetError, JsonlSink, Sink
from intercom_async.sync.errors import ShardRunError
from intercom_async.workspaces import Workspaces

pytestmark = pytest.mark.anyio


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    limits: dict[str, Any] = {"app_per_minute": 10**7, "workspace_per_minute": 10**7}
    async with Simulator(contacts=200, conversations=10, **limits) as running:
        yield running


@pytest.fixture
async def workspaces(simulator: Simulator) -> AsyncIterator[Workspaces]:
    async def token_of(workspace_id: str) -> tuple[str, str]:
        return ("wrong" if workspace_id == "revoked" else simulator.token), simulator.url

    async with Workspaces(token_of) as opened:
        yield opened


def tasks(workspaces: Workspaces, sink_of: Any, **options: Any) -> WorkspaceTasks:
    return WorkspaceTasks(workspaces, sink_of, streams=["contacts"], **options)


def failing(error: Exception) -> Any:
    def sink_of(_: str) -> Sink:
        raise error

    return sink_of


async def test_a_sync_is_done_at_once_or_sent_again(
    workspaces: Workspaces, simulator: Simulator, tmp_path: Path
) -> None:
    def sink_of(workspace_id: str) -> Sink:
        return JsonlSink(tmp_path / workspace_id)

    assert await tasks(workspaces, sink_of).run("sync", "one") == []
    simulator.latency_s = 0.2
    short = tasks(workspaces, sink_of, budget_s=0.1)
    assert await short.run("sync", "two") == [Step(task="sync", workspace_id="two")]
    simulator.latency_s = 0.0
    assert await tasks(workspaces, sink_of).run("sync", "two") == []
    one, two = (sorted((tmp_path / name).glob("contacts*")) for name in ("one", "two"))
    assert [path.name for path in one] == [path.name for path in two] != []


def refused(retry_after_s: float | None) -> RateLimitedError:
    error = RateLimitedError(call="GET /me", status=429)
    error.retry_after_s = retry_after_s
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [(refused(3.5), 3.5), (refused(None), 10.0), (WaitTooLongError(wait_s=4.0, limit_s=1.0), 4.0)],
)
async def test_a_full_limit_sends_the_task_again_later(
    workspaces: Workspaces, error: Exception, expected: float
) -> None:
    [again] = await tasks(workspaces, failing(error)).run("shard", "one", "{}")
    assert again == Step(task="shard", workspace_id="one", shard="{}", delay_s=expected)


@pytest.mark.parametrize("error", [BusyTargetError("busy"), ShardRunError("over")])
async def test_what_another_worker_does_is_left_to_it(
    workspaces: Workspaces, error: Exception
) -> None:
    assert await tasks(workspaces, failing(error)).run("finish", "one") == []


async def test_all_begins_a_sync_of_each_workspace(workspaces: Workspaces) -> None:
    async def ids() -> list[str]:
        return ["a", "b"]

    found = await tasks(workspaces, failing(ValueError()), workspace_ids=ids).run("all")
    assert [(step.task, step.workspace_id) for step in found] == [("sync", "a"), ("sync", "b")]


async def test_a_task_that_is_performed_sends_what_comes_next(workspaces: Workspaces) -> None:
    sent: list[Step] = []

    async def send(step: Step) -> None:
        sent.append(step)

    busy = tasks(workspaces, failing(WaitTooLongError(wait_s=4.0, limit_s=1.0)))
    await busy.perform(**Step(task="shard", workspace_id="one", shard="{}").arguments, send=send)
    assert sent == [Step(task="shard", workspace_id="one", shard="{}", delay_s=4.0)]


def test_a_step_says_when_it_is_due() -> None:
    assert Step(task="sync").due is None
    due = Step(task="sync", delay_s=90.0).due
    assert due is not None
    assert timedelta(seconds=85) < due - datetime.now(UTC) < timedelta(seconds=91)


async def test_a_refused_token_ends_the_task_of_its_workspace_only(
    workspaces: Workspaces, tmp_path: Path
) -> None:
    def sink_of(workspace_id: str) -> Sink:
        return JsonlSink(tmp_path / workspace_id)

    with pytest.raises(UnauthorizedError):
        await tasks(workspaces, sink_of).run("sync", "revoked")
    assert await tasks(workspaces, sink_of).run("sync", "fine") == []


async def test_what_cannot_be_meant_is_refused(workspaces: Workspaces) -> None:
    with pytest.raises(ConfigError, match="budget_s"):
        tasks(workspaces, failing(ValueError()), budget_s=0)
    with pytest.raises(ConfigError, match="no task 'ask'"):
        await tasks(workspaces, failing(ValueError())).run("ask", "one")
    with pytest.raises(ConfigError, match="workspace_ids"):
        await tasks(workspaces, failing(ValueError())).run("all")
