"""Full objects for a stream of ids or of what lists and searches give.

Lists leave out what was said in a conversation or ticket. To have it, each is read by itself, which
a `Hydration` does for any number of them, several at a time, with as many requests as the scheduler
lets through::

    async with intercom.conversations.hydrate(intercom.conversations.list()) as stream:
        async for full in stream:
            if full.item is None: ...         # gone since it was listed
            elif full.missing_parts: ...      # more was said than the API tells
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Protocol, TypeVar

from intercom_async.errors import ConfigError, GoneError, NotFoundError, ResponseError
from intercom_async.models import Conversation, Ticket
from .concurrency import Source, check_concurrency, check_source, fan_out

T = TypeVar("T", bound=Conversation | Ticket)

MOST_PARTS = 500
"""The API gives the newest parts of a conversation or ticket, no more; exports have older ones."""


class HasId(Protocol):
    """Anything with an id, such as what a list gives, or your own struct in its place."""

    @property
    def id(self) -> str | int:
        """The id that paths take."""
        ...


@dataclass(frozen=True, slots=True)
class Hydrated(Generic[T]):
    """One full object, or why there is none."""

    id: str
    item: T | None
    """None if it was deleted or merged since."""
    missing_parts: int = 0
    """Parts that are there but were not given, the oldest ones."""
    error: ResponseError | None = None
    """What the API answered in its place."""


class Hydration(Generic[T]):
    """A stream of full objects, read while it is iterated over.

    Each `async for` reads its source anew. Leaving one early stops what is under way when the loop
    gets to it; `async with` stops it there and then, and gives a stream to iterate over once.

    Args:
        source: Ids, or things that have one.
        fetch: What reads one object.
        concurrency: How many are read at a time.
        ordered: Whether they come in the order of the source.

    Raises:
        ConfigError: `concurrency` is no whole number from 1 to 10,000, or `source` no stream.
    """

    def __init__(
        self,
        source: Source[str | int | HasId],
        fetch: Callable[[str | int], Awaitable[T]],
        *,
        concurrency: int = 16,
        ordered: bool = False,
    ) -> None:
        self._source = check_source(source)
        self._fetch = fetch
        self._concurrency = check_concurrency(concurrency)
        self._ordered = ordered
        self._entered: list[AsyncGenerator[Hydrated[T], None]] = []

    def __repr__(self) -> str:
        return f"<Hydration, {self._concurrency} at a time>"

    def __aiter__(self) -> AsyncIterator[Hydrated[T]]:
        """Give each object once.

        Raises:
            IntercomError: One could not be read, for other reasons than that it is gone; reading
                ends there.
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

    async def _hydrate(self, entry: str | int | HasId) -> Hydrated[T]:
        key = _id_of(entry)
        try:
            item = await self._fetch(key)
        except (NotFoundError, GoneError) as error:
            return Hydrated(str(key), None, error=error)
        return Hydrated(str(key), item, missing_parts=missing_parts(item))


def missing_parts(item: Conversation | Ticket) -> int:
    """Return how many parts of a conversation or ticket the API did not give.

    Where the list is full, a conversation's statistics are asked as well, in case the list counts
    no more than it holds. They may count the message it began with, and so say one too many.
    """
    if isinstance(item, Ticket):
        parts = item.ticket_parts
        given, total = (len(parts.ticket_parts), parts.total_count) if parts else (0, 0)
        return max(total or 0, given) - given
    talk = item.conversation_parts
    given, total = (len(talk.conversation_parts), talk.total_count) if talk else (0, 0)
    counted = item.statistics.count_conversation_parts if item.statistics else 0
    is_cut = talk is None or given >= MOST_PARTS
    return max(total or 0, (counted or 0) if is_cut else 0, given) - given


def _id_of(entry: str | int | HasId) -> str | int:
    key = entry if isinstance(entry, str | int) else getattr(entry, "id", None)
    if isinstance(key, str | int) and not isinstance(key, bool):
        return key
    raise ConfigError(f"a {type(entry).__name__} is no id and has none")
