"""Full objects for a stream of ids, or of objects as lists and searches return them.

Lists leave the parts of a conversation or ticket out, so each object has to be read by its id. A
`Hydration` does that concurrently, as fast as the scheduler admits the requests::

    async with intercom.conversations.hydrate(intercom.conversations.list()) as stream:
        async for full in stream:
            if full.item is None: ...         # deleted or merged since it was listed
            elif full.missing_parts: ...      # older parts that the API does not return
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Protocol, TypeVar, Unpack
from uuid import UUID

from intercom_async.codec.plain import plain
from intercom_async.config import check_kind
from intercom_async.errors import ConfigError, GoneError, NotFoundError, ResponseError
from intercom_async.fields import HydrationOptions
from intercom_async.models import Conversation, Ticket
from .concurrency import (
    CONCURRENCY,
    Source,
    check_concurrency,
    check_options,
    check_source,
    fan_out,
)

T = TypeVar("T", bound=Conversation | Ticket)

MAX_PARTS = 500
"""Parts of a conversation or ticket that the API returns, the newest ones; exports have the older
ones (test_hydration.py::test_missing_parts_are_counted)."""


class HasId(Protocol):
    """Anything with an id: an item of a list, or a struct of yours."""

    @property
    def id(self) -> str | int | UUID:
        """Intercom's id."""
        ...


@dataclass(frozen=True, slots=True)
class Hydrated(Generic[T]):
    """One full object, or the reason why there is none."""

    id: str
    item: T | None
    """None if the object was deleted or merged."""
    missing_parts: int = 0
    """Parts that exist but were not returned, the oldest ones."""
    error: ResponseError | None = None
    """The API's response where there is no object."""


class Hydration(Generic[T]):
    """A stream of full objects, read while it is iterated over.

    Each `async for` reads the source from its beginning. A loop that is left early stops its
    requests when the generator is finalised; `async with` stops them on leaving the block, and
    gives a stream that can be iterated over once.

    Args:
        source: Ids, or objects that have one.
        fetch: Reads one object.
        options: Concurrency and order.

    Raises:
        ConfigError: `concurrency` is no whole number from 1 to 10,000, or `source` is no iterable.
        TypeError: There is no option of that name.
    """

    def __init__(
        self,
        source: Source[str | int | UUID | HasId],
        fetch: Callable[[str | int], Awaitable[T]],
        **options: Unpack[HydrationOptions],
    ) -> None:
        check_options(options, HydrationOptions)
        self._source = check_source(source)
        self._fetch = fetch
        self._concurrency = check_concurrency(options.get("concurrency", CONCURRENCY))
        ordered = options.get("ordered", False)
        self._ordered = check_kind("ordered", ordered, bool, "True or False")
        self._entered: list[AsyncGenerator[Hydrated[T], None]] = []

    def __repr__(self) -> str:
        return f"<Hydration, {self._concurrency} concurrently>"

    def __aiter__(self) -> AsyncIterator[Hydrated[T]]:
        """Yield each object once.

        Raises:
            IntercomError: An object could not be read for another reason than 404 or 410; the
                stream ends there.
        """
        return self._run()

    async def __aenter__(self) -> AsyncGenerator[Hydrated[T], None]:
        self._entered.append(self._run())
        return self._entered[-1]

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._entered.pop().aclose()

    def _run(self) -> AsyncGenerator[Hydrated[T], None]:
        return fan_out(
            self._source, self._hydrate, concurrency=self._concurrency, ordered=self._ordered
        )

    async def _hydrate(self, entry: str | int | UUID | HasId) -> Hydrated[T]:
        key = _id_of(entry)
        try:
            item = await self._fetch(key)
        except (NotFoundError, GoneError) as error:
            return Hydrated(str(key), None, error=error)
        return Hydrated(str(key), item, missing_parts=missing_parts(item))


def missing_parts(item: Conversation | Ticket) -> int:
    """Return the number of parts of a conversation or ticket that the API did not return.

    Where the list of parts is full, a conversation's statistics count as well, in case the list's
    total covers only what the list holds. They may include the first message, and so be one too
    high.
    """
    if isinstance(item, Ticket):
        parts = item.ticket_parts
        given, total = (len(parts.ticket_parts), parts.total_count) if parts else (0, 0)
        return max(total or 0, given) - given
    listed = item.conversation_parts
    given, total = (len(listed.conversation_parts), listed.total_count) if listed else (0, 0)
    counted = item.statistics.count_conversation_parts if item.statistics else 0
    is_cut = listed is None or given >= MAX_PARTS
    return max(total or 0, (counted or 0) if is_cut else 0, given) - given


def _id_of(entry: str | int | UUID | HasId) -> str | int:
    found = plain(entry)
    key = found if isinstance(found, str | int) else plain(getattr(entry, "id", None))
    if isinstance(key, str | int) and not isinstance(key, bool):
        return key
    raise ConfigError(f"a {type(entry).__name__} is no id and has none")
