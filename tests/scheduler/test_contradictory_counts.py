"""Headers that contradict themselves or each other: reads go on at the settings' pace."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from random import Random

import pytest

from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.scheduler import Scheduler
from tests.support.scheduler.server import EPOCH, Headers
from tests.support.thoroughness import IS_THOROUGH, some_of
from tests.support.virtual_time import run_virtual

LIMIT = 100 if IS_THOROUGH else 30
READS = 10 * LIMIT
PACE_S = 100.0
"""Seconds that so many reads take by the settings."""
A_FEW_WINDOWS_S = 60.0
NAMES = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Date")
CONSTANT = "1700000100"


@dataclass(slots=True)
class Told:
    """What a server knows when it writes headers."""

    now: float = EPOCH
    served: int = 0
    used: int = 0
    """Calls served in this window."""
    used_in_minute: int = 0

    def end(self, length_s: int = 10) -> int:
        """Return when a window of this length ends, UNIX seconds."""
        return math.floor(self.now / length_s) * length_s + length_s

    def headers(
        self, limit: object = LIMIT, remaining: object = None, reset: object = ""
    ) -> Headers:
        """Return headers that are true but for what is given."""
        left = max(0, LIMIT - self.used) if remaining is None else remaining
        values = (limit, left, reset or self.end(), formatdate(self.now, usegmt=True))
        return dict(zip(NAMES, map(str, values), strict=True))

    def count(self) -> None:
        """Count a call that is served now."""
        before, self.now = self.now, EPOCH + CLOCK.now()
        self.served += 1
        self.used = self.used * (self.now // 10 == before // 10) + 1
        self.used_in_minute = self.used_in_minute * (self.now // 60 == before // 60) + 1


Say = Callable[[Told], Headers]


def remaining(value: object, reset: object = "") -> Say:
    return lambda told: told.headers(remaining=value, reset=reset)


def now_and_then(value: object, every: int) -> Say:
    return lambda told: told.headers(remaining=None if told.served % every else value)


def limited(value: object) -> Say:
    return lambda told: told.headers(value)


def ends(reset: Callable[[Told], object], left: object = None) -> Say:
    return lambda told: told.headers(remaining=left, reset=reset(told))


def without(name: str, left: object = None) -> Say:
    return lambda told: {
        key: value for key, value in told.headers(remaining=left).items() if key != name
    }


def only(name: str) -> Say:
    return lambda told: {name: told.headers()[name]}


RESETS: dict[str, Callable[[Told], object]] = {
    "in the past": lambda _: 1_600_000_000,
    "far ahead": lambda _: 1_900_000_000,
    "constant": lambda _: CONSTANT,
    "an hour early": lambda told: told.end() - 3600,
    "an hour late": lambda told: told.end() + 3600,
    "in milliseconds": lambda told: 1000 * told.end(),
    "in microseconds": lambda told: 1_000_000 * told.end(),
    "seconds to go": lambda told: math.ceil(told.end() - told.now),
    "milliseconds to go": lambda told: math.ceil(1000 * (told.end() - told.now)),
    "an ISO date": lambda told: datetime.fromtimestamp(told.end(), UTC).isoformat(),
    "an HTTP date": lambda told: formatdate(told.end(), usegmt=True),
    "now": lambda told: int(told.now),
    "a second from now": lambda told: int(told.now) + 1,
    "a window from now": lambda told: int(told.now) + 10,
    "a window from now, to the millisecond": lambda told: f"{told.now + 10:.3f}",
    "a minute from now": lambda told: int(told.now) + 60,
    "an hour from now": lambda told: int(told.now) + 3600,
    "the end of the minute": lambda told: told.end(60),
    "the end of the hour": lambda told: told.end(3600),
    "this window or the next": lambda told: told.end() + 10 * (told.served % 2),
    "this window or the last": lambda told: told.end() - 10 * (told.served % 2),
    "three seconds off and on": lambda told: told.end() + 3 * (told.served % 2),
    "anything": lambda told: told.end() + told.served * 37 % 1000 - 500,
    "later each time": lambda told: 1_700_000_000 + 10 * told.served,
    "earlier each time": lambda told: 1_700_000_000 - 10 * told.served,
}
CASES: dict[str, Say] = {
    **{f"remaining {value}": remaining(value) for value in (0, 1, LIMIT // 2, LIMIT - 1, LIMIT)},
    **{
        f"remaining {value}, reset constant": remaining(value, CONSTANT)
        for value in (0, 1, LIMIT // 2, LIMIT, 2 * LIMIT, -1, "many")
    },
    "more remaining than the limit": remaining(2 * LIMIT),
    "remaining negative": remaining(-5),
    "remaining rises": lambda told: told.headers(remaining=told.used % LIMIT),
    "remaining never starts again": lambda told: told.headers(
        remaining=max(0, LIMIT - told.served)
    ),
    **{f"limit {value}": limited(value) for value in (0, 1, -1, "")},
    "limit 0, remaining 0": lambda told: told.headers(0, 0),
    "limit changes with each answer": lambda told: told.headers(LIMIT + told.served % 7 * 10),
    "limit changes by much": lambda told: told.headers((50, 100, 1000, 10)[told.served % 4]),
    "limit changes, remaining 0": lambda told: told.headers(LIMIT + told.served % 7 * 10, 0),
    "by the minute": lambda told: told.headers(
        6 * LIMIT, max(0, 6 * LIMIT - told.used_in_minute), told.end(60)
    ),
    **{f"reset {name}": ends(reset) for name, reset in RESETS.items()},
    **{f"reset {name}, remaining 0": ends(reset, 0) for name, reset in RESETS.items()},
    **{f"without {name}": without(name) for name in NAMES},
    **{f"without {name}, remaining 0": without(name, 0) for name in NAMES},
    **{f"only {name}": only(name) for name in NAMES},
    "two values in each": lambda told: {
        name: f"{value}, {value}" for name, value in told.headers().items()
    },
    **{
        f"remaining {left} in each {every}th answer": now_and_then(left, every)
        for every in (2, 3, 7, 10, 50)
        for left in (0, 1, LIMIT // 20, LIMIT // 10, LIMIT // 5)
    },
    "none in every second answer": lambda told: told.headers() if told.served % 2 else {},
    "all true": Told.headers,
}
QUICK_ALONE = (
    "remaining 0 in each 10th answer",
    f"remaining {LIMIT // 10} in each 10th answer",
    "remaining 0",
    "remaining 1",
    "remaining rises",
    "limit 1",
    "remaining many, reset constant",
    "reset a second from now, remaining 0",
)


async def read_all(say: Say, workers: int) -> float:
    """Read from a server that serves everything; return how many seconds it took."""
    random, told, left = Random(1), Told(), READS
    scheduler = Scheduler(Limits(app_per_minute=6 * LIMIT), random=random)

    async def work() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            async with scheduler.admit() as permit:
                await CLOCK.sleep(0.02 * random.uniform(0.7, 1.5))
                told.count()
                headers = say(told)
                await CLOCK.sleep(0.03 * random.uniform(0.7, 1.5))
                permit.observe(status=200, headers=headers)

    begun = CLOCK.now()
    await asyncio.gather(*[work() for _ in range(workers)])
    return CLOCK.now() - begun


@pytest.mark.parametrize("name", CASES)
def test_counts_that_cannot_be_true_slow_nothing_down(name: str) -> None:
    took_s = run_virtual(read_all(CASES[name], READS))

    assert took_s <= 1.1 * PACE_S + A_FEW_WINDOWS_S


@pytest.mark.parametrize("name", some_of(CASES, QUICK_ALONE))
def test_one_read_after_the_other_goes_on_as_well(name: str) -> None:
    took_s = run_virtual(read_all(CASES[name], 1))

    assert took_s <= 1.1 * PACE_S + A_FEW_WINDOWS_S


def test_a_small_limit_that_is_used_up_is_believed() -> None:
    # One call of ours a window, the last of a few: as true headers say where others call as well.
    def say(told: Told) -> Headers:
        return told.headers(limit=5, remaining=0)

    assert run_virtual(read_all(say, 1)) >= 9.0 * (READS - 1)
