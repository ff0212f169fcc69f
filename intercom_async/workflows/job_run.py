"""Many writes by the bulk jobs of Preview: up to 100 items a request, written after the answer.

A job says whether it refused items, and not which: of one that did, every item fails, and those of
them that were written are found by reading. A request is a job of its own, so that a refusal fails
100 items at most.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Generic, Protocol, TypeVar, Unpack

from intercom_async.errors import (
    ClosedError,
    ConfigError,
    IntercomError,
    JobError,
    UnauthorizedError,
)
from .bulk import BulkOptions, BulkPlan, BulkRun, Done, Failed
from .concurrency import Source, fan_out
from .polling import Pause, wait_for

Item = TypeVar("Item")

MAX_ITEMS = 100
"""Items of one request (test_job_run.py::test_a_request_takes_a_hundred_items)."""
CALLS = 2
"""Calls that a request takes at least: itself, and one read of its job."""
_DONE = frozenset({"completed", "completed_with_errors"})


class AnyJob(Protocol):
    """What is needed of a job."""

    @property
    def id(self) -> str:
        """The id it is read by."""
        ...

    @property
    def status(self) -> str | None:
        """How far it is."""
        ...


J = TypeVar("J", bound=AnyJob)

_Numbered = tuple[int, Item]


class JobRun(BulkRun[Item, J], Generic[Item, J]):
    """A stream of results of items that jobs write; nothing is sent before it is iterated over.

    Args:
        source: The items; read no faster than they can be written.
        submit: Sends up to 100 items, and returns their job.
        get: Reads a job.
        check: Raises for an item that cannot be sent.
        rate_per_s: Returns the requests a second that the rate limit allows.
        pause: Waits between two reads of a job.
        options: As of `BulkRun`; `concurrency` counts jobs, not items.
    """

    def __init__(
        self,
        source: Source[Item],
        submit: Callable[[list[Item]], Awaitable[J]],
        get: Callable[[str], Awaitable[J]],
        *,
        check: Callable[[Item], object],
        rate_per_s: Callable[[], float],
        pause: Pause,
        **options: Unpack[BulkOptions],
    ) -> None:
        super().__init__(source, _never, check=check, rate_per_s=rate_per_s, **options)
        self._submit = submit
        self._get = get
        self._pause = pause

    async def plan(self) -> BulkPlan[Item]:
        """Read the source, send nothing, and return what a run would do with it, at least."""
        found = await super().plan()
        calls = CALLS * math.ceil((found.items - len(found.rejected)) / MAX_ITEMS)
        return BulkPlan(found.items, calls, calls / self._rate_per_s(), found.rejected)

    async def _results(self) -> AsyncGenerator[Done[Item, J] | Failed[Item], None]:
        batches = fan_out(
            self._batches(), self._write_batch, concurrency=self._concurrency, ordered=self._ordered
        )
        async with aclosing(batches):
            async for results in batches:
                for result in results:
                    yield result

    async def _batches(self) -> AsyncGenerator[list[_Numbered[Item]], None]:
        batch: list[_Numbered[Item]] = []
        async with aclosing(self._items()) as numbered:
            async for each in numbered:
                batch.append(each)
                if len(batch) == MAX_ITEMS:
                    yield batch
                    batch = []
        if batch:
            yield batch

    async def _write_batch(
        self, batch: list[_Numbered[Item]]
    ) -> list[Done[Item, J] | Failed[Item]]:
        results: list[Done[Item, J] | Failed[Item]] = []
        sound: list[_Numbered[Item]] = []
        for position, item in batch:
            try:
                self._check(item)
            except (IntercomError, TypeError) as error:
                results.append(Failed(item, error, position))
            else:
                sound.append((position, item))
        if sound:
            results += await self._written(sound)
        return sorted(results, key=lambda one: one.position)

    async def _written(self, batch: list[_Numbered[Item]]) -> list[Done[Item, J] | Failed[Item]]:
        try:
            job = await self._submit([item for _, item in batch])
            done = await wait_for(
                lambda: self._get(job.id), _DONE, "the job", timeout_s=None, pause=self._pause
            )
        except (ClosedError, ConfigError, UnauthorizedError):
            raise
        except IntercomError as error:
            return [Failed(item, error, position) for position, item in batch]
        if done.status == "completed":
            return [Done(item, done, position) for position, item in batch]
        refusal = JobError(
            f"the job refused one or more of these {len(batch)} items; the API does not say which"
        )
        return [Failed(item, refusal, position) for position, item in batch]


async def _never(_: object) -> Any:
    raise NotImplementedError  # a job writes items, never one by one
