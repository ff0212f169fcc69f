"""A stream of work, done several at a time; its results are a stream again.

Nothing runs ahead without bound: when results are not taken, workers wait, and so does the source.
When the stream of results is closed, or breaks off on an error, nothing of it goes on running.
"""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
)
from contextlib import suppress
from typing import TypeVar

import anyio
from anyio.streams.memory import MemoryObjectSendStream

from intercom_async.errors import ConfigError
from .background import BackgroundTask

T = TypeVar("T")
R = TypeVar("R")

Source = AsyncIterable[T] | Iterable[T]
"""What a stream may be made of."""

_MOST_AT_ONCE = 10_000
"""All workers are made before anything is read; an app has as many requests a minute."""

_AHEAD = 2
"""In order, a slow piece of work may be overtaken by this many times as many as run at once."""


def check_concurrency(concurrency: int) -> int:
    """Return the number of pieces of work at a time.

    Raises:
        ConfigError: It is not a whole number from 1 to 10,000.
    """
    if type(concurrency) is int and 0 < concurrency <= _MOST_AT_ONCE:
        return concurrency
    is_number = type(concurrency) is int and concurrency > 0
    found = "more" if is_number else repr(concurrency)
    raise ConfigError(
        f"concurrency must be a whole number from 1 to {_MOST_AT_ONCE:,}, not {found}"
    )


def check_source(source: Source[T]) -> Source[T]:
    """Return a stream's source.

    Raises:
        ConfigError: It is a text, whose letters nobody means, or cannot be iterated over.
    """
    if isinstance(source, AsyncIterable | Iterable) and not isinstance(source, str | bytes):
        return source
    raise ConfigError(f"a stream is an iterable, async or not, but no {type(source).__name__}")


async def fan_out(
    source: Source[T],
    work: Callable[[T], Awaitable[R]],
    *,
    concurrency: int,
    ordered: bool = False,
) -> AsyncGenerator[R, None]:
    """Do a piece of work for each entry of a source and give the results.

    Args:
        source: Read by one worker at a time, when a worker is free.
        work: What is done. The first error ends everything and is raised here.
        concurrency: How many are done at a time.
        ordered: Whether results come in the order of the source; else each comes when it is there.
    """
    give, take = anyio.create_memory_object_stream[asyncio.Future[R]](
        _AHEAD * concurrency if ordered else 0
    )
    workers = _run_workers(source, work, give, concurrency, ordered=ordered)
    async with BackgroundTask(workers, on_end=give.close) as owner:
        with take:
            async for result in take:
                if not result.done():
                    await asyncio.wait((result, owner), return_when=asyncio.FIRST_COMPLETED)
                if not result.done():
                    break
                yield result.result()


async def _run_workers(
    source: Source[T],
    work: Callable[[T], Awaitable[R]],
    give: MemoryObjectSendStream[asyncio.Future[R]],
    concurrency: int,
    *,
    ordered: bool,
) -> None:
    """Keep the workers, until the source is at its end or one of them fails or is cancelled."""
    entries = _iterate(source)
    turn = asyncio.Lock()
    loop = asyncio.get_running_loop()

    async def work_on() -> None:
        while True:
            result: asyncio.Future[R] = loop.create_future()
            async with turn:
                try:
                    entry = await anext(entries)
                except StopAsyncIteration:
                    return
                if ordered:
                    await give.send(result)
            result.set_result(await work(entry))
            if not ordered:
                await give.send(result)

    workers = [asyncio.create_task(work_on()) for _ in range(concurrency)]
    try:
        # Not a task group: it takes a worker that is cancelled for one that has done its work, and
        # what that one had taken from the source would be missing without a word.
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.wait(workers)
        # An iterator that was made here is closed here; one that was given is the caller's.
        if entries is not source and isinstance(entries, AsyncGenerator):
            with suppress(RuntimeError):
                await entries.aclose()


def _iterate(source: Source[T]) -> AsyncIterator[T]:
    return aiter(source) if isinstance(source, AsyncIterable) else _one_by_one(source)


async def _one_by_one(source: Iterable[T]) -> AsyncGenerator[T, None]:
    for entry in source:
        yield entry
