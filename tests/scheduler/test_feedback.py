"""Nothing that a header or a hook raises leaves a charge half booked or a call waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.priority import Priority
from intercom_async.scheduler import Hooks, Permit, Scheduler, Throttle
from tests.support.virtual_time import run_virtual
from .conftest import MakeDesk

LIMIT, REMAINING, RESET = "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"
TRUE = {LIMIT: "100", REMAINING: "50", RESET: "1700000010"}

values = st.one_of(
    st.sampled_from(
        ["", "0", "-1", "1e308", "-1e308", "nan", "inf", "9" * 5000, "1" * 14, "1700000010.5", "\0"]
    ),
    st.integers().map(str),
    st.floats().map(str),
    st.text(max_size=20),
)
header_sets = st.dictionaries(
    st.sampled_from([LIMIT, REMAINING, RESET, "Date", *map(str.lower, (LIMIT, REMAINING, RESET))]),
    values,
)
messages = st.one_of(
    st.none(),
    st.text(max_size=40),
    st.sampled_from(
        [
            f"Exceeded rate limit of {'9' * 5000} in 10_seconds",
            "Exceeded rate limit of 0 in 0_seconds",
            f"Exceeded rate limit of 100 in {'9' * 5000}_seconds",
            "Exceeded rate limit of 100 in 10_parsecs",
        ]
    ),
)


@settings(max_examples=60, deadline=None)
@given(
    replies=st.lists(
        st.tuples(st.sampled_from([200, 404, 429, 503]), header_sets, messages), max_size=12
    )
)
@example(replies=[(200, TRUE, None), (200, TRUE | {RESET: "1e308"}, None)])
@example(replies=[(200, TRUE, None), (429, {}, f"Exceeded rate limit of {'9' * 5000} in 1_day")])
def test_hostile_headers_leave_nothing_charged_and_nobody_waiting(
    replies: list[tuple[int, dict[str, str], str | None]],
) -> None:
    async def main() -> None:
        scheduler = Scheduler(Limits(app_per_minute=6000))
        permits: list[Permit] = []
        for status, headers, message in replies:
            async with scheduler.admit(priority=Priority.INTERACTIVE) as permit:
                permits.append(permit)
                await CLOCK.sleep(0.01)
                permit.observe(status=status, headers=headers, message=message)
        check(scheduler, permits)
        async with asyncio.timeout(300.0), scheduler.admit() as permit:
            permit.release()

    run_virtual(main())


def check(scheduler: Scheduler, permits: list[Permit]) -> None:
    assert scheduler.statistics().in_flight == 0
    for permit in permits:
        for budget in permit.charge.budgets:
            assert budget.reserved == 0
            assert budget.workspace is None or budget.workspace.reserved == 0


class Broken(Mapping[str, str]):
    """Headers that cannot even be looked up."""

    def __getitem__(self, name: str) -> str:
        raise RuntimeError(name)

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError

    def __len__(self) -> int:
        return 1


@pytest.mark.anyio
@pytest.mark.parametrize("status", [200, 429])
async def test_headers_that_raise_count_as_absent(
    make_desk: MakeDesk, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    desk = make_desk()
    await desk.call()

    async with desk.scheduler.admit() as permit:
        permit.observe(status=status, headers=Broken())

    check(desk.scheduler, [permit])
    assert (permit.throttle is Throttle.EDGE) is (status == 429)
    assert "cannot be read" in caplog.text
    await desk.call()


class Stop(BaseException):
    """What a hook raises that no `except Exception` catches."""


class Stopping(Hooks):
    """Raises in one of its hooks, some times."""

    def __init__(self, hook: str, times: int) -> None:
        self.times = times
        setattr(self, hook, self.stop)

    def stop(self, *_heard: object) -> None:
        if self.times:
            self.times -= 1
            raise Stop


@pytest.mark.parametrize("hook", ["granted", "throttled", "limit_changed", "degraded"])
@pytest.mark.parametrize("times", [1, 3, 100])
@pytest.mark.anyio
async def test_hooks_that_raise_anything_leave_nobody_waiting(
    make_desk: MakeDesk, hook: str, times: int
) -> None:
    raised: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: raised.append(context))
    hooks = Stopping(hook, times)
    desk = make_desk(Limits(app_per_minute=180, max_in_flight=5), limit=30, hooks=hooks)
    desk.server.take(10)

    async def call() -> None:
        with suppress(Stop):
            await desk.client.call(Priority.INTERACTIVE)

    await asyncio.wait_for(asyncio.gather(*[desk.spawn(call()) for _ in range(94)]), 300.0)

    seen = desk.scheduler.statistics()
    assert seen.in_flight == 0
    assert not any(seen.queued.values())
    assert "0 waiting" in repr(desk.scheduler)
    assert seen.granted - seen.released == desk.server.sends
    hooks.times = 0
    await desk.client.call()
