"""Who probes while the server cannot be reached, who is told to wait no longer, and when."""

from __future__ import annotations

import asyncio

import pytest

from intercom_async import ConnectError, Priority, RetryPolicy, WaitTooLongError
from intercom_async.clock import CLOCK
from intercom_async.request.outage_queue import (
    FIRST_PROBE_S,
    RELEASED_AFTER_S,
    RELEASED_AT_ONCE,
    RELEASED_PER_ANSWER,
    OutageQueue,
)
from tests.support.virtual_time import VirtualLoop
from .test_outage_queue import Network, make_queue

pytestmark = pytest.mark.anyio

LATE_S = 1.0
"""Seconds for which a program blocks its loop, so that timers are late."""


def block_loop() -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.advance(LATE_S)


async def begin_waits(queue: OutageQueue, count: int) -> list[asyncio.Task[bool]]:
    waits = [asyncio.create_task(queue.wait("GET /a", None, None)) for _ in range(count)]
    await CLOCK.sleep(0.0)
    return waits


async def test_a_call_does_not_overtake_those_that_wait_as_the_timer_is_late() -> None:
    queue = make_queue()
    person = asyncio.create_task(queue.wait("GET /a", Priority.INTERACTIVE, None))
    await CLOCK.sleep(0.0)
    block_loop()

    with pytest.raises(WaitTooLongError):
        await queue.wait("GET /b", Priority.BULK, 0.5)

    assert await person is True


async def test_a_late_timer_makes_no_second_probe() -> None:
    queue = make_queue()
    (gone,) = await begin_waits(queue, 1)
    gone.cancel()
    await CLOCK.sleep(0.0)
    block_loop()

    assert await queue.wait("GET /b", None, None) is True
    with pytest.raises(WaitTooLongError):
        await queue.wait("GET /c", Priority.INTERACTIVE, 0.5)


async def test_a_call_is_refused_at_once_if_the_next_probe_is_later_than_it_may_wait() -> None:
    queue = make_queue()
    started_s = CLOCK.now()

    with pytest.raises(WaitTooLongError) as caught:
        await queue.wait("GET /a", None, FIRST_PROBE_S / 2)

    assert CLOCK.now() == started_s
    assert caught.value.limit_s == FIRST_PROBE_S / 2
    assert caught.value.wait_s == pytest.approx(FIRST_PROBE_S)
    assert isinstance(caught.value.__cause__, ConnectError)


async def test_a_wait_that_has_become_too_long_says_how_long_it_was_and_might_be() -> None:
    queue = make_queue()
    await CLOCK.sleep(1.0)
    assert await queue.wait("GET /probe", None, None) is True

    with pytest.raises(WaitTooLongError) as caught:
        await queue.wait("GET /a", None, 0.5)

    assert caught.value.limit_s == 0.5
    assert caught.value.wait_s == pytest.approx(0.5, abs=1e-5)


async def test_a_wait_that_ends_as_its_call_is_chosen_leaves_the_probe_to_the_next() -> None:
    queue = make_queue()
    chosen = asyncio.create_task(queue.wait("GET /a", Priority.INTERACTIVE, FIRST_PROBE_S + 1e-9))
    following = asyncio.create_task(queue.wait("GET /b", Priority.BULK, None))

    async with asyncio.timeout(1.0):
        assert await following is True
    assert isinstance(chosen.exception(), WaitTooLongError)


@pytest.mark.parametrize("attempts", [2, 3])
async def test_a_server_that_never_answered_is_tried_so_many_times(attempts: int) -> None:
    network = Network()
    network.is_up = False
    async with network.client(retry=RetryPolicy(max_attempts=attempts)) as intercom:
        with pytest.raises(ConnectError):
            await intercom.contacts.get("7")
    assert network.connects == attempts


async def test_a_server_that_never_answered_is_waited_for_no_longer_than_one_that_has() -> None:
    network = Network()
    network.is_up = False
    policy = RetryPolicy(max_attempts=50, outage_s=0.5)
    async with network.client(retry=policy) as intercom:
        started_s = CLOCK.now()
        with pytest.raises(ConnectError):
            await intercom.contacts.get("7")
    assert CLOCK.now() - started_s < 2.0


async def test_a_probe_that_is_given_up_after_the_outage_holds_nobody_back() -> None:
    queue = make_queue()
    await CLOCK.sleep(1.0)
    assert await queue.wait("GET /probe", None, None) is True
    waits = await begin_waits(queue, RELEASED_AT_ONCE + 5)

    queue.record_answer()  # to a call that had been sent before
    queue.give_up_probe()

    async with asyncio.timeout(RELEASED_AFTER_S + 0.1):
        assert not any(await asyncio.gather(*waits))


async def test_answers_are_asked_for_while_calls_wait_for_them() -> None:
    queue = make_queue()
    waits = await begin_waits(queue, RELEASED_AT_ONCE + 2 * RELEASED_PER_ANSWER)

    watching = [queue.is_watching]
    for _ in range(3):
        queue.record_answer()
        watching.append(queue.is_watching)
    await asyncio.gather(*waits)

    assert watching == [True, True, True, False]


async def test_the_end_of_one_outage_does_not_hide_the_next() -> None:
    queue = make_queue()
    queue.record_answer()
    queue.record_failure(ConnectError("no route"), is_probe=False)

    await CLOCK.sleep(RELEASED_AFTER_S + 0.1)

    assert queue.is_watching
