"""The loop whose time is virtual, for a folder of tests or for one of them.

asyncio's debug mode, which `-X dev` turns on, is off in it: it keeps a stack for every callback, so
that tests take three times as long, and looks for calls from other threads and for callbacks that
block, neither of which there is where time is virtual. Tests in real time run with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from intercom_async.simulator import virtual_loop
from intercom_async.simulator.virtual_loop import START_AT, DeadlockError, VirtualLoop

__all__ = (
    "DeadlockError",
    "VirtualLoop",
    "anyio_backend",
    "make_loop",
    "run_virtual",
    "watched_threads",
)

T = TypeVar("T")


def make_loop() -> VirtualLoop:
    """Return a loop whose time is virtual."""
    loop = VirtualLoop()
    loop.set_debug(False)
    return loop


def run_virtual(main: Coroutine[Any, Any, T], *, start_at: float = START_AT) -> T:
    """Run a coroutine on virtual time."""
    return virtual_loop.run_virtual(_undebugged(main), start_at=start_at)


async def _undebugged(main: Coroutine[Any, Any, T]) -> T:
    asyncio.get_running_loop().set_debug(False)
    return await main


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Run a folder's tests on virtual time, once its conftest imports this."""
    return "asyncio", {"loop_factory": make_loop}


@pytest.fixture
async def watched_threads(anyio_backend: object) -> None:
    """Let virtual time stand still while a thread is at work, in tests that write files."""
    del anyio_backend
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.watch_threads()
