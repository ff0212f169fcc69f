"""A target that another process opens while a run reads: the run waits as long as it was told."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from subprocess import PIPE, Popen

import anyio
import pytest

pytest.importorskip("duckdb", reason="duckdb is not installed")

from intercom_async.clock import CLOCK
from intercom_async.sync import BusyTargetError, DuckDBSink, JsonlSink, Report, sync
from intercom_async.sync.sinks.base import RowFields, StoredRow
from intercom_async.transport import Request
from tests.support.virtual_time import anyio_backend
from .machine.targets import Rows, read
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = [pytest.mark.anyio, pytest.mark.once]

STREAMS = ("companies", "contacts", "conversations", "conversation_parts", "tags")
HELD_S = 7.0
HOLD = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
print(flush=True)
sys.stdin.read()
"""


class HeldSink(JsonlSink):
    """A target that another process holds, for some seconds, right before one look at it.

    Files cannot be held; they are looked at where a database is, which takes ten times as long.
    """

    def __init__(self, folder: Path, held_at: int = 0) -> None:
        super().__init__(folder / "target", inline=True)
        self._held_at = held_at
        self._held_until = 0.0
        self.looks = 0

    def _look(self) -> None:
        if CLOCK.now() < self._held_until:
            raise BusyTargetError("another process has it")
        self.looks += 1
        if self.looks == self._held_at:
            self._held_until = CLOCK.now() + HELD_S
            self._look()

    def rows(self, name: str) -> Iterator[StoredRow]:
        self._look()
        yield from super().rows(name)

    def fields_of(self, name: str, fields: Sequence[str]) -> Iterator[RowFields]:
        self._look()
        yield from super().fields_of(name, fields)


async def play(folder: Path, held_at: int, wait_s: float = 60.0) -> tuple[Report, Rows, int]:
    """Sync, change the workspace, and sync again while the target is held once.

    The second run reads everything again, and the parents of parts that it knows nothing of; some
    tombstones stand for rows that were removed.
    """
    folder.mkdir()  # noqa: ASYNC240 (nothing else is under way)
    async with world(folder, contacts=12, conversations=8, companies=4) as one:
        first = ["companies", "contacts", "conversation_parts"]
        await sync(one.intercom, first, sink=HeldSink(folder))
        await remove(one, "contacts", "conversations")
        await sync(one.intercom, first, sink=HeldSink(folder), full=True, hard_delete=True)
        await remove(one, "contacts", "conversations")
        sink = HeldSink(folder, held_at)
        report = await sync(one.intercom, STREAMS, sink=sink, full=True, wait_s=wait_s)
        return report, read("jsonl", folder, STREAMS), sink.looks


async def remove(one: World, *streams: str) -> None:
    """Delete a row of each stream, and let a day pass."""
    for stream in streams:
        one.simulator.call("DELETE", f"/{stream}/{min(await one.truth(stream))}")
    await anyio.sleep(DAY_S)


def told(rows: Rows) -> dict[str, list[tuple[str, bool]]]:
    return {name: sorted((row.key, row.is_live) for row in held) for name, held in rows.items()}


async def test_a_look_at_a_held_target_waits_whichever_it_is(tmp_path: Path) -> None:
    report, wanted, looks = await play(tmp_path / "whole", 0)
    assert report.is_complete
    assert looks > 8
    for number in range(1, looks + 1):
        report, rows, _ = await play(tmp_path / f"{number}", number)

        assert report.is_complete, number
        assert report.failures == (), number
        assert told(rows) == told(wanted), number


async def test_a_run_that_is_not_to_wait_says_that_it_is_held(tmp_path: Path) -> None:
    *_, looks = await play(tmp_path / "whole", 0)
    for number in (1, looks // 2, looks):
        with pytest.raises(BusyTargetError):
            await play(tmp_path / f"{number}", number, wait_s=0.0)
        with pytest.raises(BusyTargetError):
            await play(tmp_path / f"soon {number}", number, wait_s=HELD_S / 2)


@pytest.mark.parametrize("at", ["/me", "/contacts/search"])
@pytest.mark.parametrize("wait_s", [0.0, 60.0])
async def test_another_process_has_the_database(at: str, wait_s: float, tmp_path: Path) -> None:
    path = tmp_path / "target.duckdb"
    async with world(tmp_path, contacts=8) as one:
        await sync(one.intercom, ["contacts"], sink=DuckDBSink(path, inline=True))
        holding: list[Popen[bytes]] = []

        def let_go() -> None:
            for process in holding:
                if process.poll() is None:
                    process.communicate()

        def hold(request: Request, answer: Answer) -> Answer:
            if at in request.url and not holding:
                holding.append(Popen([sys.executable, "-c", HOLD, path], stdin=PIPE, stdout=PIPE))
                assert holding[0].stdout is not None
                assert holding[0].stdout.readline()
                CLOCK.call_at(CLOCK.now() + HELD_S, let_go)
            return answer

        one.change = hold
        sink = DuckDBSink(path, inline=True)
        try:
            if wait_s:
                report = await sync(one.intercom, ["contacts"], sink=sink, full=True, wait_s=wait_s)
                assert report.is_complete
            else:
                with pytest.raises(BusyTargetError, match="or wait with --wait SECONDS"):
                    await sync(one.intercom, ["contacts"], sink=sink, full=True)
        finally:
            let_go()
        assert holding
