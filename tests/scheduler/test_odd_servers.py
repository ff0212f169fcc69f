"""Servers that say odd things: all calls go, none is refused for it, and none waits longer."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from random import Random

import pytest

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.priority import Priority
from intercom_async.scheduler import Scheduler
from tests.support.scheduler.clients import Scheduled
from tests.support.scheduler.server import Headers, Network, Server
from tests.support.virtual_time import run_virtual

LIMIT, WINDOW_S, CALLS = 60, 10.0, 150
NETWORK = Network(0.01, 0.03, 0.01, spread=0.3)
NAMES = {
    "limit": "X-RateLimit-Limit",
    "remaining": "X-RateLimit-Remaining",
    "reset": "X-RateLimit-Reset",
    "date": "Date",
}
Rewrite = Callable[[str], str | None]


def always(text: str | None) -> Rewrite:
    """Say one thing for ever; None leaves the header out."""
    return lambda _: text


def ending_in(end: str) -> Rewrite:
    return lambda text: text + end


def twice(text: str) -> str:
    return f"{text}, {text}"


def times(factor: int) -> Rewrite:
    return lambda text: str(int(text) * factor)


def later(seconds: int) -> Rewrite:
    return lambda text: str(int(text) + seconds)


EACH: dict[str, Rewrite] = {
    "absent": always(None),
    "empty": always(""),
    "a word": always("many"),
    "negative": always("-1"),
    "a float": ending_in(".0"),
    "twice": twice,
    "nan": always("nan"),
    "infinite": always("inf"),
    "too long": always("9" * 5_000),
    "digits of another script": always("\u0661\u0662"),
    "an underscore": always("1_0"),
    "a sign": always("+10"),
}
"""What each of the four headers may be."""
SPECIAL: dict[str, tuple[str, Rewrite]] = {
    "reset in milliseconds": ("reset", times(1_000)),
    "reset in microseconds": ("reset", times(1_000_000)),
    "reset in seconds from now": ("reset", always("7")),
    "reset as a date": ("reset", always("2026-01-01T00:00:00Z")),
    "reset an hour late": ("reset", later(3_600)),
    "reset an hour early": ("reset", later(-3_600)),
    "no limit at all": ("limit", always("0")),
    "more remaining than the limit": ("remaining", later(LIMIT)),
}
CASES = {
    **{f"{name} {how}": (name, rewrite) for name in NAMES for how, rewrite in EACH.items()},
    **SPECIAL,
}


async def use_up(limits: Limits, calls: int, **server_settings: object) -> tuple[Server, float]:
    """Make so many calls in all lanes; return the server, and when the last one was done."""
    random = Random(1)
    server = Server(random, NETWORK, **server_settings)  # type: ignore[arg-type]
    scheduler = Scheduler(limits, random=random)
    client = Scheduled(server, "client", scheduler)

    async def call(number: int) -> None:
        await CLOCK.sleep(number * 0.01)
        await client.call(list(Priority)[number % len(Priority)])

    await asyncio.gather(*map(call, range(calls)))
    seen = scheduler.statistics()
    assert seen.in_flight == 0
    assert not any(seen.queued.values())
    return server, CLOCK.now()


@pytest.mark.parametrize("case", CASES)
def test_a_header_that_makes_no_sense_slows_nothing_down(case: str) -> None:
    header, rewrite = CASES[case]

    def garble(headers: Headers) -> Headers:
        said = rewrite(headers.pop(NAMES[header]))
        return headers if said is None else headers | {NAMES[header]: said}

    server, took_s = run_virtual(
        use_up(Limits(app_per_minute=6 * LIMIT), CALLS, limit=LIMIT, garble=garble)
    )

    assert took_s <= WINDOW_S * (CALLS / LIMIT + 1.0)
    assert server.turned_away == 0


@pytest.mark.parametrize("has_headers", [True, False])
@pytest.mark.parametrize("max_in_flight", [1, 2, 100])
@pytest.mark.parametrize("workspace", [1, 3, 100])
@pytest.mark.parametrize("limit", [1, 2, 5, 7])
def test_a_few_calls_a_window_are_used_in_each(
    limit: int,
    workspace: int,
    max_in_flight: int,
    has_headers: bool,  # noqa: FBT001 (a parameter of the test)
) -> None:
    calls = 3 * limit
    most = min(limit, workspace)
    settings = Limits(
        app_per_minute=6 * limit, workspace_per_minute=6 * workspace, max_in_flight=max_in_flight
    )

    def strip(headers: Headers) -> Headers:
        return headers if has_headers else {}

    server, took_s = run_virtual(
        use_up(settings, calls, limit=limit, workspace=workspace, garble=strip)
    )

    # The windows that it takes, and part of one before the first of them.
    assert took_s <= WINDOW_S * (math.ceil(calls / most) + 1)
    # More are refused only where the workspace has less, which no header says.
    assert server.turned_away <= (2 if workspace < limit else 0)
