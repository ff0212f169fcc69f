"""Concurrent work on a stream, whose results are a stream again, with back-pressure.

When results are not taken, the workers wait, and so the source is not read further. When the stream
of results is closed or fails, every worker is cancelled and awaited.
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
    Mapping,
)
from contextlib import suppress
from typing import Any, TypeVar

import anyio
from anyio.streams.memory import MemoryObjectSendStream

from intercom_async.clock import running_loop
from intercom_async.config import shown
from intercom_async.errors import ConfigError
from .background import BackgroundTask

T = TypeVar("T")
R = TypeVar("R")

Source = AsyncIterable[T] | Iterable[T]
"""An iterable, asynchronous or not."""

CONCURRENCY = 16
"""Workers where the caller gives no number
(test_bulk.py::test_memory_is_bounded_where_results_are_not_taken)."""
MAX_CONCURRENCY = 10_000
"""Largest number of workers. All are started before the source is read, and no app has more
requests a minute (test_hydration.py::test_impossible_settings_are_refused_at_once)."""
RESULTS_PER_WORKER = 2
"""Results that may wait in order for a slow earlier one, as a multiple of the workers. Without a
bound, one slow call would let the rest of a long stream pile up in memory
(test_hydration.py::test_results_that_are_not_taken_stop_the_workers)."""


def check_concurrency(concurrency: int) -> int:
    """Return a number of workers.

    Raises:
        ConfigError: It is not a whole number from 1 to 10,000.
    """
    if type(concurrency) is int and 0 < concurrency <= MAX_CONCURRENCY:
        return concurrency
    is_number = type(concurrency) is int and concurrency > 0
    found = "more" if is_number else shown(concurrency)
    raise ConfigError(
        f"concurrency must be a whole number from 1 to {MAX_CONCURRENCY:,}, not {found}"
    )


def check_options(options: Mapping[str, object], kind: Any) -> None:
    """Check the names of options.

    Args:
        options: The options.
        kind: The `TypedDict` of those that there are.

    Raises:
        TypeError: There is none of a name; the message has those that there are.
    """
    known: frozenset[str] = kind.__optional_keys__
    unknown = sorted(options.keys() - known)
    if unknown:
        raise TypeError(
            f"unknown option {', '.join(unknown)}; there are {', '.join(sorted(known))}"
        )


def check_source(source: Source[T]) -> Source[T]:
    """Return the source of a stream.

    Raises:
        ConfigError: It is no iterable, or a str, bytes or a dict, whose characters and keys nobody
            means.
    """
    kind = type(source).__name__
    is_one = isinstance(source, str | bytes | Mapping)
    if isinstance(source, AsyncIterable | Iterable) and not is_one:
        return source
    raise ConfigError(f"a stream is an iterable, async or not, but no {kind}")


async def fan_out(
    source: Source[T],
    work: Callable[[T], Awaitable[R]],
    *,
    concurrency: int,
    ordered: bool = False,
) -> AsyncGenerator[R, None]:
    """Call `work` with each entry of a source, concurrently, and yield the results.

    Args:
        source: Read by one worker only, when a worker is free.
        work: Called for each entry; its first error ends the stream and is raised here.
        concurrency: Number of workers.
        ordered: Whether results come in the order of the source, else each as soon as it is ready.

    Raises:
        ConfigError: No loop of asyncio runs.
    """
    running_loop()
    send, receive = anyio.create_memory_object_stream[asyncio.Future[R]](
        RESULTS_PER_WORKER * concurrency if ordered else 0
    )
    workers = _run_workers(source, work, send, concurrency, ordered=ordered)
    async with BackgroundTask(workers, on_end=send.close) as owner:
        with receive:
            async for result in receive:
                if not result.done():
                    await asyncio.wait((result, owner), return_when=asyncio.FIRST_COMPLETED)
                if not result.done():
                    break
                yield result.result()


async def _run_workers(
    source: Source[T],
    work: Callable[[T], Awaitable[R]],
    send: MemoryObjectSendStream[asyncio.Future[R]],
    concurrency: int,
    *,
    ordered: bool,
) -> None:
    """Run the workers until the source ends, or one of them fails or is cancelled."""
    entries = _iterate(source)
    source_lock = asyncio.Lock()
    loop = asyncio.get_running_loop()

    async def work_on() -> None:
        while True:
            result: asyncio.Future[R] = loop.create_future()
            async with source_lock:
                try:
                    entry = await anext(entries)
                except StopAsyncIteration:
                    return
                if ordered:
                    await send.send(result)
            result.set_result(await work(entry))
            if not ordered:
                await send.send(result)

    workers = [asyncio.create_task(work_on()) for _ in range(concurrency)]
    try:
        # Not a task group: it takes a cancelled worker for a finished one, and the entry which that
        # worker had taken from the source would be missing from the results in silence.
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.wait(workers)
        # An iterator made here is closed here; one passed in belongs to the caller.
        if entries is not source and isinstance(entries, AsyncGenerator):
            with suppress(RuntimeError):
                await entries.aclose()


def _iterate(source: Source[T]) -> AsyncIterator[T]:
    return aiter(source) if isinstance(source, AsyncIterable) else _iterate_async(source)


async def _iterate_async(source: Iterable[T]) -> AsyncGenerator[T, None]:
    for entry in source:
        yield entry
