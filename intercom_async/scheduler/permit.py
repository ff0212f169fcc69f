"""The right to send one request, for the length of a block.

    async with scheduler.admit(priority=Priority.BULK) as permit:
        reply = await send()
        permit.observe(status=reply.status, headers=reply.headers)

A permit is its own context manager and its own place in the queue: one object a request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from enum import Enum, auto
from types import TracebackType
from typing import TYPE_CHECKING, Any

from intercom_async.priority import Priority
from intercom_async.response import UNKNOWN, Window
from .throttling import Throttle

if TYPE_CHECKING:
    from .app import App
    from .dispatcher import Turns
    from .feedback import Replies
    from .limits.window_budget import Ledger


class State(Enum):
    """Where a permit is in its life."""

    NEW = auto()
    WAITING = auto()
    GRANTED = auto()
    OBSERVED = auto()
    """A reply was seen, or nothing was sent."""
    OVER = auto()


# Bound once: to look a member up in its class takes longer than all that is done with it.
NEW, WAITING, GRANTED, OBSERVED, OVER = State


class Permit:
    """The right to send one request; made by `Scheduler.admit`."""

    __slots__ = (
        "_replies",
        "_turns",
        "app",
        "call",
        "charged",
        "cost",
        "deadline",
        "future",
        "is_paced",
        "is_repeat",
        "key",
        "kind",
        "max_wait_s",
        "priority",
        "ranks",
        "retry_after_s",
        "sent_at",
        "since",
        "state",
        "throttle",
        "window",
    )

    def __init__(
        self,
        turns: Turns,
        replies: Replies,
        *,
        app: App,
        priority: Priority,
        key: str,
        kind: str | None,
        call: str,
        max_wait_s: float | None,
        deadline: float | None,
        is_repeat: bool,
    ) -> None:
        self._turns = turns
        self._replies = replies
        self.app: App = app
        self.priority: Priority = priority
        self.key: str = key
        self.cost: int = 1
        self.kind: str | None = kind
        self.call: str = call
        self.max_wait_s: float | None = max_wait_s
        self.deadline: float | None = deadline
        self.is_repeat: bool = is_repeat
        self.is_paced: bool = False
        self.state: State = NEW
        self.since: float = 0.0
        self.sent_at: float = 0.0
        self.charged: tuple[Ledger, ...] = ()
        """The windows that it may be counted in."""
        self.ranks: tuple[int, ...] = ()
        """How many calls had been charged to each of these windows, with this one."""
        self.future: asyncio.Future[None] | None = None
        self.window: Window = UNKNOWN
        """What the reply said of its window; empty before `observe`."""
        self.throttle: Throttle | None = None
        """Why the reply was a 429; None if it was none."""
        self.retry_after_s: float | None = None
        """Seconds until the full window ends; None if none is full."""

    def __repr__(self) -> str:
        return f"<Permit {self.call or self.priority.name} {self.state.name.lower()}>"

    @property
    def is_waiting(self) -> bool:
        """Whether it still stands in its queue."""
        return self.state is WAITING

    @property
    def is_granted(self) -> bool:
        """Whether its request may be sent and nothing has been heard of it."""
        return self.state is GRANTED

    def __aenter__(self) -> Coroutine[Any, Any, Permit]:
        return self.enter()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._replies.leave(self)

    def longest_s(self, now: float) -> float | None:
        """Return how long it may wait, or None for as long as it takes."""
        if self.deadline is None:
            return self.max_wait_s
        left_s = max(0.0, self.deadline - now)
        return left_s if self.max_wait_s is None else min(left_s, self.max_wait_s)

    def enter(self) -> Coroutine[Any, Any, Permit]:
        """Begin the block, as entering it does; `leave` has to follow, whatever comes of it.

        Raises:
            ClosedError: The scheduler is closed, or belongs to another loop.
            WaitTooLongError: The wait would be, or has become, too long.
        """
        # One coroutine for all of the wait: a hundred thousand may wait at a time.
        return self._turns.enter(self)

    def leave(self) -> None:
        """End the block, as leaving it does."""
        self._replies.leave(self)

    def expire(self) -> None:
        """End a wait that has become too long."""
        self._turns.expire(self)

    def sent(self) -> None:
        """Say that the bytes leave now; before that, entering the block counts as the moment."""
        self.sent_at = self._turns.now()

    def observe(
        self, *, status: int, headers: Mapping[str, str], message: str | None = None
    ) -> None:
        """Take in what the reply says; once, and only within the block.

        Args:
            status: The reply's status.
            headers: The reply's headers; any of the three may be absent or broken.
            message: The first error's message: it tells kinds of 429 apart.
        """
        self._replies.observe(self, status, headers, message)

    def refund(self) -> None:
        """Say that nothing was sent: the call is not charged."""
        self._replies.refund(self)

    def abandon(self, error: Exception) -> None:
        """End the wait with an error; does nothing to a permit that does not wait."""
        self._turns.abandon(self, error)
