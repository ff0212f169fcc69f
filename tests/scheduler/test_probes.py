"""Calls that find something out: one after a refusal, and the last ones of a window."""

from __future__ import annotations

import math

import pytest

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.priority import Priority
from intercom_async.scheduler.limits.probes import BoundaryProbe, Probe, Recovery
from intercom_async.scheduler.limits.server_clock import ServerClock
from intercom_async.scheduler.limits.window_budget import WindowBudget
from tests.support.scheduler.server import Storm
from .conftest import Desk, MakeDesk, turns


def test_a_probe_is_one_call_and_ends_with_it() -> None:
    probe = Probe()
    probe.not_before = 5.0
    first, second = object(), object()

    assert probe.retry_at(4.0) == 5.0
    assert probe.retry_at(5.0) == 0.0
    probe.begin(first)
    assert probe.retry_at(6.0) == math.inf
    assert not probe.end(second)
    assert probe.end(first)
    assert probe.retry_at(6.0) == 0.0


def test_a_recovery_ends_with_a_call_that_was_sent_since() -> None:
    recovery = Recovery()
    recovery.start(10.0, pause_s=2.0)

    recovery.note_served(sent=9.0)
    assert recovery.since == 10.0
    assert (recovery.pause_s(11.0), recovery.retry_at(11.0)) == (1.0, 12.0)
    recovery.note_served(sent=12.0)
    assert recovery.since is None


async def unrelated_call(desk: Desk) -> None:
    """Send a call that takes 50 s, whatever happens to the others."""
    async with desk.scheduler.admit(priority=Priority.INTERACTIVE) as permit:
        reply = await desk.server.exchange()
        await CLOCK.sleep(50.0)
        permit.observe(status=reply.status, headers=reply.headers, message=reply.message)


async def be_refused(desk: Desk) -> None:
    """Begin a window in which others use everything, and be refused once."""
    await CLOCK.sleep(desk.server.ends_in_s() + 0.001)
    await desk.call()
    await CLOCK.sleep(desk.server.ends_in_s() + 0.001)
    desk.server.take(desk.server.limit())
    await desk.call_until_known()


@pytest.mark.anyio
async def test_a_probe_waits_for_no_unrelated_call(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=100)
    desk.spawn(unrelated_call(desk))
    await be_refused(desk)
    begun, ends_s = CLOCK.now(), desk.server.ends_in_s()

    await desk.call(priority=Priority.INTERACTIVE)

    assert CLOCK.now() - begun <= ends_s + 0.2
    desk.scheduler.close()


@pytest.mark.anyio
async def test_the_breakers_probe_waits_for_no_unrelated_call(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=1000)
    await desk.call()
    desk.spawn(unrelated_call(desk))
    await turns(3)
    desk.server.storm = Storm.EDGE
    for _ in range(3):
        await desk.call()
    desk.server.storm = None
    begun = CLOCK.now()

    await desk.call(priority=Priority.INTERACTIVE)

    assert CLOCK.now() - begun <= 1.1
    desk.scheduler.close()


@pytest.mark.anyio
async def test_a_cancelled_probe_makes_room_for_another(make_desk: MakeDesk) -> None:
    desk = make_desk(limit=100)
    await be_refused(desk)
    first, second = desk.start("first"), desk.start("second")
    await CLOCK.sleep(desk.server.ends_in_s() + 0.06)
    assert desk.went[-1] == "first"

    first.cancel()
    await second

    assert desk.went[-1] == "second"


@pytest.mark.anyio
async def test_waiting_calls_go_one_by_one_until_a_probe_is_served(make_desk: MakeDesk) -> None:
    desk = make_desk(Limits(app_per_minute=6000), limit=1000)
    await be_refused(desk)
    for _ in range(50):
        desk.start(priority=Priority.INTERACTIVE)
    await CLOCK.sleep(desk.server.ends_in_s() + 0.06)

    assert desk.scheduler.statistics().in_flight == 1
    await desk.done()
    assert desk.server.turned_away == 1


@pytest.mark.parametrize(("limit", "is_probed"), [(19, False), (20, True)])
def test_a_small_window_sends_no_boundary_probe(limit: int, is_probed: bool) -> None:  # noqa: FBT001
    clock = ServerClock()
    clock.observe_window(0.0, 10.0, sent=5.0, received=5.1)

    send_at = BoundaryProbe().send_at(1, WindowBudget(10_000, limit), clock, 6.0, rtt_s=0.1)

    assert (send_at > 6.0) is is_probed


def test_a_recovery_that_is_over_does_not_begin_again_with_an_answer() -> None:
    recovery = Recovery()

    recovery.note_served(sent=12.0)

    assert recovery.since is None
    assert recovery.retry_at(12.0) == 0.0


def test_a_pause_that_is_over_lasts_no_time() -> None:
    recovery = Recovery()
    recovery.start(10.0, pause_s=2.0)

    assert recovery.pause_s(13.0) == 0.0


NOW = 8.0
NEXT_AT = 8.3
"""When the probe after the last one may be sent."""


@pytest.mark.parametrize(
    ("width_s", "left", "limit", "rtt_s", "expected"),
    [
        # Hardly in doubt: calls go at once.
        (0.1, 1, 100, 0.1, 0.0),
        (0.9, 2, 800, 0.1, 0.0),
        # In doubt: the last one goes in the middle, the others at once.
        (0.9, 1, 800, 0.1, "middle"),
        # Very much in doubt: one in 80, and one at least, goes by itself.
        (3.0, 1, 100, 0.1, "middle"),
        (3.0, 2, 100, 0.1, 0.0),
        (3.0, 10, 800, 0.1, NEXT_AT),
        (3.0, 11, 800, 0.1, 0.0),
        (3.0, 1, 10, 0.1, NEXT_AT),
        # Slow calls say less: no more is known than their time allows.
        (3.0, 10, 800, 2.0, 0.0),
        # The next probe is later than the middle.
        (6.0, 1, 100, 0.1, "next"),
    ],
)
def test_the_last_calls_of_a_window_go_one_by_one_while_its_end_is_uncertain(
    width_s: float, left: int, limit: int, rtt_s: float, expected: float | str
) -> None:
    clock = ServerClock()
    clock.adopt(0.0, width_s, NOW)
    probe = BoundaryProbe()
    probe.next_at = NEXT_AT

    send_at = probe.send_at(left, WindowBudget(10_000, limit), clock, NOW, rtt_s=rtt_s)

    middle_at = 10.0 - width_s / 2
    expected_at = {"middle": middle_at, "next": NEXT_AT}.get(str(expected), expected)
    assert send_at == expected_at
