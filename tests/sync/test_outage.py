"""One gate for a run: probes that are spaced, calls that wait, and an end to patience."""

from __future__ import annotations

import itertools

import anyio
import pytest

from intercom_async import ConnectError, UnauthorizedError
from intercom_async.clock import CLOCK
from intercom_async.sync.outage import (
    GOOD_FOR_S,
    SECOND_HALF_S,
    OutageError,
    OutageGate,
    StoppedError,
)
from tests.support.virtual_time import anyio_backend

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio
DOWN = ConnectError("the test's server is down", call="GET /x")
REFUSED = UnauthorizedError(call="GET /x", status=401)


class Server:
    """Answers from a moment on."""

    def __init__(self, up_at: float) -> None:
        self.up_at = up_at
        self.probes: list[float] = []

    async def probe(self) -> None:
        self.probes.append(CLOCK.now())
        if CLOCK.now() < self.up_at:
            raise DOWN


async def test_probes_are_spaced() -> None:
    server = Server(CLOCK.now() + 200)
    gate = OutageGate(server.probe, anyio.Event(), 600)
    begun_s = CLOCK.now()
    assert await gate.is_outage(begun_s, DOWN)

    pauses = [
        after - before for before, after in zip(server.probes, server.probes[1:], strict=False)
    ]
    assert pauses[0] == pytest.approx(1.0, rel=0.25)
    assert max(pauses) <= 30 * 1.25
    assert all(after < 2.9 * before for before, after in itertools.pairwise(pauses))
    assert len(server.probes) < 15
    assert gate.outages[0].ended is not None


async def test_a_failure_while_the_server_answers_is_the_calls_own() -> None:
    gate = OutageGate(Server(0.0).probe, anyio.Event(), 600)
    assert not await gate.is_outage(CLOCK.now(), DOWN)
    assert gate.outages == []


async def test_many_failures_are_one_outage() -> None:
    server = Server(CLOCK.now() + 20)
    gate = OutageGate(server.probe, anyio.Event(), 600)
    found: list[bool] = []

    async def fail() -> None:
        found.append(await gate.is_outage(0.0, DOWN))

    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(fail)
    assert found == [True] * 50
    assert len(gate.outages) == 1
    assert len(server.probes) < 10


async def test_it_opens_at_half_width() -> None:
    server = Server(CLOCK.now() + 20)
    gate = OutageGate(server.probe, anyio.Event(), 600)
    passed: list[float] = []

    async def fail() -> None:
        assert await gate.is_outage(0.0, DOWN)
        passed.append(CLOCK.now())

    async def wait() -> None:
        await anyio.sleep(5)
        await gate.wait()
        passed.append(CLOCK.now())

    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(fail)
            group.start_soon(wait)
    opened_s = server.probes[-1]
    at_once = [moment for moment in passed if moment < opened_s + SECOND_HALF_S / 2]
    assert len(passed) == 100
    assert 49 <= len(at_once) <= 51
    assert max(passed) < opened_s + 1.1 * SECOND_HALF_S


async def test_patience_ends_and_so_does_the_run() -> None:
    gate = OutageGate(Server(1e9).probe, anyio.Event(), 60)
    begun_s = CLOCK.now()
    with pytest.raises(OutageError):
        await gate.is_outage(begun_s, DOWN)
    assert 60 <= CLOCK.now() - begun_s <= 60 + 31 * 1.25
    with pytest.raises(OutageError):
        await gate.wait()


async def test_a_stop_ends_the_wait_at_once() -> None:
    stop = anyio.Event()
    gate = OutageGate(Server(1e9).probe, stop, 600)
    begun_s = CLOCK.now()
    async with anyio.create_task_group() as group:

        async def end() -> None:
            await anyio.sleep(10)
            stop.set()

        group.start_soon(end)
        with pytest.raises(StoppedError):
            await gate.is_outage(begun_s, DOWN)
    assert CLOCK.now() - begun_s < 10.1


async def test_many_refused_calls_cost_few_probes() -> None:
    """A token that may not read one stream is asked about now and then, not for each row."""
    server = Server(0.0)
    gate = OutageGate(server.probe, anyio.Event(), 600)

    async def refuse() -> None:
        begun_s = CLOCK.now()
        await anyio.sleep(0.3)
        await gate.check_token(begun_s, REFUSED)

    for _ in range(10):
        async with anyio.create_task_group() as group:
            for _ in range(50):
                group.start_soon(refuse)
    assert len(server.probes) == 1

    await anyio.sleep(GOOD_FOR_S)
    await refuse()
    assert len(server.probes) == 2


async def test_a_call_that_waited_to_be_asked_about_asks_nothing_after_the_end() -> None:
    """The first refused call finds the token revoked; the others, and a stop, send no probe."""
    probes, stop = 0, anyio.Event()

    async def probe() -> None:
        nonlocal probes
        probes += 1
        await anyio.sleep(0.3)
        raise REFUSED

    gate = OutageGate(probe, stop, 600)
    reasons: list[str] = []

    async def refuse() -> None:
        with pytest.raises(OutageError) as caught:
            await gate.check_token(CLOCK.now(), REFUSED)
        reasons.append(str(caught.value))

    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(refuse)
    assert probes == 1
    assert set(reasons) == {"the token is no longer accepted"}
    with pytest.raises(OutageError, match="token"):
        await gate.wait()


async def test_a_stop_while_refused_calls_wait_sends_no_probe_more() -> None:
    probes, stop = 0, anyio.Event()

    async def probe() -> None:
        nonlocal probes
        probes += 1
        stop.set()
        await anyio.sleep(0.3)
        raise DOWN

    gate = OutageGate(probe, stop, 600)

    async def refuse(number: int) -> None:
        if number == 0:
            await gate.check_token(CLOCK.now(), REFUSED)
            return
        with pytest.raises(StoppedError):
            await gate.check_token(CLOCK.now(), REFUSED)

    async with anyio.create_task_group() as group:
        for number in range(5):
            group.start_soon(refuse, number)
    assert probes == 1
