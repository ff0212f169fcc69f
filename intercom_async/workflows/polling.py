"""Waiting for what the API does after its response: jobs, exports, the search index.

A job is known by its id alone, so another process can wait for it, too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from typing import NamedTuple, Protocol, TypeVar

from intercom_async.clock import CLOCK
from intercom_async.config import check_seconds
from intercom_async.errors import (
    DeadlineError,
    IntercomError,
    JobError,
    RateLimitedError,
    ServerError,
    TransportError,
    WaitTooLongError,
)

log: logging.Logger = logging.getLogger("intercom_async")


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

LAST_POLL_S = 10.0
"""Seconds that the answer to a poll may come after the end of the wait: a server that hangs makes
no wait of 30 s one of five minutes (test_polling.py::test_a_server_that_hangs_ends_a_wait_soon)."""
PATIENCE_S = 300.0
"""Seconds without an answered poll after which a wait fails as the poll did; a shorter outage does
not end the wait for an hour's export (test_polling.py::test_an_outage_does_not_end_a_wait)."""

PASSING = (TransportError, ServerError, RateLimitedError, WaitTooLongError, DeadlineError)
"""Failures of a poll that the next one may not have."""

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


T = TypeVar("T")
J = TypeVar("J", bound=Job)


class PollIntervals:
    """The polls of one wait and the pauses between them; the last poll falls on the wait's end.

    Args:
        within_s: Seconds until the last poll; None goes on for ever.
        backoff: How the pauses grow.
        pause: Waits.
        name: What is waited for, for messages.
        has_answered: Whether the server has answered just now.
    """

    def __init__(
        self,
        within_s: float | None,
        backoff: Backoff,
        *,
        pause: Pause,
        name: str = "",
        has_answered: bool = False,
    ) -> None:
        now = CLOCK.now()
        self.count: int = 1
        """Polls so far, the one before the first pause included."""
        self.error: IntercomError | None = None
        """What the last poll failed with."""
        self._within_s = within_s
        self._end_s = None if within_s is None else now + within_s
        self._backoff = backoff
        self._pause = pause
        self._name = name
        self._next_s = backoff.first_s
        self._begun_s = now
        self._answered_s = now if has_answered else None

    async def look(self, poll: Callable[[], Awaitable[T]]) -> T | None:
        """Poll once; None stands for a failure that may pass, as that of a server that restarts.

        Raises:
            DeadlineError: There was no answer for a while after the wait's end.
            IntercomError: The poll failed for good, or no poll has been answered for too long.
        """
        self.error = None
        limit = asyncio.timeout_at(None if self._end_s is None else self._end_s + LAST_POLL_S)
        try:
            async with limit:
                found = await poll()
        except TimeoutError:
            if not limit.expired():
                raise
            raise self.late() from None
        except PASSING as error:
            now = CLOCK.now()
            if self._answered_s is None or now > self._answered_s + PATIENCE_S:
                raise
            log.info("%s: a poll failed (%s)", self._name, type(error).__name__)
            self.error = error
            return None
        self._answered_s = CLOCK.now()
        return found

    async def wait(self) -> bool:
        """Wait until the next poll is due; return False, at once, after the last one."""
        pause_s = self._next_s
        if self._end_s is not None:
            if self._begun_s >= self._end_s:
                return False
            pause_s = max(0.0, min(pause_s, self._end_s - CLOCK.now()))
        await self._pause(pause_s)
        self._begun_s = CLOCK.now()
        self._next_s = min(self._backoff.factor * self._next_s, self._backoff.longest_s)
        self.count += 1
        return True

    def late(self) -> DeadlineError:
        """Return the error of a wait that has ended without what it waited for."""
        return DeadlineError(
            deadline_s=self._within_s or 0.0, attempts=self.count, maybe_sent=True, call=self._name
        )


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
    polls = PollIntervals(timeout_s, JOB_BACKOFF, pause=pause, name=name)
    while True:
        job = await polls.look(poll)
        if job is not None and job.status in done:
            return job
        if job is not None and job.status in FAILED:
            raise JobError(f"{name} ended as {job.status}")
        if not await polls.wait():
            raise polls.late() from polls.error


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
