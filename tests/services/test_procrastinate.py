"""Syncs of workspaces on real procrastinate workers, of which some are killed."""

from __future__ import annotations

from functools import partial
from secrets import token_hex

import anyio
import pytest

from .conftest import PostgresServer

pytest.importorskip("psycopg", reason="the extra postgres is not installed")
pytest.importorskip("procrastinate", reason="procrastinate is not installed")

import psycopg

from intercom_async.integrations.procrastinate import make_app, run_worker, sync_tasks
from intercom_async.integrations.workspace_tasks import Step, WorkspaceTasks
from intercom_async.sync import PostgresSink
from intercom_async.workspaces import Workspaces
from .fleet import running_fleet
from .sync_worker import make_tasks, token_of

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180)]

WORKER = ("tests.services.sync_worker",)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_what_a_dead_worker_left_is_done(postgres_server: PostgresServer) -> None:
    app = make_app(postgres_server.url)
    send = sync_tasks(app, make_tasks())
    async with running_fleet(3, postgres_server) as fleet, app.open_async():
        await app.schema_manager.apply_schema_async()
        first, *others = sorted(fleet.simulators)
        await send(Step(task="sync", workspace_id=first, delay_s=0.5))
        for one in others:
            await send(Step(task="plan", workspace_id=one))
        await fleet.check_after_a_kill(WORKER)


async def test_a_schedule_begins_a_sync_of_every_workspace(postgres_server: PostgresServer) -> None:
    asked = anyio.Event()

    async def workspace_ids() -> list[str]:
        asked.set()
        return []

    tasks = WorkspaceTasks(
        Workspaces(token_of),
        lambda workspace_id: PostgresSink(postgres_server.url, schema=workspace_id),
        workspace_ids=workspace_ids,
    )
    # A database of its own: the schema cannot be applied twice.
    database = f"jobs_{token_hex(4)}"
    async with await psycopg.AsyncConnection.connect(postgres_server.url, autocommit=True) as admin:
        await admin.execute(f"CREATE DATABASE {database}".encode())
    app = make_app(f"{postgres_server.url.rpartition('/')[0]}/{database}")
    sync_tasks(app, tasks, cron="* * * * * *")
    async with app.open_async(), anyio.create_task_group() as group:
        await app.schema_manager.apply_schema_async()
        group.start_soon(partial(run_worker, app, tasks, fetch_job_polling_interval=0.1))
        with anyio.fail_after(20):
            await asked.wait()
        group.cancel_scope.cancel()
