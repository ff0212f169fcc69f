"""Every wait ends when its client is closed, wherever it is, and nothing more is sent."""

from __future__ import annotations

import asyncio
import logging
import selectors
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from intercom_async import Intercom, RetryPolicy
from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.errors import ClosedError, ConnectionLostError
from intercom_async.request.waits import ENDED_A_TURN
from intercom_async.scheduler import Scheduler
from intercom_async.transport import MemoryTransport
from intercom_async.transport.base import Reply, Request
from tests.support.interruption import Points, at_each_point
from tests.support.scripted_client import TOKEN
from .test_cancel import JOURNEYS, LATENCY_S, LIMITS, Journey, Trickling, late

REPLY_S = 2 * LATENCY_S + 0.15
"""Longer than any reply takes, body and all."""
CEILING_S = 0.2
"""Who has just come to stand before a ceiling waits for it before it hears of anything."""


class Wire(Trickling):
    """As a transport over HTTP: once it is closed nothing is sent, and what is under way is cut.

    Args:
        is_own: Else it is somebody else's, and closing it does nothing.
    """

    def __init__(self, answers: Callable[[Request], Any], *, is_own: bool) -> None:
        super().__init__(answers)
        self.sent_before: int | None = None
        """Requests before it was closed."""
        self._is_own = is_own
        self._under_way: set[asyncio.Timeout] = set()

    async def exchange(self, request: Request, on_sent: Callable[[], None]) -> Reply:
        if not self.is_open:
            raise ClosedError("the HTTP session is closed")
        reply: Reply = await self._cut(super().exchange(request, on_sent))
        return reply

    async def _piece(self) -> None:
        await self._cut(super()._piece())

    async def _cut(self, work: Any) -> Any:
        if not self.is_open:
            work.close()
            raise ConnectionLostError("cut")
        cut = asyncio.timeout(None)
        self._under_way.add(cut)
        try:
            async with cut:
                return await work
        except TimeoutError:
            raise ConnectionLostError("cut") from None
        finally:
            self._under_way.discard(cut)

    async def close(self) -> None:
        self.sent_before = len(self.requests)
        if self._is_own:
            await super().close()
            for cut in tuple(self._under_way):
                cut.reschedule(0.0)
        await CLOCK.sleep(0)


async def close_amid(
    journey: Journey, limits: Limits | None, points: Points, *, is_own: bool
) -> None:
    transport = Wire(late(journey.server()), is_own=is_own)
    scheduler = Scheduler(limits)
    intercom = Intercom(
        TOKEN, transport=transport, retry=RetryPolicy(max_attempts=6), scheduler=scheduler
    )
    await intercom.open()
    loop = asyncio.get_running_loop()
    closing: list[asyncio.Task[None]] = []
    points.stop = lambda: closing.append(asyncio.Task(intercom.close(), loop=loop))
    # The parts of the work wait, too.
    loop.set_task_factory(points.spawn)
    task = loop.create_task(journey.work(intercom))
    await asyncio.wait([task])
    loop.set_task_factory(None)
    ended_at = CLOCK.now()
    await asyncio.gather(*closing)
    for _ in range(10):
        await CLOCK.sleep(0)

    seen = scheduler.statistics()
    assert not any(seen.queued.values())
    assert seen.in_flight == 0
    assert transport.unclosed == 0
    assert seen.granted - seen.released == len(transport.requests)
    error = task.exception()
    if points.stopped_at is None:
        assert error is None
        return
    assert error is None or isinstance(error, ClosedError | ConnectionLostError), error
    assert len(transport.requests) == transport.sent_before
    assert ended_at <= points.stopped_at + REPLY_S + CEILING_S


@pytest.mark.parametrize(
    ("limits", "is_own"),
    [("room for all", True), ("one by one", True), ("ceiling", False)],
)
@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda journey: journey.name)
def test_every_wait_ends_when_the_client_closes(
    journey: Journey, limits: str, caplog: pytest.LogCaptureFixture, *, is_own: bool
) -> None:
    attempt = partial(close_amid, journey, LIMITS[limits], is_own=is_own)
    assert at_each_point(attempt, by_chance=journey.by_chance) > journey.least
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


class Closing(MemoryTransport):
    """Knows whether it was closed."""

    is_closed = False

    async def close(self) -> None:
        self.is_closed = True
        await super().close()


class CountingSelector(selectors.DefaultSelector):
    """Counts the turns of a loop: each ends with a look at the sockets."""

    turns = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.turns += 1
        return super().select(timeout)


async def close_with_many(
    selector: CountingSelector, many: int, *, is_cancelled: bool
) -> list[int]:
    """Close a client in which so many calls wait; return the turns in which each of them ended.

    Its transport is closed in any case.
    """
    ended: list[int] = []
    limits = Limits(max_in_flight=1)
    memory = Closing(lambda _: asyncio.Event().wait())  # type: ignore[arg-type,return-value]
    client = await Intercom(TOKEN, transport=memory, limits=limits).open()

    async def call() -> None:
        try:
            await client.admins.me()
        except ClosedError:
            ended.append(selector.turns)

    calls = [asyncio.ensure_future(call()) for _ in range(many + 1)]
    await CLOCK.sleep(0)
    closing = asyncio.ensure_future(client.close())
    if is_cancelled:
        await CLOCK.sleep(0)
        closing.cancel()
    await asyncio.wait([closing])
    assert memory.is_closed
    await asyncio.wait(calls, timeout=0.01)
    for task in calls:
        task.cancel()
    await asyncio.wait(calls)
    return ended


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_many_waits_end_in_several_turns(*, is_cancelled: bool) -> None:
    selector, many = CountingSelector(), 3 * ENDED_A_TURN
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selector)) as runner:
        ended = runner.run(close_with_many(selector, many, is_cancelled=is_cancelled))
    assert len(ended) == many
    most = max(Counter(ended).values())
    assert most == ENDED_A_TURN if not is_cancelled else most > ENDED_A_TURN
