"""Asked to stop, a run ends within ten seconds in each phase, whatever the server does by then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import pytest

from intercom_async import ConnectError, Intercom
from intercom_async.clock import CLOCK
from intercom_async.errors import TransportError, UnauthorizedError
from intercom_async.simulator import Simulator
from intercom_async.sync import JsonlSink, Report, sync
from intercom_async.transport import MemoryTransport, Reply, Request
from tests.support.thoroughness import some_of
from tests.support.virtual_time import anyio_backend

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

STREAMS = ("contacts", "companies", "conversations", "conversation_parts", "tickets", "tags")
WITHIN_S = 10.0
Answer = Reply | TransportError
Fault = Callable[[Answer], Awaitable[Answer]]


async def _hangs(answer: Answer) -> Answer:
    await anyio.sleep_forever()
    return answer


async def _is_slow(answer: Answer) -> Answer:
    await anyio.sleep(8)
    return answer


async def _is_down(_: Answer) -> Answer:
    return Reply(503, {"Retry-After": "60"}, b"")


async def _limits(_: Answer) -> Answer:
    return Reply(429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4102444800"}, b"")


async def _resets(_: Answer) -> Answer:
    return ConnectError("the connection was reset")


async def _refuses(_: Answer) -> Answer:
    return Reply(401, {}, b'{"type": "error.list", "errors": [{"code": "unauthorized"}]}')


async def _talks_nonsense(_: Answer) -> Answer:
    return Reply(200, {}, b"<html>")


FAULTS: dict[str, Fault] = {
    "hangs": _hangs,
    "is slow": _is_slow,
    "is down": _is_down,
    "limits": _limits,
    "resets": _resets,
    "refuses": _refuses,
    "talks nonsense": _talks_nonsense,
}
PHASES = {
    "/me": 0,
    "/deleted": 0,
    "/search": 3,
    "/companies/list": 1,
    "/conversations/": 2,
    "/tickets/": 0,
    "/tags": 0,
}
"""A call of each phase and of each kind of stream: a part of its path, and how many come before."""
QUICK = {
    fault: [[*PHASES][(at + step) % len(PHASES)] for step in (2, 3, 5)]
    for at, fault in enumerate(FAULTS)
}
"""Three phases of each fault: each two of the phases have one fault in common."""


class Server:
    """A workspace that goes wrong at a call, at which the run is asked to stop."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.simulator = Simulator(contacts=160, conversations=5, companies=70, tickets=2)
        self.fault: Fault | None = None
        self.at = ""
        self.skipped = 0
        self.stop = anyio.Event()
        self.asked_at = 0.0

    async def _answer(self, request: Request) -> Answer:
        answer = await self.simulator.answer(request)
        if self.fault is None:
            return answer
        if not self.stop.is_set() and self.at in request.url:
            self.skipped -= 1
            if self.skipped < 0:
                self.stop.set()
                self.asked_at = CLOCK.now()
        return await self.fault(answer) if self.stop.is_set() else answer

    async def sync(self, at: str = "", fault: Fault | None = None, skipped: int = 0) -> Report:
        self.fault, self.at, self.skipped, self.stop = fault, at, skipped, anyio.Event()
        transport = MemoryTransport(self._answer)
        async with Intercom(
            self.simulator.token, base_url="https://api.intercom.io", transport=transport
        ) as intercom:
            sink = JsonlSink(self.folder / "target", inline=True)
            return await sync(intercom, STREAMS, sink=sink, stop=self.stop)


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_stop_ends_it_whatever_the_server_does(fault: str, tmp_path: Path) -> None:
    for number, path in enumerate(some_of(PHASES, QUICK[fault])):
        skipped = PHASES[path]
        server = Server(tmp_path / str(number))
        if path == "/deleted":
            await server.sync()
        if (fault, path) == ("refuses", "/me"):
            # The token is wrong, whether the run is asked to stop or not.
            with pytest.raises(UnauthorizedError):
                await server.sync(path, FAULTS[fault], skipped)
            continue
        report = await server.sync(path, FAULTS[fault], skipped)

        assert server.stop.is_set()
        assert CLOCK.now() - server.asked_at <= WITHIN_S, path
        assert report.was_stopped, path
        assert report.exit_code == 130
        whole = await server.sync()
        assert whole.is_complete, (path, whole.failures)
