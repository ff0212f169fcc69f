"""Each notification is handed over once, however often it is delivered, and none is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import anyio
import pytest
from hypothesis import given, settings, strategies as st

from intercom_async.clock import CLOCK
from intercom_async.webhooks import Claim, MemorySeen, Notification
from intercom_async.webhooks.intake import Intake, Outcome
from intercom_async.webhooks.parsing import parse_body
from intercom_async.webhooks.seen import CLAIM_S, REMEMBER_S
from tests.support.notifications import notification
from tests.support.virtual_time import run_virtual

pytestmark = pytest.mark.anyio


def event(key: str = "n1") -> Notification[Any]:
    return parse_body(notification(id=key))


class Queue:
    """A queue that takes its time, and fails as often as it is told to."""

    def __init__(self, *, delay_s: float = 0.0, failures: int = 0) -> None:
        self.got: list[str] = []
        self.delay_s = delay_s
        self.failures = failures

    async def __call__(self, found: Notification[Any]) -> None:
        await CLOCK.sleep(self.delay_s)
        if self.failures > 0:
            self.failures -= 1
            raise ConnectionError
        self.got.append(found.key)


async def together(*calls: Awaitable[Outcome]) -> list[Outcome]:
    return list(await asyncio.gather(*calls))


async def test_a_duplicate_is_accepted_and_not_handed_over_again() -> None:
    queue = Queue()
    intake = Intake(queue, MemorySeen())
    assert await intake.accept(event()) is Outcome.ACCEPTED
    assert await intake.accept(event()) is Outcome.DUPLICATE
    assert await intake.accept(event("n2")) is Outcome.ACCEPTED
    assert queue.got == ["n1", "n2"]


async def test_an_offer_that_is_taken_needs_no_turn_of_the_loop() -> None:
    queue, seen, taken = Queue(), MemorySeen(), list[str]()

    def offer(found: Notification[Any]) -> bool:
        taken.append(found.key)
        return found.key != "full"

    intake = Intake(queue, seen, offer=offer)
    for key, outcome in (
        ("n1", Outcome.ACCEPTED),
        ("n1", Outcome.DUPLICATE),
        ("full", Outcome.ACCEPTED),
        ("full", Outcome.DUPLICATE),
    ):
        assert await intake.accept(event(key)) is outcome
    # What was refused has waited for the queue, and is handed over once.
    assert (taken, queue.got) == (["n1", "full"], ["full"])

    await seen.claim("elsewhere")
    assert await intake.accept(event("elsewhere")) is Outcome.BUSY
    with pytest.raises(StopIteration) as ended:
        intake.accept(event("n2")).send(None)
    assert ended.value.value is Outcome.ACCEPTED


async def test_a_memory_of_another_class_is_awaited_though_an_offer_would_be_taken() -> None:
    class Slow(MemorySeen):
        async def claim(self, key: str) -> Claim:
            await CLOCK.sleep(0.1)
            return await super().claim(key)

    queue = Queue()
    intake = Intake(queue, Slow(), offer=lambda _: True)
    assert await together(intake.accept(event()), intake.accept(event())) == [
        Outcome.ACCEPTED,
        Outcome.DUPLICATE,
    ]
    assert queue.got == ["n1"]


async def test_a_duplicate_of_an_open_claim_waits_for_its_outcome() -> None:
    queue = Queue(delay_s=1)
    intake = Intake(queue, MemorySeen())
    assert await together(*(intake.accept(event()) for _ in range(3))) == [
        Outcome.ACCEPTED,
        Outcome.DUPLICATE,
        Outcome.DUPLICATE,
    ]
    assert queue.got == ["n1"]


async def test_a_duplicate_is_not_accepted_when_the_first_delivery_fails() -> None:
    queue = Queue(delay_s=1, failures=1)
    intake = Intake(queue, MemorySeen())
    assert await together(*(intake.accept(event()) for _ in range(2))) == [Outcome.BUSY] * 2
    assert await intake.accept(event()) is Outcome.ACCEPTED
    assert queue.got == ["n1"]


async def test_a_duplicate_of_another_process_is_busy_until_the_outcome_is_known() -> None:
    seen = MemorySeen()
    slow, other = Queue(delay_s=1), Queue()
    first, second = Intake(slow, seen), Intake(other, seen)

    async def later() -> Outcome:
        await CLOCK.sleep(0.5)
        return await second.accept(event())

    assert await together(first.accept(event()), later()) == [Outcome.ACCEPTED, Outcome.BUSY]
    assert await second.accept(event()) is Outcome.DUPLICATE
    assert (slow.got, other.got) == (["n1"], [])


async def test_a_cancelled_request_leaves_no_claim() -> None:
    queue = Queue(delay_s=1)
    seen = MemorySeen()
    intake = Intake(queue, seen)
    with anyio.move_on_after(0.5):
        await intake.accept(event())
    assert len(seen) == 0
    assert await intake.accept(event()) is Outcome.ACCEPTED
    assert queue.got == ["n1"]


class SlowSeen(MemorySeen):
    """A memory whose server answers late."""

    async def claim(self, key: str) -> Claim:
        found = await super().claim(key)
        await CLOCK.sleep(0.3)
        return found


async def test_a_request_cancelled_while_it_claims_leaves_no_claim() -> None:
    queue = Queue()
    seen = SlowSeen()
    intake = Intake(queue, seen)
    request = asyncio.create_task(intake.accept(event()))
    await CLOCK.sleep(0.1)
    request.cancel()
    await asyncio.wait([request])
    assert request.cancelled()
    assert len(seen) == 0
    assert await intake.accept(event()) is Outcome.ACCEPTED


class LateSeen(MemorySeen):
    """A memory that takes its time before it ends a claim."""

    async def confirm(self, key: str) -> None:
        await CLOCK.sleep(0.3)
        await super().confirm(key)

    async def release(self, key: str) -> None:
        await CLOCK.sleep(0.3)
        await super().release(key)


@pytest.mark.parametrize(
    ("failures", "again"), [(0, Outcome.DUPLICATE), (1, Outcome.ACCEPTED)], ids=["ok", "failed"]
)
async def test_a_request_cancelled_while_it_ends_its_claim_leaves_none(
    failures: int, again: Outcome
) -> None:
    intake = Intake(Queue(failures=failures), LateSeen())
    request = asyncio.create_task(intake.accept(event()))
    await CLOCK.sleep(0.1)
    request.cancel()
    await asyncio.wait([request])
    assert request.cancelled()
    assert await intake.accept(event()) is again


async def test_a_duplicate_that_is_cancelled_does_not_disturb_the_first() -> None:
    queue = Queue(delay_s=1)
    intake = Intake(queue, MemorySeen())
    first = asyncio.create_task(intake.accept(event()))
    await CLOCK.sleep(0.1)
    with anyio.move_on_after(0.1):
        await intake.accept(event())
    assert await first is Outcome.ACCEPTED


class Broken:
    """A memory that fails or hangs in one of its steps."""

    def __init__(self, step: str, *, hangs: bool) -> None:
        self.step = step
        self.hangs = hangs

    async def _do(self, step: str, key: str) -> None:
        assert key
        if self.step in (step, "every step"):
            if self.hangs:
                await anyio.sleep_forever()
            raise ConnectionError

    async def claim(self, key: str) -> Claim:
        await self._do("claim", key)
        return Claim.CLAIMED

    async def confirm(self, key: str) -> None:
        await self._do("confirm", key)

    async def release(self, key: str) -> None:
        await self._do("release", key)


@pytest.mark.parametrize("step", ["claim", "confirm", "release", "every step"])
@pytest.mark.parametrize("hangs", [True, False])
async def test_a_memory_that_hangs_or_fails_does_not_keep_notifications_out(
    step: str, *, hangs: bool, caplog: pytest.LogCaptureFixture
) -> None:
    queue = Queue(failures=1 if step == "release" else 0)
    intake = Intake(queue, Broken(step, hangs=hangs))
    expected = Outcome.BUSY if step == "release" else Outcome.ACCEPTED
    assert await intake.accept(event()) is expected
    assert await intake.accept(event("n2")) is Outcome.ACCEPTED
    assert CLOCK.now() < 3
    assert "unavailable" in caplog.text
    if step == "every step":
        assert caplog.text.count("unavailable") == 1


@settings(max_examples=50)
@given(
    deliveries=st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c"]),  # whose
            st.integers(0, 1),  # in which process
            st.floats(0, 5),  # when
        ),
        min_size=1,
        max_size=12,
    ),
    delay_s=st.floats(0, 4),
    failures=st.integers(0, 4),
)
def test_any_disorder_of_deliveries_hands_each_over_once(
    deliveries: list[tuple[str, int, float]], delay_s: float, failures: int
) -> None:
    queue = Queue(delay_s=delay_s, failures=failures)
    seen = MemorySeen()
    intakes = [Intake(queue, seen), Intake(queue, seen)]
    told: dict[str, list[Outcome]] = {}

    async def deliver(key: str, process: int, at: float) -> None:
        await CLOCK.sleep(at)
        told.setdefault(key, []).append(await intakes[process].accept(event(key)))

    async def main() -> None:
        await asyncio.gather(*(deliver(*one) for one in deliveries))

    run_virtual(main())
    for key, outcomes in told.items():
        accepted = outcomes.count(Outcome.ACCEPTED)
        assert accepted == queue.got.count(key) <= 1
        if Outcome.DUPLICATE in outcomes:
            assert accepted == 1


# The memory ----------------------------------------------------------------------------------


async def test_a_claim_of_a_dead_process_runs_out() -> None:
    seen = MemorySeen()
    assert await seen.claim("k") is Claim.CLAIMED
    await CLOCK.sleep(CLAIM_S - 1)
    assert await seen.claim("k") is Claim.OPEN
    await CLOCK.sleep(2)
    assert await seen.claim("k") is Claim.CLAIMED


async def test_an_accepted_key_is_remembered_for_a_day() -> None:
    seen = MemorySeen()
    await seen.claim("k")
    await seen.confirm("k")
    await seen.release("k")
    await CLOCK.sleep(REMEMBER_S - 1)
    assert await seen.claim("k") is Claim.DONE
    await CLOCK.sleep(2)
    assert await seen.claim("k") is Claim.CLAIMED


async def test_the_oldest_key_is_forgotten_first() -> None:
    seen = MemorySeen(3)
    for key in "abcd":
        await seen.claim(key)
        await seen.confirm(key)
    assert len(seen) == 3
    assert await seen.claim("a") is Claim.CLAIMED
    assert await seen.claim("d") is Claim.DONE
