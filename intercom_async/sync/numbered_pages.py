"""Reads around rows that break every numbered page with them, and says which places they have.

A page that fails says nothing of its rows. But pages of another size have other edges: it is read
again as some smaller pages, those of them that fail as smaller ones, down to pages of one row. The
rows behind it are reached by the numbers of their pages.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from typing import Any, NamedTuple, TypeAlias

from intercom_async.errors import ClosedError, ConfigError, IntercomError, UnauthorizedError
from intercom_async.models.page import Page
from .isolation_budget import IsolationBudget
from .outage import OutageError, StoppedError

NO_ANSWERS = (StoppedError, OutageError, ClosedError, UnauthorizedError, ConfigError)
"""What says nothing of a page that was asked for."""

Ask: TypeAlias = "Callable[[int, int], Awaitable[tuple[Page[Any], int]]]"
"""Reads the page of a number and a size; returns it with the moment at which its read began."""


class Piece(NamedTuple):
    """Some rows of a page that fails as a whole."""

    first: int
    """Place of its first row in the list; the list's first row has 1."""
    size: int
    page: Page[Any] | None = None
    """Its rows; None where they cannot be read."""
    read_at: int = 0
    error: IntercomError | None = None
    """Why they cannot be read."""

    @property
    def is_last(self) -> bool:
        """Whether the list ends with it."""
        return self.page is not None and self.page.checkpoint is None


async def answers_at_all(ask: Ask) -> bool:
    """Say whether one of a list's first two rows can be read by itself."""
    for number in (1, 2):
        try:
            await ask(number, 1)
        except NO_ANSWERS:
            raise
        except IntercomError:
            continue
        return True
    return False


async def read_around(
    ask: Ask,
    number: int,
    size: int,
    error: IntercomError,
    budget: IsolationBudget,
    *,
    places: Collection[int] = (),
) -> AsyncGenerator[Piece, None]:
    """Yield the pieces of a page that fails, in their order, up to the end of the list.

    Args:
        ask: Reads a page.
        number: The number of the page that fails.
        size: Its size.
        error: What it failed with.
        budget: What the whole run may spend.
        places: Places in the list that could not be read before: pages with them are cut unasked.

    Raises:
        IntercomError: The list is refused, or the run is to end.
    """
    left = [(number, size)]
    failure: IntercomError | None = error
    calls = lost = 0
    while left:
        number, size = left.pop()
        first = (number - 1) * size + 1
        if failure is None and size > 1 and any(first <= one < first + size for one in places):
            failure = error
        if failure is None:
            calls += 1
            budget.spent += 1
            piece = await _piece(ask, number, size)
            if piece.page is not None:
                yield piece
                if piece.is_last:
                    return
                continue
            failure = piece.error
        if size == 1 or budget.is_used_up(calls, 1 + lost):
            lost += 1
            yield Piece(first, size, error=failure)
        else:
            parts = _fewest_parts(size)
            begin = (number - 1) * parts + 1
            left += [(begin + part, size // parts) for part in reversed(range(parts))]
        failure = None


async def _piece(ask: Ask, number: int, size: int) -> Piece:
    first = (number - 1) * size + 1
    try:
        page, read_at = await ask(number, size)
    except NO_ANSWERS:
        raise
    except IntercomError as error:
        return Piece(first, size, error=error)
    return Piece(first, size, page, read_at)


def _fewest_parts(size: int) -> int:
    """Return into how few pages of one size a page can be cut; more than one."""
    return next(parts for parts in range(2, size + 1) if size % parts == 0)
