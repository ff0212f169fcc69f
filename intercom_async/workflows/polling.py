"""Waiting for what the API does after its response: jobs, exports, the search index.

A job is known by its id alone, so another process can wait for it, too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import NamedTuple, Protocol, TypeVar

from intercom_async.clock import CLOCK
from intercom_async.config import check_seconds
from intercom_async.errors import DeadlineError, JobError, RateLimitedError


class Backoff(NamedTuple):
    """Pauses between polls, which grow by a factor up to a longest one."""

    first_s: float
    longest_s: float
    factor: float


JOB_BACKOFF = Backoff(first_s=1.0, longest_s=15.0, factor=1.5)
"""For jobs, which take seconds to hours: after a minute a poll costs four calls a minute
(test_polling.py::test_polls_become_rarer)."""
INDEX_BACKOFF = Backoff(first_s=0.25, longest_s=2.0, factor=2.0)
"""For new objects, which become readable within a second and searchable within some
(test_polling.py::test_polls_become_rarer)."""
BUSY_BACKOFF = Backoff(first_s=30.0, longest_s=30.0, factor=1.0)
"""For a job whose place another one occupies; such jobs take minutes
(test_polling.py::test_polls_become_rarer)."""

FAILED = frozenset({"failed", "canceled", "cancelled"})
"""Statuses of a job that has ended without its result."""

Pause = Callable[[float], Awaitable[None]]
"""Waits some seconds; raises `ClosedError` as soon as the client is closed."""


class Job(Protocol):
    """What every kind of job has."""

    @property
    def status(self) -> str | None:
        """The state of the job, in the API's words."""
        ...


J = TypeVar("J", bound=Job)


class PollIntervals:
    """The pauses between the polls of one wait; the last poll falls on the end of the wait.

    Args:
        within_s: Seconds until the last poll; None goes on for ever.
        backoff: How the pauses grow.
        pause: Waits.
    """

    def __init__(self, within_s: float | None, backoff: Backoff, *, pause: Pause) -> None:
        self.count: int = 1
        """Polls so far, the one before the first pause included."""
        self._end_s = None if within_s is None else CLOCK.now() + within_s
        self._backoff = backoff
        self._pause = pause
        self._next_s = backoff.first_s
        self._was_last = False

    async def wait(self) -> bool:
        """Wait until the next poll is due; return False, at once, after the last one."""
        pause_s = self._next_s
        if self._end_s is not None:
            left_s = self._end_s - CLOCK.now()
            if self._was_last or left_s <= 0:
                return False
            self._was_last = left_s <= pause_s
            pause_s = min(pause_s, left_s)
        await self._pause(pause_s)
        self._next_s = min(self._backoff.factor * self._next_s, self._backoff.longest_s)
        self.count += 1
        return True


async def wait_for(
    poll: Callable[[], Awaitable[J]],
    done: Collection[str],
    name: str,
    *,
    timeout_s: float | None,
    pause: Pause,
) -> J:
    """Poll a job until it is done, and return it.

    Args:
        poll: Reads the job.
        done: The statuses of a job that has its result.
        name: What the job is, for messages.
        timeout_s: Seconds after which the last poll is made; None waits as long as it takes.
        pause: Waits between polls.

    Raises:
        JobError: The job failed or was cancelled.
        DeadlineError: It was not done in time; it goes on, and can be waited for again.
    """
    check_seconds("timeout_s", timeout_s)
    polls = PollIntervals(timeout_s, JOB_BACKOFF, pause=pause)
    while True:
        job = await poll()
        if job.status in done:
            return job
        if job.status in FAILED:
            raise JobError(f"{name} ended as {job.status}")
        if not await polls.wait():
            raise DeadlineError(
                deadline_s=timeout_s or 0.0, attempts=polls.count, maybe_sent=True, call=name
            )


async def create_when_free(
    create: Callable[[], Awaitable[J]], *, busy_s: float | None, pause: Pause
) -> J:
    """Create a job, once the API has a place for it, and return it.

    Args:
        create: Creates the job.
        busy_s: Seconds to wait for jobs that occupy the place; None does not wait.
        pause: Waits between attempts.

    Raises:
        RateLimitedError: The place is still occupied.
    """
    check_seconds("busy_s", busy_s)
    polls = PollIntervals(busy_s or 0.0, BUSY_BACKOFF, pause=pause)
    while True:
        try:
            return await create()
        except RateLimitedError:
            if not await polls.wait():
                raise
