"""A request has its time and no more, however many others there are; one timer serves them all."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from intercom_async.clock import CLOCK
from intercom_async.transport.deadlines import Deadlines
from tests.support.virtual_time import run_virtual

HASTY_S, PATIENT_S = 0.25, 60.0


async def work(deadlines: Deadlines, limit_s: float, work_s: float) -> str:
    """Work under a deadline; say when it ended and how."""
    begun = CLOCK.now()
    deadline = deadlines.begin(limit_s)
    how = "done"
    try:
        await CLOCK.sleep(work_s)
    except asyncio.CancelledError:
        if not deadline.has_cancelled():
            raise
        how = "over"
    finally:
        deadline.end()
    return f"{how} after {CLOCK.now() - begun:.2f} s"


def here() -> Deadlines:
    return Deadlines(asyncio.get_running_loop())


def timers() -> int:
    """Return how many timers are set in the running loop."""
    return sum(not each.cancelled() for each in asyncio.get_running_loop()._scheduled)  # type: ignore[attr-defined]  # noqa: SLF001


def test_each_request_ends_at_its_own_time() -> None:
    async def main() -> list[str]:
        deadlines = here()
        tasks: list[asyncio.Task[str]] = []
        for limit_s, work_s in [(0.25, 9), (60, 99), (0.25, 0.1), (0.25, 9), (60, 59), (60, 61)]:
            tasks.append(asyncio.create_task(work(deadlines, limit_s, work_s)))
            await CLOCK.sleep(0.05)
        return await asyncio.gather(*tasks)

    assert run_virtual(main()) == [
        "over after 0.25 s",
        "over after 60.00 s",
        "done after 0.10 s",
        "over after 0.25 s",
        "done after 59.00 s",
        "over after 60.00 s",
    ]


def test_a_thousand_requests_set_one_timer() -> None:
    async def main() -> tuple[int, int]:
        deadlines = here()
        tasks = [asyncio.create_task(work(deadlines, PATIENT_S, 10)) for _ in range(1_000)]
        await CLOCK.sleep(1)
        during = timers() - len(tasks)  # each of them sleeps
        await asyncio.gather(*tasks)
        await CLOCK.sleep(2 * PATIENT_S)
        return during, timers()

    assert run_virtual(main()) == (1, 0)


@pytest.mark.parametrize("after_s", [0.1, HASTY_S])
def test_a_request_that_somebody_else_cancels_is_cancelled(after_s: float) -> None:
    """Before its time, and in the very moment in which it is over."""

    async def main() -> bool:
        task = asyncio.create_task(work(here(), HASTY_S, 9))
        asyncio.get_running_loop().call_later(after_s, task.cancel)
        with suppress(asyncio.CancelledError):
            await task
        return task.cancelled()

    assert run_virtual(main())


def test_a_closed_transport_leaves_no_timer() -> None:
    async def main() -> int:
        deadlines = here()
        deadlines.begin(HASTY_S).end()
        deadlines.begin(PATIENT_S).end()
        deadlines.close()
        return timers()

    assert run_virtual(main()) == 0


def test_a_caller_whose_time_is_over_as_well_hears_of_its_own() -> None:
    async def main() -> str:
        try:
            async with asyncio.timeout(HASTY_S):
                return await work(here(), HASTY_S, 9)
        except TimeoutError:
            return "the caller's"

    assert run_virtual(main()) == "the caller's"


def test_a_cancellation_that_another_error_replaces_is_taken_back() -> None:
    async def send() -> None:
        deadline = here().begin(HASTY_S)
        try:
            await CLOCK.sleep(9.0)
        except asyncio.CancelledError:
            raise ValueError("a hook failed") from None
        finally:
            deadline.end()

    async def main() -> int:
        task = asyncio.current_task()
        assert task is not None
        with suppress(ValueError):
            await send()
        return task.cancelling()

    assert run_virtual(main()) == 0
