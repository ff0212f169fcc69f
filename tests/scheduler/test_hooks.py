"""Callbacks hear what happens, and cannot break the scheduler."""

from __future__ import annotations

from collections.abc import Hashable

import pytest

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.errors import ClosedError
from intercom_async.priority import Priority
from intercom_async.scheduler import Hooks, Throttle
from tests.support.scheduler.server import Headers
from .conftest import MakeDesk, turns

pytestmark = pytest.mark.anyio


class Notes(Hooks):
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[object, ...]] = []

    def granted(self, priority: Priority, waited_s: float) -> None:
        self.heard.append(("granted", priority, waited_s))

    def throttled(self, kind: Throttle, call: str) -> None:
        self.heard.append(("throttled", kind, call))

    def limit_changed(self, app: Hashable, limit: int) -> None:
        self.heard.append(("limit", app, limit))

    def degraded(self, reason: str) -> None:
        self.heard.append(("degraded", reason))


async def test_hooks_hear_what_happens(make_desk: MakeDesk) -> None:
    notes = Notes()
    desk = make_desk(hooks=notes, limit=300)
    await desk.call()
    desk.server.set_limit(200)
    await desk.call(call="GET /me")
    desk.server.take(200)
    await desk.call(call="GET /me")

    assert ("granted", Priority.NORMAL, 0.0) in notes.heard
    assert [entry for entry in notes.heard if entry[0] == "limit"] == [
        ("limit", "", 300),
        ("limit", "", 200),
    ]
    assert ("throttled", Throttle.APP, "GET /me") in notes.heard
    assert not any(entry[0] == "degraded" for entry in notes.heard)


async def test_a_wait_for_a_rate_of_the_users_own_is_told_too(make_desk: MakeDesk) -> None:
    notes = Notes()
    desk = make_desk(Limits(max_per_second=2), hooks=notes)
    await CLOCK.sleep(1.0)
    for _ in range(4):
        desk.start()
    await desk.done()

    waits = [entry[-1] for entry in notes.heard if entry[0] == "granted"]
    assert waits == pytest.approx([0.0, 0.5, 1.0, 1.5], abs=0.01)


async def test_missing_headers_are_told_once(make_desk: MakeDesk) -> None:
    notes = Notes()

    def strip(_headers: Headers) -> Headers:
        return {}

    desk = make_desk(hooks=notes, garble=strip)
    for _ in range(5):
        await desk.call()

    assert len([entry for entry in notes.heard if entry[0] == "degraded"]) == 1


async def test_hooks_that_fail_break_nothing(
    make_desk: MakeDesk, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Notes):
        def granted(self, priority: Priority, waited_s: float) -> None:
            raise RuntimeError(f"{priority} {waited_s}")

        def throttled(self, kind: Throttle, call: str) -> None:
            raise RuntimeError(f"{kind} {call}")

    desk = make_desk(hooks=Broken(), limit=20)
    for _ in range(30):
        desk.start()
    await desk.done()
    desk.server.take(20)
    await desk.call()

    assert desk.is_quiet
    assert "hook" in caplog.text


async def test_a_call_that_waits_as_a_hook_closes_the_scheduler_is_not_sent(
    make_desk: MakeDesk,
) -> None:
    class Closing(Hooks):
        def granted(self, priority: Priority, waited_s: float) -> None:
            del priority
            if waited_s:
                desk.scheduler.close()

    desk = make_desk(Limits(max_in_flight=1), hooks=Closing())
    await desk.call()
    held = await desk.scheduler.admit().enter()
    desk.start("normal")
    await turns(2)
    await CLOCK.sleep(0.1)
    held.release()
    held.leave()

    # It asks before the loop has turned, so that its own arrival lets the other one go.
    with pytest.raises(ClosedError):
        await desk.scheduler.admit(priority=Priority.BULK).enter()

    await desk.done()
    assert desk.went == ["", "normal"]
