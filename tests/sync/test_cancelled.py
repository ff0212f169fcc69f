"""A run that asyncio cancels lets go of its target only when no thread works on it any more."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from intercom_async import Intercom
from intercom_async.sync import JsonlSink, Report, SyncConfigError, sync

pytestmark = pytest.mark.anyio
METHODS = ("open", "begin", "commit", "publish", "close")
TURNS = 20
"""Turns of the loop in which a target would be let go of, had nothing to be waited for."""


class SlowSink(JsonlSink):
    """Keeps the first call of one method at work until it is released."""

    def __init__(self, path: Path, slow: str) -> None:
        super().__init__(path)
        self.began, self.release = threading.Event(), threading.Event()
        self.calls: list[str] = []
        self._slow = slow
        for name in (*METHODS, "is_new"):
            setattr(self, name, partial(self._call, name, getattr(self, name)))

    def _call(self, name: str, method: Callable[..., Any], *args: Any, **options: Any) -> Any:
        self.calls.append(f"{name} began")
        if name == self._slow and not self.began.is_set():
            self.began.set()
            self.release.wait(60)
        done = method(*args, **options)
        self.calls.append(f"{name} ended")
        return done


async def begun(sink: SlowSink, intercom: Intercom) -> asyncio.Task[Report]:
    """Return a run whose sink is at work."""
    run = asyncio.create_task(sync(intercom, ["tags"], sink=sink))
    while not sink.began.is_set():
        assert not run.done(), await run
        await anyio.sleep(0.001)
    return run


@pytest.mark.parametrize("cancels", [1, 3])
@pytest.mark.parametrize("slow", METHODS)
async def test_what_a_thread_does_is_waited_for(
    slow: str, cancels: int, intercom: Intercom, tmp_path: Path
) -> None:
    sink = SlowSink(tmp_path / "target", slow)
    run = await begun(sink, intercom)
    for _ in range(cancels):
        run.cancel()
        for _ in range(TURNS):
            await anyio.lowlevel.checkpoint()
    last = sink.calls[-1]
    sink.release.set()
    with pytest.raises(asyncio.CancelledError):
        await run

    assert last == f"{slow} began"
    for began, ended in zip(sink.calls[::2], sink.calls[1::2], strict=True):
        assert ended == began.replace("began", "ended")
    assert sink.calls[-1] == "close ended"
    report = await sync(intercom, ["tags"], sink=JsonlSink(tmp_path / "target"))
    assert report.is_complete


async def test_a_sink_serves_one_run_at_a_time(intercom: Intercom, tmp_path: Path) -> None:
    sink = SlowSink(tmp_path / "target", "begin")
    run = await begun(sink, intercom)
    try:
        with pytest.raises(SyncConfigError, match="another run"):
            await sync(intercom, ["tags"], sink=sink, drop_streams=["mine"])
        assert sink.calls == ["open began", "open ended", "begin began"]
    finally:
        sink.release.set()

    assert (await run).is_complete
    assert (await sync(intercom, ["tags"], sink=sink)).is_complete
