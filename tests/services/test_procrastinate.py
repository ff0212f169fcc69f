"""Syncs of workspaces on real procrastinate workers, of which some are killed."""

from __future__ import annotations

import pytest

from .conftest import PostgresServer

pytest.importorskip("psycopg", reason="the extra postgres is not installed")
pytest.importorskip("procrastinate", reason="procrastinate is not installed")

from intercom_async.integrations.procrastinate import make_app, sync_tasks
from intercom_async.integrations.workspace_tasks import Step
from .fleet import running_fleet
from .sync_worker import make_tasks

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
