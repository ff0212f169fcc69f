"""How late a run that goes on with a killed one knows what has gone, and what that costs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import anyio
import pytest

from intercom_async.sync import JsonlSink, Report, sync
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = [pytest.mark.anyio, pytest.mark.once]

PAGES = 20
CONTACTS = 150 * PAGES


class Wire:
    """Between a sync and its server: counts calls, refuses lists, and kills a run at a call."""

    def __init__(self, one: World, lists: str) -> None:
        self.paths: Counter[str] = Counter()
        self.searches = 0
        """Searches at which a run is killed; 0 where none is."""
        self.is_due = anyio.Event()
        self._lists = lists
        self._one = one
        one.change = self._pass

    async def run(self, *streams: str, until: int = 0) -> Report | None:
        """Sync, perhaps until so many searches; None of a run that was killed."""
        self.paths, self.searches, self.is_due = Counter(), until, anyio.Event()
        sink = JsonlSink(self._one.folder / "target", inline=True)
        report: Report | None = None
        async with anyio.create_task_group() as group:
            group.start_soon(self._kill, group.cancel_scope)
            report = await sync(self._one.intercom, streams, sink=sink)
            group.cancel_scope.cancel()
        return report

    async def _kill(self, scope: anyio.CancelScope) -> None:
        await self.is_due.wait()
        scope.cancel()

    def _pass(self, request: Request, answer: Answer) -> Answer:
        path = urlsplit(request.url).path
        self.paths[path] += 1
        if self.searches and self.paths["/contacts/search"] >= self.searches:
            self.is_due.set()
        if self._lists == "refused" and path.endswith("/deleted"):
            return Reply(404, {}, b"{}")
        return answer


@pytest.mark.parametrize("lists", ["given", "refused"])
@pytest.mark.parametrize("run", ["first", "sweep"])
async def test_a_resumed_run_knows_what_was_gone_before_h(
    run: str, lists: str, tmp_path: Path
) -> None:
    """Its spans were begun by the killed one: what went since has to be looked for."""
    async with world(tmp_path, contacts=CONTACTS, latency_s=0.2) as one:
        wire = Wire(one, lists)
        if run == "sweep":
            assert await wire.run("contacts") is not None
            await anyio.sleep(7 * DAY_S)
        assert await wire.run("contacts", until=PAGES // 2) is None
        known = list(await one.truth("contacts"))
        await anyio.sleep(60)
        for key in known[::40]:
            one.simulator.call("DELETE", f"/contacts/{key}")
        await anyio.sleep(3_000)
        report = await wire.run("contacts")

        assert report is not None
        assert report.is_complete
        assert report.deletions_to is not None
        assert report.deletions_to >= report.complete_from
        # A list is a call or two, a sweep as many as there are pages. What was read of parts of
        # which rows went is read again.
        assert wire.paths["/contacts/deleted"] <= 2
        if lists == "given":
            assert wire.paths["/contacts/search"] < PAGES + PAGES // 2 + 10


async def test_runs_that_are_killed_often_sweep_once_at_their_end(tmp_path: Path) -> None:
    """What is read before the end of a run that is killed is swept by none of them."""
    async with world(tmp_path, contacts=CONTACTS, latency_s=0.2) as one:
        wire = Wire(one, "refused")
        assert await wire.run("contacts") is not None
        calm = wire.paths["/contacts/search"]
        await anyio.sleep(DAY_S)
        night = await wire.run("contacts")
        assert night is not None
        calm = wire.paths["/contacts/search"]
        await anyio.sleep(DAY_S)
        searches = 0
        for _ in range(4):
            assert await wire.run("contacts", until=calm // 4) is None
            searches += wire.paths["/contacts/search"]
            await anyio.sleep(300)
        report = await wire.run("contacts")
        searches += wire.paths["/contacts/search"]

        assert report is not None
        assert report.is_complete
        assert report.deletions_to is not None
        assert report.deletions_to >= report.complete_from
        assert searches < 2 * calm + 4 * 10
