"""What an observer is told of a call, in which order, and what it must not do to it."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from intercom_async import (
    ConfigError,
    Limits,
    NotFoundError,
    Observer,
    Priority,
    RetryPolicy,
)
from intercom_async.clock import CLOCK
from intercom_async.errors import ConnectionLostError
from intercom_async.request.observer import Attempt, CallOutcome, ObservedCall, Observers
from intercom_async.scheduler import Hooks, Scheduler
from intercom_async.transport import MemoryTransport, Reply, Request
from tests.support.scripted_client import Client, failure, reply

pytestmark = pytest.mark.anyio


class Notes(Observer):
    def __init__(self) -> None:
        self.events: list[str] = []
        self.calls: list[ObservedCall] = []
        self.attempts: list[Attempt] = []
        self.outcomes: list[CallOutcome] = []

    def call_began(self, call: ObservedCall) -> None:
        self.events.append("began")
        self.calls.append(call)

    def waited(self, call: ObservedCall, seconds: float) -> None:
        assert call is self.calls[-1]
        assert seconds >= 0.0
        self.events.append("waited")

    def attempt_began(self, call: ObservedCall, number: int) -> None:
        assert call is self.calls[-1]
        self.events.append(f"attempt {number}")

    def attempt_ended(self, call: ObservedCall, attempt: Attempt) -> None:
        assert call is self.calls[-1]
        self.events.append(f"{attempt.status or attempt.error}")
        self.attempts.append(attempt)

    def call_ended(self, call: ObservedCall, outcome: CallOutcome) -> None:
        assert call is self.calls[-1]
        self.events.append("ended")
        self.outcomes.append(outcome)


class Told(Hooks):
    def __init__(self) -> None:
        self.waits_s: list[float] = []

    def granted(self, priority: Priority, waited_s: float) -> None:  # noqa: ARG002 (Hooks')
        self.waits_s.append(waited_s)


async def test_a_call_is_told_from_its_beginning_to_its_end(client: Client) -> None:
    notes = Notes()
    answers = (reply(503), reply(200, {"id": "7"}))
    options: dict[str, Any] = {"retry": RetryPolicy(base_s=0.001), "observer": notes}
    async with client(*answers, **options) as intercom:
        await intercom.with_options(priority=Priority.BULK).contacts.get("7")
    assert notes.events == [
        "began",
        *("waited", "attempt 1", "503"),
        *("waited", "attempt 2", "200"),
        "ended",
    ]
    call, outcome = notes.calls[0], notes.outcomes[0]
    assert (call.operation, call.method, call.template) == (
        "contacts.get",
        "GET",
        "/contacts/{contact_id}",
    )
    assert (call.origin, call.priority) == ("https://api.intercom.io", Priority.BULK)
    assert (outcome.status, outcome.error, outcome.attempts) == (200, None, 2)
    assert outcome.window is not None
    assert notes.attempts[1].received_bytes == len(b'{"id":"7"}')


@pytest.mark.parametrize(
    "message", ["Exceeded rate limit of 10 in 10_seconds", None], ids=["window", "page"]
)
async def test_the_waits_of_a_call_are_told_once_each(client: Client, message: str | None) -> None:
    """A call that is turned away keeps its turn, and still waits for each permit."""
    notes, told = Notes(), Told()
    sent: list[float] = []

    async def answer(_: Request) -> Reply:
        sent.append(CLOCK.now())
        await CLOCK.sleep(0.5)
        ends_at = 1_000_000_000 + (int(CLOCK.now()) // 10 + 1) * 10
        said = {"Limit": "10", "Remaining": "0", "Reset": str(ends_at)}
        if len(sent) > 5:
            return reply(200, {"id": "7"})
        if message is None:
            return Reply(429, {"Content-Type": "text/html"}, b"<html>Too many requests</html>")
        return failure(
            429,
            "rate_limit_exceeded",
            message,
            **{f"X-RateLimit-{name}": text for name, text in said.items()},
        )

    scheduler = Scheduler(hooks=told)
    options: dict[str, Any] = {"observer": notes, "scheduler": scheduler}
    async with client(transport=MemoryTransport(answer), **options) as intercom:
        await intercom.contacts.get("7")
    outcome = notes.outcomes[0]

    assert outcome.attempts == 6
    assert outcome.wait_s <= outcome.elapsed_s - 6 * 0.5 + 1e-6
    assert outcome.wait_s > 1.0 or message is None
    assert scheduler.statistics().waited_s == pytest.approx(outcome.wait_s)
    assert sum(told.waits_s) == pytest.approx(outcome.wait_s)


async def test_an_error_is_told_by_its_class(client: Client) -> None:
    notes = Notes()
    async with client(failure(404, "not_found"), observer=notes) as intercom:
        with pytest.raises(NotFoundError):
            await intercom.contacts.get("7")
    assert (notes.outcomes[0].status, notes.outcomes[0].error) == (404, "NotFoundError")


async def test_a_lost_connection_has_no_status(client: Client) -> None:
    notes = Notes()
    lost = ConnectionLostError("lost", call="GET /me")
    options: dict[str, Any] = {"retry": RetryPolicy(max_attempts=1), "observer": notes}
    async with client(lost, **options) as intercom:
        with pytest.raises(ConnectionLostError):
            await intercom.admins.me()
    assert (notes.attempts[0].status, notes.attempts[0].error) == (None, "ConnectionLostError")
    assert notes.outcomes[0].status is None


async def test_a_cancelled_call_has_ended(client: Client) -> None:
    notes = Notes()
    arrived = asyncio.Event()

    async def never(_: Any) -> Any:
        arrived.set()
        await asyncio.Event().wait()

    async with client(never, observer=notes) as intercom:
        task = asyncio.ensure_future(intercom.admins.me())
        await arrived.wait()
        task.cancel()
        await asyncio.wait([task])
    assert notes.events[-2:] == ["CancelledError", "ended"]
    assert notes.outcomes[0].error == "CancelledError"


EVENTS = [name for name in vars(Observer) if not name.startswith("_")]


@pytest.mark.parametrize("event", EVENTS)
async def test_an_observer_that_fails_fails_no_call(
    client: Client, event: str, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a mistake of the observer")

    broken = type("Broken", (Notes,), {event: fail})()
    async with client(reply(200, {"id": "1"}), observer=broken) as intercom:
        assert (await intercom.admins.me()).id == "1"
    assert event in caplog.text or "fail" in caplog.text


async def test_nothing_personal_reaches_an_observer(client: Client) -> None:
    notes = Notes()
    async with client(reply(200, {"id": "secret-id"}), observer=notes) as intercom:
        await intercom.contacts.get("secret-id")
    told = f"{notes.calls} {notes.attempts} {notes.outcomes}"
    assert "secret-id" not in told
    assert "dG9rOnNlY3JldA" not in told


@pytest.mark.parametrize("observer", [object(), Notes, "notes", 1])
def test_what_is_no_observer_is_refused_by_name(client: Client, observer: Any) -> None:
    with pytest.raises(ConfigError, match="observer"):
        client(reply(), observer=observer)


async def test_several_observers_are_told_the_same(client: Client) -> None:
    first, second = Notes(), Notes()
    async with client(reply(200, {"type": "contact", "id": "7"})) as intercom:
        intercom.observe_with(Observers(first, second))
        await intercom.contacts.get("7")
    assert first.events == second.events == ["began", "waited", "attempt 1", "200", "ended"]


async def test_an_observer_that_fails_keeps_no_event_from_another(client: Client) -> None:
    class Broken(Observer):
        def attempt_began(self, call: ObservedCall, number: int) -> None:
            raise RuntimeError(call, number)

    notes = Notes()
    async with client(reply(200, {"type": "contact", "id": "7"})) as intercom:
        intercom.observe_with(Observers(Broken(), notes))
        await intercom.contacts.get("7")
    assert notes.events[-1] == "ended"


class Stop(BaseException):
    """What no `except Exception` catches."""


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("event", EVENTS)
async def test_an_observer_that_stops_calls_leaves_nothing_half_booked(
    client: Client, event: str
) -> None:
    def stop(*_told: object) -> None:
        raise Stop

    observer = Observer()
    setattr(observer, event, stop)
    memory = MemoryTransport(lambda _: reply(200, {"id": "7"}))
    limits = Limits(max_in_flight=5)
    async with client(transport=memory, observer=observer, limits=limits) as intercom:

        async def get() -> None:
            with pytest.raises(Stop):
                await intercom.contacts.get("7")

        await asyncio.wait_for(asyncio.gather(*[get() for _ in range(20)]), 60.0)
        seen = intercom.statistics()
        gc.collect()

    assert seen.in_flight == 0
    assert seen.granted - seen.released == len(memory.requests)
