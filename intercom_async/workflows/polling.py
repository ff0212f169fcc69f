"""Work that goes on after the answer: waiting for it, and reading the rows it made.

A job is known by its id alone, so another process can go on waiting for it.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
)
from typing import Protocol, TypeVar

from intercom_async.clock import CLOCK
from intercom_async.config import check_seconds
from intercom_async.errors import DeadlineError, DecodeError, JobError, RateLimitedError

FIRST_LOOK_S, LONGEST_LOOK_S = 1.0, 15.0
SOON_S, LATER_S = 0.25, 2.0
BUSY_LOOK_S = 30.0
"""How often a job that has to wait for another one is asked for again."""

FAILED = frozenset({"failed", "canceled", "cancelled"})


class Job(Protocol):
    """What every kind of job has."""

    @property
    def status(self) -> str | None:
        """How far it is."""
        ...


J = TypeVar("J", bound=Job)


async def wait_for(
    look: Callable[[], Awaitable[J]],
    done: Collection[str],
    name: str,
    *,
    timeout_s: float | None,
) -> J:
    """Look at a job, less often the longer it takes, until it is done, and return it.

    Args:
        look: Asks for the job.
        done: The statuses of a job that has done its work.
        name: What it is, for messages.
        timeout_s: How long to wait; None waits as long as it takes.

    Raises:
        JobError: It failed or was given up.
        DeadlineError: It was not done in time; it goes on, and can be waited for again.
    """
    check_seconds("timeout_s", timeout_s)
    begun_s, pause_s, looks = CLOCK.now(), FIRST_LOOK_S, 0
    while True:
        job = await look()
        looks += 1
        if job.status in done:
            return job
        if job.status in FAILED:
            raise JobError(f"{name} ended as {job.status}")
        if timeout_s is not None and CLOCK.now() + pause_s - begun_s > timeout_s:
            raise DeadlineError(deadline_s=timeout_s, attempts=looks, maybe_sent=True, call=name)
        await CLOCK.sleep(pause_s)
        pause_s = min(1.5 * pause_s, LONGEST_LOOK_S)


async def begin(create: Callable[[], Awaitable[J]], *, busy_s: float | None) -> J:
    """Begin a job, once a place for it is free, and return it.

    Args:
        create: Asks for the job.
        busy_s: How long to wait for jobs that are in the way; None does not wait.

    Raises:
        RateLimitedError: Others are still in the way.
    """
    check_seconds("busy_s", busy_s)
    end_s = CLOCK.now() + (busy_s or 0.0)
    while True:
        try:
            return await create()
        except RateLimitedError:
            if CLOCK.now() + BUSY_LOOK_S > end_s:
                raise
        await CLOCK.sleep(BUSY_LOOK_S)


async def csv_rows(chunks: AsyncIterable[bytes]) -> AsyncGenerator[dict[str, str], None]:
    """Read CSV with a line of names, row by row, holding no more than one row.

    Raises:
        DecodeError: A row has more values than there are names, or the text is not UTF-8.
    """
    names: list[str] | None = None
    async for record in _records(chunks):
        values = _values(record)
        if names is None:
            names = values
        elif len(values) > len(names):
            raise DecodeError(f"a row of the export has {len(values)} values, not {len(names)}")
        elif values:
            yield dict(zip(names, values, strict=False))


def _values(record: str) -> list[str]:
    try:
        return [value for values in csv.reader([record]) for value in values]
    except csv.Error as error:
        raise DecodeError(f"a row of the export cannot be read: {error}") from None


async def _records(chunks: AsyncIterable[bytes]) -> AsyncGenerator[str, None]:
    """Cut text into records: lines, and those with a line feed inside quotation marks whole."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    pending = ""
    try:
        async for chunk in chunks:
            lines = (pending + decoder.decode(chunk)).splitlines(keepends=True)
            pending = ""
            for line in lines:
                pending += line
                if line.endswith("\n") and pending.count('"') % 2 == 0:
                    yield pending.rstrip("\r\n")
                    pending = ""
        pending += decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise DecodeError("the export is not text in UTF-8") from None
    if pending:
        yield pending.rstrip("\r\n")


async def looks(within_s: float) -> AsyncIterator[None]:
    """Come up now and again until the time is over, less often each time.

    For what the API has done and does not show yet.
    """
    end_s = CLOCK.now() + within_s
    pause_s = SOON_S
    while True:
        yield
        if CLOCK.now() + pause_s > end_s:
            return
        await CLOCK.sleep(pause_s)
        pause_s = min(2 * pause_s, LATER_S)
