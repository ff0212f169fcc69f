"""Many writes from a stream of items: concurrent, in bounded memory, with a result for each item.

    async for result in intercom.contacts.update_many(rows):
        if isinstance(result, Failed):
            report(result.item, result.error)

An item that the API refuses ends nothing but itself. What every item would meet (a token that is
refused, a client that is closed) ends the run. Results come as soon as they are ready, or in the
order of the items. `on_progress` says how many items from the beginning are finished, which is what
`skip` takes in a later run.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Generic, TypedDict, TypeVar, Unpack

from intercom_async.config import check_able, check_count, check_kind
from intercom_async.errors import ClosedError, IntercomError, UnauthorizedError
from .concurrency import (
    CONCURRENCY,
    Source,
    check_concurrency,
    check_options,
    check_source,
    fan_out,
)

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Done(Generic[Item, Result]):
    """An item that was written, and what the API returned."""

    item: Item
    result: Result
    position: int
    """Place of the item in its source, from 0."""


@dataclass(frozen=True, slots=True)
class Failed(Generic[Item]):
    """An item that was refused before it was sent, or by the API."""

    item: Item
    error: Exception
    position: int
    """Place of the item in its source, from 0."""


@dataclass(frozen=True, slots=True)
class BulkProgress:
    """How far a run has come, by the results that its caller has taken."""

    done: int
    failed: int
    resume_from: int
    """Items from the beginning of the source that are all finished; what `skip` takes."""


@dataclass(frozen=True, slots=True)
class BulkPlan(Generic[Item]):
    """What a run would do, found out without sending anything."""

    items: int
    calls: int
    """Requests that the items take, if none of them is in conflict with another one."""
    seconds: float
    """Time that these take at the present rate limit, if nothing else uses it."""
    rejected: list[Failed[Item]] = field(default_factory=list[Failed[Item]])
    """Items that could not be sent."""


class BulkOptions(TypedDict, total=False):
    """How many writes are made."""

    concurrency: int
    """Items written concurrently; 16 if left out."""
    ordered: bool
    """Whether results come in the order of the items, else each as soon as it is ready."""
    skip: int
    """Items at the beginning of the source that an earlier run has finished."""
    on_progress: Callable[[BulkProgress], None]
    """Called after each result that was taken."""


class BulkRun(Generic[Item, Result]):
    """A stream of results; nothing is sent before it is iterated over.

    Args:
        source: The items; read no faster than they can be written.
        write: Writes one item.
        check: Raises for an item that cannot be sent.
        calls: Requests that one item takes.
        rate_per_s: Returns the requests a second that the rate limit allows.

    Raises:
        ConfigError: An option cannot work, or `source` is no iterable.
        TypeError: There is no option of that name.
    """

    def __init__(
        self,
        source: Source[Item],
        write: Callable[[Item], Awaitable[Result]],
        *,
        check: Callable[[Item], object],
        rate_per_s: Callable[[], float],
        calls: Callable[[Item], int] = lambda _: 1,
        **options: Unpack[BulkOptions],
    ) -> None:
        check_options(options, BulkOptions)
        skip = check_count("skip", options.get("skip", 0), least=0)
        on_progress = options.get("on_progress")
        check_able("on_progress", on_progress, may_be_none=True)
        check_kind("ordered", options.get("ordered", False), bool, "True or False")
        self._source = check_source(source)
        self._write = write
        self._check = check
        self._calls = calls
        self._rate_per_s = rate_per_s
        self._concurrency = check_concurrency(options.get("concurrency", CONCURRENCY))
        self._ordered = options.get("ordered", False)
        self._skip = skip
        self._on_progress = on_progress

    def __repr__(self) -> str:
        return f"<BulkRun, {self._concurrency} concurrently>"

    async def __aiter__(self) -> AsyncIterator[Done[Item, Result] | Failed[Item]]:
        """Yield a result for each item.

        Raises:
            UnauthorizedError: The token was refused.
            ClosedError: The client was closed.
        """
        done = failed = 0
        ahead: set[int] = set()
        finished = self._skip
        async with aclosing(self._results()) as results:
            async for result in results:
                yield result
                failed += isinstance(result, Failed)
                done += isinstance(result, Done)
                ahead.add(result.position)
                while finished in ahead:
                    ahead.remove(finished)
                    finished += 1
                if self._on_progress is not None:
                    self._on_progress(BulkProgress(done, failed, finished))

    def _results(self) -> AsyncGenerator[Done[Item, Result] | Failed[Item], None]:
        return fan_out(
            self._items(), self._work, concurrency=self._concurrency, ordered=self._ordered
        )

    async def plan(self) -> BulkPlan[Item]:
        """Read the source, send nothing, and return what a run would do with it.

        A source that can be iterated over only once is used up by this.
        """
        items = calls = 0
        rejected: list[Failed[Item]] = []
        async with aclosing(self._items()) as numbered:
            async for position, item in numbered:
                items += 1
                try:
                    self._check(item)
                except (IntercomError, TypeError) as error:
                    rejected.append(Failed(item, error, position))
                else:
                    calls += self._calls(item)
        return BulkPlan(items, calls, calls / self._rate_per_s(), rejected)

    async def _items(self) -> AsyncGenerator[tuple[int, Item], None]:
        position = 0
        async for item in _each(self._source):
            if position >= self._skip:
                yield position, item
            position += 1

    async def _work(self, numbered: tuple[int, Item]) -> Done[Item, Result] | Failed[Item]:
        position, item = numbered
        try:
            self._check(item)
            return Done(item, await self._write(item), position)
        except (ClosedError, UnauthorizedError):
            raise
        except (IntercomError, TypeError) as error:
            return Failed(item, error, position)


async def _each(source: Source[Item]) -> AsyncGenerator[Item, None]:
    if isinstance(source, AsyncIterable):
        async for item in source:
            yield item
    else:
        for item in source:
            yield item
