"""Clients of several apps learn from their answers that they share a workspace."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.lowlevel
import pytest
from multidict import CIMultiDict

from intercom_async import Intercom, IntercomError
from intercom_async.request.workspace_probe import MOST_ANSWERS, WorkspaceProbe, named_workspace
from intercom_async.simulator import Simulator, run_virtual
from intercom_async.transport import MemoryTransport
from intercom_async.transport.base import Reply, Request

APPS = 4
WINDOWS = 12
LIMIT = 2_500
"""Calls a minute of the workspace; its apps may send 4,000 together."""


async def press(clients: list[Intercom], *, names_workspace: bool) -> None:
    async def call(client: Intercom) -> None:
        while True:
            try:
                await (client.admins.me() if names_workspace else client.tags.list().collect())
            except IntercomError:
                await anyio.lowlevel.checkpoint()

    with anyio.move_on_after(WINDOWS * 10.0):
        async with anyio.create_task_group() as group:
            for client in clients:
                for _ in range(20):
                    group.start_soon(call, client)


def used_and_refused(*, names_workspace: bool) -> tuple[float, float]:
    """Return what apps used of their workspace's limit, and which share of calls was refused."""

    async def main() -> tuple[float, float]:
        limits: dict[str, Any] = {"app_per_minute": 1_000, "workspace_per_minute": LIMIT}
        simulator = Simulator(contacts=1, conversations=1, latency_s=0.05, **limits)
        clients: list[Intercom] = []
        for _ in range(APPS):
            transport = MemoryTransport(simulator.answer)
            token = simulator.new_app().token
            settings: dict[str, Any] = {"base_url": "http://127.0.0.1", "transport": transport}
            clients.append(await Intercom(token, **settings).open())
        await press(clients, names_workspace=names_workspace)
        for client in clients:
            await client.close()
        rows = simulator.ledger()
        served, refused = sum(row.served for row in rows), sum(row.rejected for row in rows)
        return served / (WINDOWS * LIMIT / 6), refused / (served + refused)

    return run_virtual(main())


def test_apps_that_were_not_told_of_each_other_share_the_workspaces_limit() -> None:
    used, refused = used_and_refused(names_workspace=True)
    _, refused_unknown = used_and_refused(names_workspace=False)
    assert used > 0.97
    assert refused <= 0.001 < refused_unknown


def test_only_places_that_the_server_writes_to_count() -> None:
    told = {
        '{"type":"admin","app":{"type":"app","id_code":"abc"}}': "abc",
        '{"type":"contact","workspace_id":"abc","custom_attributes":{"workspace_id":"x"}}': "abc",
        '{"type":"list","data":[{"type":"contact","workspace_id":"abc"}]}': "abc",
        '{"type":"contact","custom_attributes":{"workspace_id":"x"}}': None,
        '{"type":"list","data":[]}': None,
        '{"type":"list","data":{"a":1}}': None,
        '{"workspace_id":7}': None,
        '"workspace_id"': None,
        "": None,
    }
    assert {body: named_workspace(body.encode()) for body in told} == told


@pytest.mark.anyio
async def test_it_gives_up() -> None:
    ended: list[str | None] = []
    transport = MemoryTransport(lambda _: Reply(200, CIMultiDict(), b"{}"))
    probe = WorkspaceProbe(transport, ended.append)
    request = Request(name="GET /x", method="GET", url="http://127.0.0.1/x", headers={})
    for _ in range(MOST_ANSWERS + 5):
        await probe.exchange(request, lambda: None)
    assert ended == [None]


def test_an_answer_that_is_nested_too_deeply_names_no_workspace() -> None:
    assert named_workspace(b'{"a":' + 100_000 * b"[" + 100_000 * b"]" + b"}") is None
