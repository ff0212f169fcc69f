"""A server that cannot be reached: one call finds out, the others wait, and none is lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from intercom_async import (
    ClosedError,
    ConnectError,
    DeadlineError,
    Intercom,
    IntercomError,
    Priority,
    RetryPolicy,
    WaitTooLongError,
)
from intercom_async.clock import CLOCK
from intercom_async.request.outage_queue import (
    FIRST_PROBE_S,
    LAST_PROBE_S,
    RELEASED_AT_ONCE,
    RELEASED_PER_ANSWER,
    OutageQueue,
)
from intercom_async.transport import MemoryTransport, Reply, Request
from intercom_async.transport.base import CONNECT_S
from tests.support.scripted_client import TOKEN, reply
from tests.support.virtual_time import run_virtual

pytestmark = pytest.mark.anyio

CONTACT = {"type": "contact", "id": "7"}


class Network:
    """A server that is up or down, and counts what reaches it.

    Args:
        answer_s: Seconds for an answer.
        connect_s: Seconds until a connection to a server that is down fails.
    """

    def __init__(self, *, answer_s: float = 0.05, connect_s: float = 0.001) -> None:
        self.is_up = True
        self.connects = 0
        self.connecting = 0
        self.most_connecting = 0
        self.served: list[str] = []
        self._answer_s = answer_s
        self._connect_s = connect_s
        self.transport = MemoryTransport(self.answer)

    async def answer(self, request: Request) -> Reply:
        if not self.is_up:
            self.connects += 1
            self.connecting += 1
            self.most_connecting = max(self.most_connecting, self.connecting)
            try:
                await CLOCK.sleep(min(self._connect_s, request.connect_s))
            finally:
                self.connecting -= 1
            if not self.is_up:
                raise ConnectError("no connection to the server", call=request.name)
        await CLOCK.sleep(self._answer_s)
        self.served.append(request.url.rpartition("/")[2])
        return reply(200, CONTACT)

    async def fail_for(self, seconds: float) -> None:
        self.is_up = False
        await CLOCK.sleep(seconds)
        self.is_up = True

    def client(self, **options: Any) -> Intercom:
        return Intercom(TOKEN, transport=self.transport, **options)


class UnsentTransport(MemoryTransport):
    """Reports a request as sent only when the handler answers it."""

    async def exchange(self, request: Request, on_sent: Callable[[], None]) -> Reply:
        answer = await super().exchange(request, lambda: None)
        on_sent()
        return answer


@pytest.mark.parametrize("outage_s", [0.05, 0.3, 3.0, 20.0])
async def test_an_outage_shorter_than_patience_loses_nothing(outage_s: float) -> None:
    network = Network()
    async with network.client() as intercom:
        await intercom.contacts.get("first")
        outage = asyncio.create_task(network.fail_for(outage_s))
        await CLOCK.sleep(0.01)
        calls = [intercom.contacts.get(str(number)) for number in range(150)]
        creates = [intercom.contacts.create(external_id=str(number)) for number in range(150)]
        results = await asyncio.gather(*calls, *creates)
        await outage

    assert len(results) == 300
    assert sorted(network.served) == sorted(["first", *map(str, range(150)), *["contacts"] * 150])


@pytest.mark.parametrize("outage_s", [3.0, 20.0])
async def test_probes_are_few_and_the_last_comes_soon_after_recovery(outage_s: float) -> None:
    network = Network()
    async with network.client() as intercom:
        await intercom.contacts.get("7")
        outage = asyncio.create_task(network.fail_for(outage_s))
        await CLOCK.sleep(0.01)
        started_s = CLOCK.now()
        await asyncio.gather(*(intercom.contacts.get("7") for _ in range(100)))
        took_s = CLOCK.now() - started_s
        await outage

    assert took_s < outage_s + 2.0 * 1.25 + 2.0
    assert network.connects < 100 + 20


@pytest.mark.parametrize("comes_s", [-15.0, 0.1])
async def test_a_person_waits_for_the_next_probe_only_briefly(comes_s: float) -> None:
    """Whether they have come in the outage or after it; jobs alone are probed for less often."""
    outage_s = 20.0
    for _ in range(5):
        network = Network()
        async with network.client() as intercom:
            await intercom.contacts.get("7")
            outage = asyncio.create_task(network.fail_for(outage_s))
            await CLOCK.sleep(0.01)
            jobs = [asyncio.create_task(intercom.contacts.get("7")) for _ in range(20)]
            await CLOCK.sleep(outage_s + comes_s)
            began = CLOCK.now()
            await intercom.with_options(priority=Priority.INTERACTIVE).contacts.get("7")
            await outage
            waited_s = CLOCK.now() - began + min(0.0, comes_s)
            await asyncio.gather(*jobs)

        assert waited_s < 0.5 * 1.25 + 0.1
        assert network.connects < 20 + 10 + 15 / 0.375


async def test_one_call_at_a_time_connects_while_the_outage_lasts() -> None:
    network = Network(connect_s=0.5)
    async with network.client() as intercom:
        await intercom.contacts.get("7")
        outage = asyncio.create_task(network.fail_for(10.0))
        await CLOCK.sleep(0.01)
        first = asyncio.create_task(intercom.contacts.get("7"))
        await CLOCK.sleep(1.0)
        network.most_connecting = 0
        rest = [asyncio.create_task(intercom.contacts.get("7")) for _ in range(50)]
        await asyncio.gather(first, *rest)
        await outage

    assert network.most_connecting == 1


async def test_a_probe_that_hangs_is_given_up_after_three_seconds() -> None:
    network = Network(connect_s=60.0)
    async with network.client() as intercom:
        await intercom.contacts.get("7")
        network.is_up = False
        call = asyncio.create_task(intercom.contacts.get("7"))
        await CLOCK.sleep(CONNECT_S + 0.5)
        before = network.connects
        await CLOCK.sleep(3.5)
        assert network.connects == before + 1
        network.is_up = True
        await call


async def test_a_long_outage_ends_calls_with_the_reason() -> None:
    network = Network()
    async with network.client(retry=RetryPolicy(outage_s=5.0)) as intercom:
        await intercom.contacts.get("7")
        network.is_up = False
        calls = [asyncio.create_task(intercom.contacts.get("7")) for _ in range(20)]
        started_s = CLOCK.now()
        results = await asyncio.gather(*calls, return_exceptions=True)
        took_s = CLOCK.now() - started_s

        assert all(isinstance(result, ConnectError) for result in results)
        assert all("GET /contacts/{contact_id}: no connection" in str(each) for each in results)
        assert 5.0 <= took_s <= 5.0 + 2.5 + 0.1
        started_s = CLOCK.now()
        with pytest.raises(ConnectError):
            await intercom.contacts.get("late")
        assert CLOCK.now() - started_s <= 2.6


async def test_a_server_that_never_answered_fails_soon() -> None:
    network = Network()
    network.is_up = False
    async with network.client(retry=RetryPolicy(max_attempts=50)) as intercom:
        started_s = CLOCK.now()
        results = await asyncio.gather(
            *(intercom.contacts.get("7") for _ in range(20)), return_exceptions=True
        )
        assert all(isinstance(result, ConnectError) for result in results)
        assert CLOCK.now() - started_s <= 5.0


@pytest.mark.parametrize("has_answered", [True, False])
async def test_one_attempt_is_one_attempt(*, has_answered: bool) -> None:
    network = Network()
    async with network.client(retry=RetryPolicy(max_attempts=1)) as intercom:
        if has_answered:
            await intercom.contacts.get("7")
        network.is_up = False
        with pytest.raises(ConnectError):
            await intercom.contacts.get("7")
    assert network.connects == 1


async def test_what_will_not_pass_fails_at_once() -> None:
    network = Network()
    async with network.client() as intercom:
        await intercom.contacts.get("7")
        refused = ConnectError("the proxy answered 407", retryable=False)
        network.transport = MemoryTransport([])

        async def refuse(_: Request) -> Reply:
            raise refused

        async with Intercom(TOKEN, transport=MemoryTransport(refuse)) as other:
            started_s = CLOCK.now()
            with pytest.raises(ConnectError, match="407"):
                await other.contacts.get("7")
            assert CLOCK.now() == started_s


async def test_a_wait_longer_than_allowed_is_refused_with_the_reason() -> None:
    network = Network()
    async with network.client() as intercom:
        await intercom.contacts.get("7")
        network.is_up = False
        patient = asyncio.create_task(intercom.contacts.get("7"))
        await CLOCK.sleep(8.0)
        impatient = intercom.with_options(max_wait_s=0.2)
        started_s = CLOCK.now()
        with pytest.raises((WaitTooLongError, ConnectError)) as caught:
            await impatient.contacts.get("7")
        assert CLOCK.now() - started_s <= 0.21
        if isinstance(caught.value, WaitTooLongError):
            assert isinstance(caught.value.__cause__, ConnectError)
            assert not caught.value.maybe_sent
        network.is_up = True
        await patient


async def test_a_deadline_ends_the_wait() -> None:
    network = Network()
    network.transport = UnsentTransport(network.answer)
    async with network.client(deadline_s=2.0) as intercom:
        await intercom.contacts.get("7")
        network.is_up = False
        with pytest.raises(DeadlineError) as caught:
            await intercom.contacts.get("7")
    assert not caught.value.maybe_sent
    assert isinstance(caught.value.__cause__, ConnectError)


async def test_closing_the_client_ends_the_wait() -> None:
    network = Network()
    intercom = await network.client().open()
    await intercom.contacts.get("7")
    network.is_up = False
    calls = [asyncio.create_task(intercom.contacts.get("7")) for _ in range(5)]
    await CLOCK.sleep(3.0)
    await intercom.close()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(result, ClosedError) for result in results), results


async def test_an_outage_is_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    network = Network()
    async with network.client() as intercom:
        await intercom.contacts.get("7")
        with caplog.at_level(logging.WARNING, "intercom_async"):
            outage = asyncio.create_task(network.fail_for(5.0))
            await CLOCK.sleep(0.01)
            await asyncio.gather(*(intercom.contacts.get("7") for _ in range(50)))
            await outage
    assert len(caplog.records) == 1
    assert "cannot be reached" in caplog.text


async def test_the_most_urgent_call_is_the_probe() -> None:
    network = Network()
    async with network.client() as intercom:
        await intercom.contacts.get("7")
        network.is_up = False
        bulk = intercom.with_options(priority=Priority.BULK)
        calls = [asyncio.create_task(bulk.contacts.get("bulk")) for _ in range(5)]
        await CLOCK.sleep(5.0)
        interactive = intercom.with_options(priority=Priority.INTERACTIVE)
        calls.append(asyncio.create_task(interactive.contacts.get("person")))
        await CLOCK.sleep(0)
        network.is_up = True
        await asyncio.gather(*calls)
    assert network.served[1] == "person"


async def test_calls_return_in_growing_numbers() -> None:
    network = Network(answer_s=0.2)
    in_flight: list[int] = []
    async with network.client() as intercom:
        await intercom.contacts.get("7")
        outage = asyncio.create_task(network.fail_for(1.0))
        await CLOCK.sleep(0.01)
        calls = [asyncio.create_task(intercom.contacts.get("7")) for _ in range(200)]
        await outage
        served = len(network.served)
        while len(network.served) < served + 1:
            await CLOCK.sleep(0.01)
        await CLOCK.sleep(0.05)
        in_flight.append(intercom.statistics().in_flight)
        await asyncio.gather(*calls)
    assert in_flight[0] <= 8


async def test_no_call_waits_for_answers_that_do_not_come() -> None:
    network = Network()
    hang = asyncio.Event()

    async def answer(request: Request) -> Reply:
        result = await network.answer(request)
        if len(network.served) > 2:
            await hang.wait()
        return result

    async with Intercom(TOKEN, transport=MemoryTransport(answer)) as intercom:
        await intercom.contacts.get("7")
        outage = asyncio.create_task(network.fail_for(1.0))
        await CLOCK.sleep(0.01)
        calls = [asyncio.create_task(intercom.contacts.get("7")) for _ in range(30)]
        await outage
        await CLOCK.sleep(5.0)
        assert intercom.statistics().in_flight == 29
        hang.set()
        await asyncio.gather(*calls)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_nothing_is_forgotten_whatever_is_cancelled(seed: int) -> None:
    run_virtual(outages_and_cancels(Random(seed)))


async def outages_and_cancels(random: Random) -> None:
    """Every call ends: with its answer, or as it was cancelled, or with an error of ours."""
    network = Network(answer_s=random.choice([0.0, 0.05, 1.0]), connect_s=random.random())
    cancelled = 0
    async with network.client(retry=RetryPolicy(outage_s=30.0)) as intercom:
        await intercom.contacts.get("7")
        calls: list[asyncio.Task[Any]] = []
        for _ in range(random.randint(1, 4)):
            outage = asyncio.create_task(network.fail_for(random.uniform(0.01, 6.0)))
            for _ in range(random.randint(1, 12)):
                waits = intercom.with_options(max_wait_s=random.choice([None, None, 30.0, 0.5]))
                calls.append(asyncio.create_task(waits.contacts.get("7")))
                await CLOCK.sleep(random.choice([0.0, 0.01, 0.3]))
                if random.random() < 0.3:
                    chosen = random.choice(calls)
                    cancelled += chosen.cancel()
            await outage
        done, pending = await asyncio.wait(calls, timeout=120.0)
        assert not pending
        assert intercom.statistics().in_flight == 0
    for call in done:
        if call.cancelled():
            continue
        error = call.exception()
        assert error is None or isinstance(error, WaitTooLongError), repr(error)
        assert error is None or isinstance(error, IntercomError)


class Even(Random):
    """Chance that decides nothing: the first probe is due after exactly `FIRST_PROBE_S`."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


def make_queue() -> OutageQueue:
    """Return the queue of a server that has answered once and is gone."""
    queue = OutageQueue(RetryPolicy(outage_s=30.0), Even())
    queue.answers = 1
    queue.record_failure(ConnectError("no route"), is_probe=False)
    return queue


async def test_a_call_that_is_cancelled_as_it_is_chosen_leaves_the_probe_to_the_next() -> None:
    queue = make_queue()
    chosen = asyncio.create_task(queue.wait("GET /a", Priority.INTERACTIVE, None))
    following = asyncio.create_task(queue.wait("GET /b", Priority.BULK, None))
    # In the iteration of the loop in which it is chosen, before it runs.
    CLOCK.call_at(CLOCK.now() + FIRST_PROBE_S + 1e-9, chosen.cancel)
    async with asyncio.timeout(1.0):
        assert await following is True
    assert chosen.cancelled()


async def test_a_call_that_comes_when_a_probe_is_due_is_the_probe() -> None:
    queue = make_queue()
    await CLOCK.sleep(1.0)
    assert await queue.wait("GET /a", None, 0.0) is True
    with pytest.raises(WaitTooLongError):
        await queue.wait("GET /b", None, 0.5)
    queue.give_up_probe()
    assert await queue.wait("GET /c", None, 0.0) is True


async def test_what_is_cancelled_after_the_outage_takes_no_place_of_another() -> None:
    queue = make_queue()
    waits = [asyncio.create_task(queue.wait("GET /a", None, None)) for _ in range(13)]
    await CLOCK.sleep(0.0)
    queue.record_answer()
    await CLOCK.sleep(0.0)
    ended = [task for task in waits if task.done()]
    assert len(ended) == RELEASED_AT_ONCE

    left = [task for task in waits if not task.done()]
    left[0].cancel()
    await CLOCK.sleep(0.0)
    queue.record_answer()
    await CLOCK.sleep(0.0)
    assert [task.done() for task in left].count(True) == 1 + RELEASED_PER_ANSWER

    await cancel(left)


async def cancel(tasks: Iterable[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_person_who_has_gone_makes_the_next_outage_no_more_urgent() -> None:
    queue = make_queue()
    count = RELEASED_AT_ONCE + 1
    waits = [
        asyncio.create_task(queue.wait("GET /a", Priority.INTERACTIVE, None)) for _ in range(count)
    ]
    await CLOCK.sleep(0.0)
    queue.record_answer()
    await cancel(waits)

    error = ConnectError("no route")
    queue.record_failure(error, is_probe=False)
    for _ in range(20):
        queue.record_failure(error, is_probe=True)
    with pytest.raises(WaitTooLongError) as caught:
        await queue.wait("GET /b", Priority.BULK, 0.0)

    assert caught.value.wait_s == pytest.approx(LAST_PROBE_S)
