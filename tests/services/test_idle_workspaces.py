"""A thousand workspaces that are open and idle, in a process of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import RedisServer

if not Path("/proc/self/statm").exists():
    pytest.skip("this system does not say how much memory a process has", allow_module_level=True)

WORKSPACES = 1_000
MOST_MB = 100.0
PROGRAM = """
import asyncio, os, sys, time
from contextlib import AsyncExitStack
from pathlib import Path
from intercom_async.scheduler.stores import RedisStore
from intercom_async.transport import MemoryTransport, Reply
from intercom_async.workspaces import Workspaces

def answer(request):
    workspace = request.headers["Authorization"].removeprefix("Bearer ")
    app = '{"type": "app", "id_code": "%s"}' % workspace
    headers = {
        "X-RateLimit-Limit": "1667",
        "X-RateLimit-Remaining": "1666",
        "X-RateLimit-Reset": str(int(time.time() // 10 * 10 + 10)),
    }
    return Reply(200, headers, b'{"type": "admin", "id": "1", "app": %s}' % app.encode())

def resident_mb():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

async def token_of(workspace_id):
    return f"token-{workspace_id}"

async def main(count, url):
    async with AsyncExitStack() as stack:
        store = None
        if url:
            store = await stack.enter_async_context(RedisStore.from_url(url, answer_within_s=10))
        workspaces = await stack.enter_async_context(
            Workspaces(token_of, transport=MemoryTransport(answer), store=store)
        )
        for number in range(count + 1):
            async with workspaces.client(f"w{number}") as intercom:
                await intercom.admins.me()
            before = before if number else resident_mb()
        print(len(workspaces), resident_mb() - before)

asyncio.run(main(int(sys.argv[1]), *sys.argv[2:]))
"""


@pytest.mark.parametrize("has_store", [False, True])
def test_a_thousand_idle_workspaces_take_little_memory(
    request: pytest.FixtureRequest,
    has_store: bool,  # noqa: FBT001 (a parameter of the test)
) -> None:
    url = ""
    if has_store:
        pytest.importorskip("redis", reason="the extra redis is missing")
        server: RedisServer = request.getfixturevalue("redis_server")
        url = server.url
    command = [sys.executable, "-c", PROGRAM, str(WORKSPACES), url]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    count, grown_mb = done.stdout.split()
    assert int(count) == WORKSPACES + 1
    assert float(grown_mb) <= MOST_MB
