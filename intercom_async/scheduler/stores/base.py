"""One budget over processes: what a store does, and the values that go in and come out.

Every window of an app and of its workspace has one account in the store, named by the window's
`Reset`, so the processes need not agree about the time. A process *leases* calls of a window before
it sends them, a batch at a time, and gives back what it does not use. Batches are *guided*: the
more is left and the fewer processes share it, the larger the batch, so most calls cost no round
trip and the last calls of a window are not stranded with a process that does not need them.

A lease belongs to its window: when the window is over it is void, whoever holds it. A process that
was paused or killed therefore costs at most its last lease, for at most one window.

A store is an aid, never a condition: where it does not answer in time, `lease` returns None and the
scheduler goes by the headers alone until the next window.
"""

from __future__ import annotations

import math
from typing import Protocol

import msgspec

INTERACTIVE_SHARE = 0.015
"""Fraction of a window that only interactive calls may lease, so that they find room in any process
however busy the others are (test_guide.py::test_the_interactive_share_is_kept)."""
INTERACTIVE_RELEASE_S = 1.0
"""Seconds before a window's end from which that fraction is leased to anybody: what nobody has
asked for by then would be lost (test_guide.py::test_the_interactive_share_is_released)."""


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What a process asks of a window, and what it reports of it.

    Args are counts of calls of this process in this window unless they say otherwise.
    """

    budget: str
    """Whose it is: the user's `budget_key`, else the workspace's id, else the app's digest."""
    app: str
    """Digest that tells one app of the workspace from another; never the token."""
    reset_at_ms: int
    """The window: its end on the server's clock, UNIX milliseconds, as `Reset` names it."""
    window_ms: int
    """Length of the window, milliseconds."""
    limit: int
    """Calls that the window allows the app."""
    workspace_limit: int
    """Calls that the window allows all apps of the workspace together."""
    used: int | None
    """Largest `limit - remaining` that a reply has named, everybody's calls; None: no reply yet."""
    want: int
    """How many calls to lease; the store may grant fewer."""
    returned: int = 0
    """Leased calls that will not be sent: they are given back by this very request."""
    left_s: float = math.inf
    """Seconds until the window ends, as this process knows the server's clock."""
    is_interactive: bool = False
    """Whether the fraction that is kept for interactive calls may be leased."""
    clock: tuple[float, float] | None = None
    """Least and greatest difference of the server's clock to UNIX time, seconds; None: unknown."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What a process that has not sent a call yet can learn from the others."""

    limit: int
    window_ms: int
    clock: tuple[float, float]
    """Least and greatest difference of the server's clock to UNIX time, seconds."""


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """What the store has granted."""

    count: int
    """Calls that may be sent in the window, beside those leased before."""
    left: int
    """Calls of the window that nobody has leased yet."""
    members: int
    """Processes that share the app's budget."""
    is_frozen: bool = False
    """Whether a 429 has closed the window for all of them."""


class StoreStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """What a store has done for this process."""

    members: int
    """Processes that share the budget, as of the last answer."""
    leased: int
    """Calls that were leased, all windows together."""
    returned: int
    """Calls that were given back."""
    left: int
    """Calls of the current window that nobody had leased at the last answer."""
    requests: int
    """Requests to the store that were answered."""
    is_available: bool
    """Whether the last request was answered in time."""
    unavailable_s: float
    """Seconds in which the store could not be used, all times together."""


class BudgetStore(Protocol):
    """Shares each window of an app and of its workspace among processes.

    None of these raises for a store that cannot be reached: `lease` and `join` return None then.
    """

    async def join(self, *, budget: str, app: str) -> Known | None:
        """Return what other processes know of the server's windows; None if nobody does."""
        ...

    async def lease(self, ask: Ask) -> Lease | None:
        """Lease calls of a window; None if the store cannot be used now."""
        ...

    async def give_back(self, ask: Ask) -> None:
        """Return the `returned` calls of a window that this process will not send."""
        ...

    async def freeze(self, ask: Ask) -> None:
        """Close a window for all processes: the server has answered 429."""
        ...

    @property
    def statistics(self) -> StoreStatistics:
        """Return what the store has done for this process."""
        ...

    async def aclose(self) -> None:
        """Leave the store and close what it opened itself."""
        ...


def guided(want: int, left: int, members: int) -> int:
    """Return how many of `left` calls to grant at once.

    Half of an equal part of what is left (guided self-scheduling): large batches early in a window,
    single calls late, so that about one call a process is stranded at its end.
    """
    if left <= 0 or want <= 0:
        return 0
    return min(want, -(-left // (2 * max(1, members))))
