"""A sink may fail in any way, wait, and run a loop, in the thread that it is called in.

What is wrong there keeps a run from ending, even when it is cancelled, so each loop runs in a
thread that is left behind.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.lowlevel
import pytest

from intercom_async.sync import JsonlSink, TargetError
from intercom_async.sync.sinks.base import call

T = TypeVar("T")
LIMIT_S = 10
"""Seconds after which something counts as never ending; it takes some milliseconds."""


@pytest.fixture
def sink(tmp_path: Path) -> JsonlSink:
    return JsonlSink(tmp_path / "target")


def run(method: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine as a program would; its thread is left behind if it never ends."""
    done: Future[T] = Future()

    def work() -> None:
        try:
            done.set_result(anyio.run(method))
        except BaseException as error:  # noqa: BLE001 (the test raises it)
            done.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return done.result(LIMIT_S)


def raised(error: Exception) -> None:
    raise error


@pytest.mark.parametrize(
    "error", [StopIteration(), StopAsyncIteration(), asyncio.InvalidStateError(), TimeoutError()]
)
def test_whatever_a_method_raises_ends_the_call(error: Exception, sink: JsonlSink) -> None:
    with pytest.raises(TargetError, match=type(error).__name__):
        run(partial(call, sink, raised, error))


def test_sinks_that_wait_leave_threads_for_others(tmp_path: Path) -> None:
    """Names of hosts are looked up in the loop's threads, of which there are few."""
    count = min(32, (os.cpu_count() or 1) + 4)
    began = threading.Barrier(count + 1)
    release = threading.Event()

    def wait() -> None:
        began.wait(LIMIT_S)
        release.wait(LIMIT_S)

    async def threads() -> int:
        async with anyio.create_task_group() as group:
            for number in range(count):
                group.start_soon(call, JsonlSink(tmp_path / str(number)), wait)
            try:
                with anyio.fail_after(LIMIT_S / 2):
                    await asyncio.to_thread(began.wait, LIMIT_S / 2)
            finally:
                release.set()
        return count

    assert run(threads) == count


def test_a_method_may_run_a_loop_of_its_own(sink: JsonlSink) -> None:
    async def answer() -> int:
        await anyio.lowlevel.checkpoint()
        return 42

    assert run(partial(call, sink, lambda: anyio.run(answer))) == 42


def test_no_thread_outlives_its_call(sink: JsonlSink) -> None:
    async def worker() -> tuple[threading.Thread, bool]:
        thread = await call(sink, threading.current_thread)
        return thread, thread.is_alive()

    thread, is_alive = run(worker)
    assert thread is not threading.main_thread()
    assert not is_alive
