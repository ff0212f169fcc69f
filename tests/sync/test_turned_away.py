"""A server that turns calls away for good costs a run its patience, and no call hours of tries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from intercom_async.clock import CLOCK
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = [pytest.mark.anyio, pytest.mark.once]

BODY = b'{"type":"error.list","errors":[{"code":"rate_limit_exceeded","message":"no"}]}'
STREAMS = ("contacts", "companies", "conversations", "conversation_parts")
PATIENCE_S = 300.0
TRIES_S = 3_600.0
"""How long calls may try by turns where the server answers others."""

WHICH: dict[str, Callable[[str], bool]] = {
    "all": lambda _: True,
    "searches": lambda path: path.endswith("/search"),
    "single rows": lambda path: "/conversations/" in path and not path.endswith("/search"),
}


def turned_away(*, has_window: bool) -> Reply:
    """Return a 429, with what it says of the window or with nothing."""
    end = int(CLOCK.unix()) + 10
    told = {"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(end)}
    return Reply(429, told if has_window else {}, BODY)


def turn_away(one: World, which: Callable[[str], bool], *, first: int, has_window: bool) -> None:
    """Turn calls away once so many were answered."""
    answered = 0

    def change(request: Request, answer: Answer) -> Answer:
        nonlocal answered
        if answered >= first and which(request.url.partition("?")[0]):
            return turned_away(has_window=has_window)
        answered += 1
        return answer

    one.change = change


@pytest.mark.parametrize("has_window", [True, False])
@pytest.mark.parametrize("first", [1, 30])
@pytest.mark.parametrize("which", WHICH.values(), ids=list(WHICH))
async def test_a_run_ends_and_the_next_one_goes_on(
    which: Callable[[str], bool], first: int, tmp_path: Path, *, has_window: bool
) -> None:
    async with world(tmp_path, contacts=3_000, conversations=150, companies=60) as one:
        turn_away(one, which, first=first, has_window=has_window)
        begun_s, before = CLOCK.now(), one.simulator.requests
        report = await one.sync(*STREAMS, patience_s=PATIENCE_S)
        tries_s = 60.0 if which is WHICH["all"] else TRIES_S
        assert CLOCK.now() - begun_s < PATIENCE_S + tries_s
        assert one.simulator.requests - before < 1_000

        assert report.exit_code == 3
        assert [outage.error for outage in report.outages] == ["RateLimitedError"]
        assert report.outages[0].ended is None
        one.change = None
        assert (await one.sync(*STREAMS)).is_complete
        assert await one.is_whole("contacts", "companies")


async def test_calls_that_are_turned_away_for_a_while_lack_nothing(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=3_000, conversations=150, companies=60) as one:
        turn_away(one, WHICH["all"], first=30, has_window=True)

        async def relent() -> None:
            await anyio.sleep(PATIENCE_S)
            one.change = None

        async with anyio.create_task_group() as group:
            group.start_soon(relent)
            assert (await one.sync(*STREAMS)).is_complete
        assert await one.is_whole("contacts", "companies")
