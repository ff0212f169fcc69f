"""What a run costs that goes on with one that was killed, in virtual time.

`benchmarks/sync.py kill` measures it at full size, with processes that are killed.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import anyio
import pytest

from intercom_async import Intercom
from intercom_async.simulator import Simulator
from intercom_async.sync import JsonlSink, Report, sync
from intercom_async.transport import MemoryTransport, Reply, Request
from tests.support.virtual_time import anyio_backend

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

STREAMS = ("contacts", "companies", "conversations", "conversation_parts", "tags")
PER_MINUTE = 10_000
LATENCY_S = 0.05
UNDER_WAY = round(PER_MINUTE / 60 * LATENCY_S)
"""Calls under way at each moment, which a kill loses whatever is done."""
UNWRITTEN_S = 0.06
"""For how long what has come may wait for its commit."""
EACH_RUN = 5
"""What each run begins and ends with: whose workspace it is, what has changed, what was deleted."""
KILLS = 5


class Workspace:
    """A workspace whose syncs are killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.simulator = Simulator(
            contacts=900, companies=200, conversations=400, tickets=0,
            latency_s=LATENCY_S, app_per_minute=PER_MINUTE, workspace_per_minute=PER_MINUTE,
        )  # fmt: skip
        self.paths: Counter[str] = Counter()

    async def _answer(self, request: Request) -> Reply:
        self.paths[request.url.split("?")[0]] += 1
        answer = await self.simulator.answer(request)
        assert isinstance(answer, Reply)
        return answer

    async def sync(self, name: str, *, within_s: float = 3_600) -> Report | None:
        """Sync; kill it if it takes longer."""
        report = None
        with anyio.move_on_after(within_s):
            async with Intercom(
                self.simulator.token,
                base_url="https://api.intercom.io",
                transport=MemoryTransport(self._answer),
            ) as intercom:
                sink = JsonlSink(self.folder / name, inline=True)
                report = await sync(intercom, STREAMS, sink=sink)
        return report


async def test_a_kill_costs_what_was_under_way(tmp_path: Path) -> None:
    """Nothing that was written is read again: no list, no child, no page."""
    one = Workspace(tmp_path)
    calm = await one.sync("calm")
    assert calm is not None
    calls, paths = one.simulator.requests, one.paths
    one.paths = Counter()
    for number in range(KILLS):
        # Each at another moment of a second, so that it meets other states of the writer.
        assert await one.sync("wild", within_s=calm.seconds / KILLS + 0.013 * number) is None
    report = await one.sync("wild")

    assert report is not None
    assert report.is_complete
    more = one.simulator.requests - 2 * calls
    a_kill = UNDER_WAY + PER_MINUTE / 60 * UNWRITTEN_S + EACH_RUN
    assert more <= KILLS * a_kill, one.paths - paths
    lists = [path for path in one.paths if path.endswith(("/companies/list", "/tags"))]
    # The run in which the first kill came may have been at it.
    assert all(one.paths[path] <= 2 * paths[path] for path in lists)
