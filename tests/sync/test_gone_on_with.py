"""What a run reads again of what a stopped one has read: lists, and the children of recent rows."""

from __future__ import annotations

from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import anyio
import pytest

from intercom_async.sync import JsonlSink, Report, sync
from intercom_async.sync.key_table import Held
from intercom_async.sync.policy import Policy
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

STREAMS = ("tags", "conversations", "conversation_parts")
HOUR_S = 3_600
NEVER, CHILDREN = "nothing", "children"
"""Where a run is not to stop, and where it is to once some of the children were read."""
SOME = 40


class Wire:
    """Between a sync and its server: notes what is asked for, stops the run, moves the Date.

    Args:
        one: The workspace.
    """

    def __init__(self, one: World) -> None:
        self.paths: list[str] = []
        self.ahead_s = 0
        """By how many seconds the Date is ahead."""
        self._one = one
        self._stop_at = NEVER
        self._stop = anyio.Event()
        one.change = self._pass

    async def run(self, *, stop_at: str = NEVER, version: str = "2.14") -> Report:
        """Sync, and stop at the answer to a call of a path."""
        self.paths, self._stop_at, self._stop = [], stop_at, anyio.Event()
        sink = JsonlSink(self._one.folder / "target", inline=True)
        client = self._one.intercom.with_options(version=version)
        report = await sync(client, STREAMS, sink=sink, stop=self._stop)
        assert report.was_stopped is (stop_at != NEVER)
        return report

    def _pass(self, request: Request, answer: Answer) -> Answer:
        path = urlsplit(request.url).path
        self.paths.append(path)
        is_enough = self._stop_at == CHILDREN and len(self.children_read) >= SOME
        if path == self._stop_at or is_enough:
            self._stop.set()
        if not self.ahead_s or not isinstance(answer, Reply):
            return answer
        # The end of the window would tell.
        headers = {
            key: value
            for key, value in answer.headers.items()
            if key.lower() not in ("date", "x-ratelimit-reset")
        }
        now = parsedate_to_datetime(answer.headers["Date"]).timestamp()
        headers["Date"] = formatdate(now + self.ahead_s, usegmt=True)
        return Reply(answer.status, headers, answer.body)

    @property
    def children_read(self) -> set[str]:
        """The calls that read the children of a row."""
        return {path for path in self.paths if path.rpartition("/")[2].isdecimal()}


async def test_what_a_stopped_run_has_read_is_not_read_again(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=3, conversations=60, latency_s=0.05) as one:
        wire = Wire(one)
        await _until_children_are_due(one, wire)
        await wire.run(stop_at=CHILDREN)
        first = wire.children_read
        assert "/tags" in wire.paths
        await anyio.sleep(600)
        report = await wire.run()

        assert report.is_complete
        assert first
        assert "/tags" not in wire.paths
        assert not first & wire.children_read


async def test_a_list_that_only_a_published_run_has_read_is_read(tmp_path: Path) -> None:
    """The stopped one ended before it came to it."""
    async with world(tmp_path, contacts=3, conversations=60, latency_s=0.05) as one:
        wire = Wire(one)
        await wire.run()
        await anyio.sleep(600)
        one.simulator.call("POST", "/tags", {"name": "new"})
        await wire.run(stop_at="/conversations/deleted")
        assert "/tags" not in wire.paths
        await anyio.sleep(600)
        report = await wire.run()

        assert report.is_complete
        assert "new" in {row["name"] for row in one.rows("tags").values()}


async def test_a_list_that_was_read_with_another_version_is_read_again(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=3, conversations=60, latency_s=0.05) as one:
        wire = Wire(one)
        await wire.run(stop_at=CHILDREN)
        await anyio.sleep(600)
        report = await wire.run(version="2.16")

        assert report.is_complete
        assert "/tags" in wire.paths
        # What is not read again is not said to be.
        assert [note.split()[0] for note in report.notes] == ["tags", "conversations"]


@pytest.mark.parametrize("ahead_s", [20 * HOUR_S, 22 * HOUR_S])
async def test_what_was_read_by_a_clock_that_was_ahead(ahead_s: int, tmp_path: Path) -> None:
    """Once its time has passed, or comes soon, it seems to be new."""
    async with world(tmp_path, contacts=3, conversations=60, latency_s=0.05) as one:
        wire = Wire(one)
        await _until_children_are_due(one, wire)
        wire.ahead_s = ahead_s
        await wire.run(stop_at=CHILDREN)
        first, wire.ahead_s = wire.children_read, 0
        await anyio.sleep(2 * HOUR_S)
        one.simulator.call("POST", "/tags", {"name": "new"})
        await anyio.sleep(18 * HOUR_S)
        report = await wire.run()

        assert report.is_complete
        assert "new" in {row["name"] for row in one.rows("tags").values()}
        assert first
        assert first <= wire.children_read


async def test_what_is_published_says_nothing_of_clocks(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=3, conversations=60, latency_s=0.05) as one:
        wire = Wire(one)
        wire.ahead_s = DAY_S
        await _until_children_are_due(one, wire)
        wire.ahead_s = 0
        await anyio.sleep(DAY_S)
        await wire.run(stop_at=CHILDREN)
        first = wire.children_read
        assert "/tags" in wire.paths
        await anyio.sleep(600)
        await wire.run()
        assert "/tags" not in wire.paths
        assert not first & wire.children_read


@pytest.mark.parametrize(
    ("read_s_ago", "is_reread"), [(HOUR_S - 1, False), (0, False), (HOUR_S, True), (-1, True)]
)
def test_children_are_read_again_unless_they_were_within_the_lookback(
    read_s_ago: int, *, is_reread: bool
) -> None:
    now = 1_750_000_000
    policy = Policy(now, HOUR_S, "auto", 7 * DAY_S, is_resumed=True, is_dated=True)
    family = Held(now - DAY_S, now - read_s_ago, 0, 0)

    assert policy.is_reread(family, now - 30 * DAY_S) is is_reread


async def _until_children_are_due(one: World, wire: Wire) -> None:
    """Let all conversations have changed lately, and the week be over after which they are read."""
    for key in await one.truth("conversations"):
        one.simulator.call("PUT", f"/conversations/{key}", {"title": "recent"})
    await anyio.sleep(HOUR_S)
    await wire.run()
    await anyio.sleep(8 * DAY_S)
