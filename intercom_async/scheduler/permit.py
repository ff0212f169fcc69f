"""Permission to send one request, for the length of a block.

::

    async with scheduler.admit(priority=Priority.BULK) as permit:
        reply = await send()
        permit.observe(status=reply.status, headers=reply.headers)

A permit is a handle: its own context manager and its own entry in the queue. Its owner, the
dispatcher, knows the limiter behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Mapping
from enum import Enum, auto
from types import TracebackType
from typing import Any, Protocol

import msgspec

from intercom_async.priority import Priority
from intercom_async.response import UNKNOWN, Window
from .throttling import Throttle


class PermitState(Enum):
    """Stages in the life of a permit."""

    NEW = auto()
    WAITING = auto()
    GRANTED = auto()
    """The request may be sent; nothing has been heard of it."""
    SETTLED = auto()
    """A reply came, or nothing was sent."""
    OVER = auto()


# Bound once: looking a member up in its class takes longer than all that is done with it.
NEW, WAITING, GRANTED, SETTLED, OVER = PermitState


class PermitOwner(Protocol):
    """What a permit asks for everything it does."""

    def try_enter(self, permit: Permit) -> bool:
        """Grant a permit that need not wait; return whether it is granted."""
        ...

    def enter(self, permit: Permit) -> Coroutine[Any, Any, Permit]:
        """Wait until the request may be sent."""
        ...

    @property
    def now(self) -> Callable[[], float]:
        """Returns loop time in seconds."""
        ...

    def leave(self, permit: Permit) -> None:
        """End the permit's block."""
        ...

    @property
    def observe(self) -> Callable[[Permit, int, Mapping[str, str], str | None], None]:
        """Learns from the reply."""
        ...

    def release(self, permit: Permit) -> None:
        """Take the charge back."""
        ...

    def expire(self, permit: Permit) -> None:
        """End a wait that has become too long."""
        ...

    def abandon(self, permit: Permit, error: Exception) -> None:
        """End the wait with an error."""
        ...


class Permit(msgspec.Struct, eq=False):
    """Permission to send one request; made by `Scheduler.admit`.

    A struct, since one is made for each request and msgspec fills the defaults in without Python.
    """

    _owner: PermitOwner
    app: Hashable
    """The app whose windows it counts against."""
    priority: Priority
    key: str
    """Fairness key."""
    kind: str | None
    """Class of operations, for rate limits of the user's own."""
    call: str
    """What it is for, in messages."""
    max_wait_s: float | None
    deadline: float | None
    is_repeat: bool
    """Whether the server has turned the call away before."""
    cost: int = 1
    """Calls that it counts as."""
    state: PermitState = NEW
    since: float = 0.0
    """Loop time at which the wait began; 0 before that."""
    asked_at: float = 0.0
    """Loop time at which it was asked for, if the call began to wait earlier; else 0."""
    sent_at: float = 0.0
    """Loop time at which the request left."""
    charge: Any = None
    """What the owner's limiter has charged; opaque to all others."""
    future: asyncio.Future[None] | None = None
    """Ends the wait; None while there is none."""
    window: Window = UNKNOWN
    """What the reply's headers say of its window; empty before `observe`."""
    throttle: Throttle | None = None
    """Why the reply was a 429; None if it was none."""
    retry_after_s: float | None = None
    """Seconds until the full window ends; None if none is full."""

    def __repr__(self) -> str:
        return f"<Permit {self.call or self.priority.name} {self.state.name.lower()}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show what the repr does."""
        return [("call", self.call or self.priority.name), ("state", self.state.name.lower())]

    @property
    def is_waiting(self) -> bool:
        """Whether it is queued."""
        return self.state is WAITING

    @property
    def is_granted(self) -> bool:
        """Whether its request may be sent and nothing has been heard of it."""
        return self.state is GRANTED

    def __aenter__(self) -> Coroutine[Any, Any, Permit]:
        return self._owner.enter(self)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._owner.leave(self)

    def waited_s(self, now: float) -> float:
        """Return how many seconds it has waited since it was asked for."""
        return now - (self.asked_at or self.since)

    def wait_limit_s(self, now: float) -> float | None:
        """Return how many seconds it may wait from now on; None for as long as it takes."""
        if self.deadline is None:
            return self.max_wait_s
        left_s = max(0.0, self.deadline - now)
        return left_s if self.max_wait_s is None else min(left_s, self.max_wait_s)

    def try_enter(self) -> bool:
        """Begin the block if it need not wait; if not, `enter` goes on with the wait.

        Raises:
            ClosedError: As `enter`.
            WaitTooLongError: The wait would be too long.
        """
        return self._owner.try_enter(self)

    def enter(self) -> Coroutine[Any, Any, Permit]:
        """Begin the block, as entering it does; `leave` must follow in any case.

        Raises:
            ClosedError: The scheduler is closed, or belongs to another loop.
            WaitTooLongError: The wait would be, or has become, too long.
        """
        # One coroutine for the whole wait: a hundred thousand may wait at once.
        return self._owner.enter(self)

    def leave(self) -> None:
        """End the block, as leaving it does; a charge that nothing has settled stays as unknown."""
        self._owner.leave(self)

    def expire(self) -> None:
        """End a wait that has become too long."""
        self._owner.expire(self)

    def sent(self) -> None:
        """Note that the bytes leave now; before that, entering the block counts as the moment."""
        self.sent_at = self._owner.now()

    def observe(
        self, *, status: int, headers: Mapping[str, str], message: str | None = None
    ) -> None:
        """Learn from the reply; once, and within the block only.

        Args:
            status: The reply's status.
            headers: The reply's headers; the rate-limit headers may be absent or broken.
            message: The first error's message: it tells the kinds of 429 apart.
        """
        self._owner.observe(self, status, headers, message)

    def release(self) -> None:
        """Take the charge back, since nothing was sent."""
        self._owner.release(self)

    def abandon(self, error: Exception) -> None:
        """End the wait with an error; does nothing to a permit that does not wait."""
        self._owner.abandon(self, error)
