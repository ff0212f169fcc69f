"""Asked to stop at any step of the loop, a run ends in time and is resumed to the same target."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from intercom_async import Intercom
from intercom_async.clock import CLOCK
from intercom_async.sync import BusyTargetError, JsonlSink, Report, sync
from intercom_async.sync.sinks.base import Opened, StoredRow
from intercom_async.transport import MemoryTransport
from tests.support.file_server import FileServer
from tests.support.virtual_time import run_virtual
from .test_stops import WITHIN_S

STREAMS = ("contacts", "conversations", "conversation_parts", "tags")
STOPS = 24
"""Steps at which runs are asked to stop, spread over all of them."""


class Steps:
    """Counts what the loop is to do, and asks a run to stop at one of these steps.

    Args:
        chosen: at which step; None for none.
    """

    def __init__(self, chosen: int | None = None) -> None:
        self.stop: anyio.Event = anyio.Event()
        self.count: int = 0
        self.stopped_at_s: float | None = None
        self._chosen = chosen

    def watch(self, loop: Any) -> None:
        """Count from now on, until the loop is closed."""
        call_soon = loop.call_soon

        def counted(callback: Any, *args: Any, context: Any = None) -> Any:
            self.count += 1
            if self.count == self._chosen:
                self.stopped_at_s = loop.time()
                call_soon(self.stop.set)
            return call_soon(callback, *args, context=context)

        loop.call_soon = counted


async def run(server: FileServer, folder: Path, steps: Steps) -> Report:
    """Sync with attachments, and ask it to stop at a step."""
    async with Intercom(server.simulator.token, transport=MemoryTransport(server)) as intercom:
        steps.watch(asyncio.get_running_loop())
        sink = JsonlSink(folder / "target", inline=True)
        report = await sync(
            intercom, STREAMS, sink=sink, stop=steps.stop, attachments=folder / "files"
        )
    if steps.stopped_at_s is not None:
        assert CLOCK.now() - steps.stopped_at_s <= WITHIN_S
    return report


def content(folder: Path) -> dict[str, list[bytes]]:
    """Return the lines of each stream without their time, and the files."""
    found = {
        path.name: sorted(
            line.split(b',"_synced_at"')[0] for line in path.read_bytes().splitlines()
        )
        for path in folder.glob("target/*.jsonl")
    }
    files = [path for path in folder.glob("files/*/*/*") if path.is_file()]
    return found | {f"{path.parent.name}/{path.name}": [path.read_bytes()] for path in files}


def test_a_run_stops_at_any_step_and_is_resumed(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    undisturbed = Steps()
    assert run_virtual(run(FileServer(), tmp_path / "whole", undisturbed)).is_complete
    whole = content(tmp_path / "whole")
    assert undisturbed.count > 200
    codes: list[int] = []
    for number in range(STOPS):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        server, at = FileServer(), 1 + number * undisturbed.count // STOPS
        report = run_virtual(run(server, folder, Steps(at)))
        codes.append(report.exit_code)
        assert report.was_stopped or report.is_complete, at
        again = run_virtual(run(server, folder, Steps()))

        assert again.is_complete, at
        assert content(folder) == whole, at
    assert set(codes) <= {0, 130}
    assert codes.count(130) > STOPS * 0.6


class HeldSink(JsonlSink):
    """A target that somebody else holds when it is to be opened, looked at, or published."""

    held_at: str = ""

    def open(self, *, verify: bool = False) -> Opened:
        if self.held_at == "open":
            raise BusyTargetError("somebody else holds it")
        return super().open(verify=verify)

    def rows(self, name: str) -> Iterator[StoredRow]:
        if self.held_at == "rows":
            raise BusyTargetError("somebody else holds it")
        return super().rows(name)

    def publish(self, state: bytes, **options: Any) -> None:
        if self.held_at == "publish":
            raise BusyTargetError("somebody else holds it")
        super().publish(state, **options)


@pytest.mark.parametrize("held_at", ["open", "rows", "publish"])
@pytest.mark.parametrize("wait_s", [0.0, 600.0])
def test_a_run_stops_while_it_waits_for_its_target(
    held_at: str, wait_s: float, tmp_path: Path
) -> None:
    server, stop = FileServer(), anyio.Event()
    sink = HeldSink(tmp_path / "target", inline=True)
    sink.held_at = held_at

    async def held() -> tuple[Report, float]:
        begun_s = CLOCK.now()
        asyncio.get_running_loop().call_later(60, stop.set)
        async with Intercom(server.simulator.token, transport=MemoryTransport(server)) as intercom:
            report = await sync(intercom, STREAMS, sink=sink, stop=stop, wait_s=wait_s)
        return report, CLOCK.now() - begun_s

    async def go_on() -> Report:
        async with Intercom(server.simulator.token, transport=MemoryTransport(server)) as intercom:
            return await sync(intercom, STREAMS, sink=sink)

    if not wait_s:
        # Nobody has asked it to stop: that it is held is what went wrong.
        with pytest.raises(BusyTargetError):
            run_virtual(held())
        return
    report, took_s = run_virtual(held())
    assert report.was_stopped
    assert report.exit_code == 130
    assert took_s <= 60 + WITHIN_S
    sink.held_at = ""
    assert run_virtual(go_on()).is_complete
