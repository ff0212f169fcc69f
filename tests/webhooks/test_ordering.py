"""Notifications of one object in the order of their `created_at`, where a handler asks for it."""

from __future__ import annotations

import asyncio
from typing import Any

import anyio
import pytest
from hypothesis import given, settings, strategies as st

from intercom_async.clock import CLOCK
from intercom_async.webhooks import Notification, Webhooks
from intercom_async.webhooks.ordering import Sequencer
from intercom_async.webhooks.parsing import parse_body
from tests.support.asgi import send
from tests.support.notifications import SECRET, notification, signed
from tests.support.virtual_time import run_virtual

pytestmark = pytest.mark.anyio

HOLD_S = 2.0


def event(name: str = "1", at: int = 0) -> Notification[Any]:
    return parse_body(notification(item={"type": "conversation", "id": name}, created_at=at))


@settings(max_examples=60)
@given(
    arrivals=st.lists(
        st.tuples(
            st.sampled_from(["1", "2"]),  # which object
            st.integers(1, 50),  # when it happened
            st.floats(0, HOLD_S * 0.9),  # how late it arrives
        ),
        min_size=1,
        max_size=15,
    ),
    work_s=st.floats(0, 3),
)
def test_what_is_late_by_less_than_the_hold_is_put_in_order(
    arrivals: list[tuple[str, int, float]], work_s: float
) -> None:
    sequencer = Sequencer(HOLD_S)
    handled: dict[str, list[int]] = {"1": [], "2": []}
    busy: set[str] = set()

    async def handle(name: str, at: int, late_s: float) -> None:
        await CLOCK.sleep(late_s)
        async with sequencer.in_order(event(name, at)):
            assert name not in busy
            busy.add(name)
            await CLOCK.sleep(work_s)
            handled[name].append(at)
            busy.remove(name)

    async def main() -> None:
        await asyncio.gather(*(handle(*one) for one in arrivals))
        assert len(sequencer) == 0

    run_virtual(main())
    for name, moments in handled.items():
        assert moments == sorted(at for other, at, _ in arrivals if other == name)


@settings(max_examples=60)
@given(
    plans=st.lists(
        st.tuples(st.integers(1, 9), st.floats(0, 3), st.none() | st.floats(0, 6)),
        min_size=1,
        max_size=8,
    )
)
def test_cancelling_any_of_them_holds_up_no_other(
    plans: list[tuple[int, float, float | None]],
) -> None:
    sequencer = Sequencer(HOLD_S)
    handled: list[int] = []

    async def handle(index: int, at: int, late_s: float, cancel_s: float | None) -> None:
        await CLOCK.sleep(late_s)
        with anyio.move_on_after(cancel_s):
            async with sequencer.in_order(event(at=at)):
                await CLOCK.sleep(0.5)
                handled.append(index)

    async def main() -> None:
        await asyncio.gather(*(handle(index, *plan) for index, plan in enumerate(plans)))
        assert len(sequencer) == 0

    run_virtual(main())
    assert {index for index, plan in enumerate(plans) if plan[2] is None} <= set(handled)


async def test_a_failing_handler_lets_the_next_one_through() -> None:
    webhooks = Webhooks(SECRET)
    seen: list[int] = []

    @webhooks.on("conversation.user.replied", order_within_s=1)
    async def handle(found: Notification[Any]) -> None:
        seen.append(found.created_at or 0)
        raise RuntimeError

    bodies = [notification("conversation.user.replied", created_at=moment) for moment in (3, 1, 2)]
    results = await asyncio.gather(*map(webhooks.handle, bodies), return_exceptions=True)
    assert [type(result) for result in results] == [RuntimeError] * 3
    assert seen == [1, 2, 3]


async def test_objects_and_handlers_without_an_order_do_not_wait_for_each_other() -> None:
    webhooks = Webhooks(SECRET)
    times: dict[str, float] = {}

    @webhooks.on("conversation.user.replied", order_within_s=1)
    async def ordered(found: Notification[Any]) -> None:
        await CLOCK.sleep(5)
        times[f"ordered {found.item.id}"] = CLOCK.now()

    async with webhooks.running():
        for name in ("1", "2"):
            body = notification("conversation.user.replied", {"type": "conversation", "id": name})
            await send(webhooks.asgi(), body=body, headers=signed(webhooks, body))
    assert times["ordered 1"] == times["ordered 2"] == pytest.approx(6, abs=0.1)
