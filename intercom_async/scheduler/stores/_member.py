"""What a process keeps of itself in a store, whatever the store is kept in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import partial
from secrets import token_hex
from types import TracebackType
from typing import Any, NamedTuple, Self

from intercom_async.clock import CLOCK, Clock
from intercom_async.config import check_able, check_kind, is_positive_number
from intercom_async.errors import ConfigError
from ._requests import StoreRequests
from .base import INTERACTIVE_MELT_S, Ask, Known, Lease, StoreStatistics

MEMBER_TTL_S = 30
"""Seconds after which a process that was not heard of is no member any more
(test_redis_store.py::test_every_key_expires_and_lies_in_the_slot_of_its_budget)."""
WINDOWS_KEPT = 3
"""Lengths of a window for which its account is kept after the last request for it
(test_postgres_store.py::test_accounts_of_old_windows_are_dropped)."""
CONNECT_WITHIN_S = 5.0
"""Seconds for the first answer, in which a connection and, once, tables are made
(no test: what it has to be depends on the network)."""
LONGEST_ANSWER_S = 60.0
"""Seconds that may be set for an answer at most: a larger value is a mistake in the unit
(test_budget_stores.py::test_a_bound_that_is_no_number_of_seconds_is_refused)."""


def check_bound(answer_within_s: float) -> None:
    """Refuse what is no time for an answer.

    Raises:
        ConfigError: It is no number of seconds above 0, or too many of them.
    """
    is_number = is_positive_number(answer_within_s)
    if not is_number or not 0 < answer_within_s <= LONGEST_ANSWER_S:
        raise ConfigError(
            f"answer_within_s must be above 0 and at most {LONGEST_ANSWER_S:.0f} seconds"
        )


class LeaseRequest(NamedTuple):
    """A lease as it is asked of the server."""

    ask: Ask
    freezes: bool
    """Whether the window is closed for all."""
    clock: tuple[float, float] | None
    """Bounds of Intercom's clock less the store's, seconds."""

    @property
    def left_s(self) -> float:
        """Seconds of the window that are left, at most its length."""
        return max(0.0, min(self.ask.left_s, self.ask.window_ms / 1000))

    @property
    def expecting_s(self) -> float:
        """Seconds in which interactive calls need calls of the window; 0.0 for one of them."""
        if self.ask.is_interactive:
            return 0.0
        return self.left_s + min(max(self.ask.doubt_s, 0.0), self.ask.window_ms / 1000)

    @property
    def melting(self) -> float:
        """What is left, from 1 to 0, of the share kept for interactive calls; 0: none is."""
        if self.ask.is_interactive:
            return 0.0
        return min(1.0, self.left_s / (INTERACTIVE_MELT_S * min(1.0, self.ask.window_ms / 10_000)))


class Granted(NamedTuple):
    """What the server has granted."""

    calls: int
    left: int
    kept: int
    members: int
    is_frozen: bool
    clock: tuple[float, float] | None
    """Bounds of Intercom's clock less the store's, seconds, as some process has told them."""


class StoreMember(ABC):
    """The part of a `BudgetStore` that does not depend on its server.

    Args:
        answer_within_s: Seconds after which the store counts as unavailable.
        required: Whether a store that does not answer at the start is an error.
        clock: The source of time.

    Raises:
        ConfigError: `answer_within_s` is no number of seconds above 0, or `required` neither True
            nor False.
    """

    def __init__(self, answer_within_s: float, *, required: bool, clock: Clock = CLOCK) -> None:
        check_bound(answer_within_s)
        check_kind("required", required, bool, "True or False")
        check_able("clock", clock, "now")
        self.member: str = token_hex(8)
        """Name of this process in the store."""
        self._clock = clock
        self._required = required
        self._requests = StoreRequests(answer_within_s, clock=clock)
        self._offset: tuple[float, float] | None = None
        self._joined: set[tuple[str, str]] = set()
        self._members = 1
        self._left = 0
        self._leased = 0
        self._returned = 0

    def __repr__(self) -> str:
        state = "available" if self._requests.is_available else "unavailable"
        return f"<{type(self).__name__} {state}, {self._members} members>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    # What each server does --------------------------------------------------------------------

    @abstractmethod
    async def _join(self, budget: str, app: str) -> tuple[Any, Any, Any, Any]:
        """Become a member; return limit, length (ms) and the clock's bounds, or falsy values."""

    @abstractmethod
    async def _grant(self, request: LeaseRequest) -> Granted:
        """Grant calls of a window."""

    @abstractmethod
    async def _leave(self, budget: str, app: str) -> None:
        """Stop being a member."""

    @abstractmethod
    async def _close(self) -> None:
        """Close what the store has opened."""

    # BudgetStore ------------------------------------------------------------------------------

    async def join(self, *, budget: str, app: str) -> Known | None:
        """Return what other processes know of the server's windows; None if nobody does.

        Raises:
            ConfigError: The store is `required` and cannot be used; the message says why.
        """
        found = await self._requests.send(
            partial(self._join, budget, app), within_s=CONNECT_WITHIN_S
        )
        if found is None:
            if self._required:
                raise ConfigError(
                    f"the budget store is required and cannot be used ({self._requests.reason})"
                )
            return None
        self._joined.add((budget, app))
        limit, window_ms, low, high = found
        if not limit or not window_ms or not low or not high:
            return None
        clock = self._of_this_loop((float(low), float(high)))
        if clock is None:
            return None
        return Known(limit=int(limit), window_ms=int(window_ms), clock=clock)

    async def lease(self, ask: Ask) -> Lease | None:
        """Lease calls of a window; None if the server does not answer in time."""
        return await self._ask(ask)

    async def give_back(self, ask: Ask) -> None:
        """Return the `returned` calls of a window that this process will not send."""
        await self._ask(ask)

    async def freeze(self, ask: Ask) -> None:
        """Close a window for all processes: Intercom has answered 429."""
        await self._ask(ask, freezes=True)

    @property
    def statistics(self) -> StoreStatistics:
        """Return what the store has done for this process."""
        requests = self._requests
        return StoreStatistics(
            members=self._members,
            leased=self._leased,
            returned=self._returned,
            left=self._left,
            requests=requests.answered,
            is_available=requests.is_available,
            unavailable_s=requests.unavailable_s,
        )

    async def aclose(self) -> None:
        """Stop being a member, and close what the store has opened itself."""
        for budget, app in self._joined:
            await self._requests.send(partial(self._leave, budget, app))
        self._joined.clear()
        await self._requests.aclose()
        await self._close()

    # ------------------------------------------------------------------------------------------

    async def _ask(self, ask: Ask, *, freezes: bool = False) -> Lease | None:
        clock = None
        if ask.clock is not None and self._offset is not None:
            clock = ask.clock[0] - self._offset[1], ask.clock[1] - self._offset[0]
        request = LeaseRequest(ask, freezes, clock)
        granted = await self._requests.send(partial(self._grant, request))
        if granted is None:
            return None
        self._joined.add((ask.budget, ask.app))
        self._left, self._members = granted.left, granted.members
        self._leased += granted.calls
        self._returned += ask.returned
        return Lease(
            count=granted.calls,
            left=granted.left,
            kept=granted.kept,
            members=granted.members,
            is_frozen=granted.is_frozen,
            clock=self._of_this_loop(granted.clock),
        )

    def _of_this_loop(self, clock: tuple[float, float] | None) -> tuple[float, float] | None:
        """Return bounds of Intercom's clock less the store's as bounds of it less loop time."""
        if clock is None or self._offset is None:
            return None
        return clock[0] + self._offset[0], clock[1] + self._offset[1]

    def _see_time(self, moment: float, sent: float) -> None:
        """Narrow the difference of the server's time to this loop's time.

        Args:
            moment: The server's time as an answer gives it, UNIX seconds.
            sent: When the request had left, loop time.
        """
        low, high = moment - self._clock.now(), moment - sent
        known = self._offset
        if known is not None and known[0] <= high and low <= known[1]:
            low, high = max(low, known[0]), min(high, known[1])
        self._offset = low, high
