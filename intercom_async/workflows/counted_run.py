"""A run of many writes that can be awaited as well, for writes that return nothing.

count = await intercom.events.create_many(events)
async for result in intercom.events.create_many(events): ...
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from contextlib import aclosing
from types import TracebackType
from typing import Any, TypeVar, Unpack, cast

from intercom_async.errors import ConfigError, ResponseError, ServerError
from .bulk import BulkOptions, BulkRun, Done
from .concurrency import Source

Item = TypeVar("Item")


class CountedRun(BulkRun[Item, None], Coroutine[Any, Any, int]):
    """A stream of results; awaited, it writes every item and returns how many were accepted.

    Args:
        source: The items; read no faster than they can be written.
        write: Writes one item.
        check: Raises for an item that cannot be sent.
        rate_per_s: Returns the requests a second that the rate limit allows.
        on_refused: Called, when the run is awaited, with each item that the API refuses; without
            it the first refused item ends the run.
        options: As of `BulkRun`.
    """

    def __init__(
        self,
        source: Source[Item],
        write: Callable[[Item], Coroutine[Any, Any, None]],
        *,
        check: Callable[[Item], object],
        rate_per_s: Callable[[], float],
        on_refused: Callable[[Item, ResponseError], None] | None = None,
        **options: Unpack[BulkOptions],
    ) -> None:
        super().__init__(source, write, check=check, rate_per_s=rate_per_s, **options)
        if on_refused is not None and not callable(on_refused):
            raise ConfigError("on_refused must be a function")
        self._on_refused = on_refused
        self._awaited: Coroutine[Any, Any, int] | None = None

    async def _run(self) -> int:
        done = 0
        results = cast("Any", aiter(self))  # an asynchronous generator
        async with aclosing(results):
            async for result in results:
                if isinstance(result, Done):
                    done += 1
                    continue
                error = result.error
                is_refused = isinstance(error, ResponseError) and not isinstance(error, ServerError)
                if self._on_refused is None or not is_refused:
                    raise error
                self._on_refused(result.item, error)
        return done

    # What makes it a coroutine, so that `asyncio.create_task` takes it.

    def __await__(self) -> Generator[Any, Any, int]:
        """Write every item and return how many were accepted.

        Raises:
            IntercomError: An item was refused.
            TypeError: An item has a field that is not known.
        """
        return self._run().__await__()

    def send(self, value: Any) -> Any:
        """Run to the next suspension, as the event loop does."""
        self._awaited = self._awaited or self._run()
        return self._awaited.send(value)

    def throw(
        self,
        kind: type[BaseException] | BaseException,
        error: BaseException | object = None,
        traceback: TracebackType | None = None,
    ) -> Any:
        """Raise an error at the suspension, as a cancel does."""
        self._awaited = self._awaited or self._run()
        del traceback
        return self._awaited.throw(kind if error is None else cast("BaseException", error))

    def close(self) -> None:
        """End the run."""
        if self._awaited is not None:
            self._awaited.close()
