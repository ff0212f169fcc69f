"""One budget over processes: what a store does, and the values that go in and come out.

Every window of an app and of its workspace has one account in the store, named by the window's
`Reset`, so the processes need not agree about the time. A process *leases* calls of a window before
it sends them, in batches, and gives back what it does not use. Batches are *guided*: the
more is left and the fewer processes share it, the larger the batch, so most calls cost no round
trip and the last calls of a window are not stranded with a process that does not need them.

A lease belongs to its window: when the window is over it is void for every process. A process that
was paused or killed therefore costs at most its last lease, for at most one window.

A store is an aid, never a condition: where it does not answer in time, `lease` returns None and the
scheduler goes by the headers alone until it answers again.
"""

from __future__ import annotations

import math
from typing import Protocol

import msgspec

CLOCK_DRIFT = 1e-4
"""Seconds per second by which what a process has told of Intercom's clock widens, as crystals drift
(test_budget_stores.py::test_a_process_learns_the_clock_of_the_others_with_each_lease)."""
INTERACTIVE_SHARE = 0.015
"""Fraction of a window that only interactive calls may lease at least, so that they find room in
any process however busy the others are
(test_budget_stores.py::test_the_interactive_share_is_kept_until_shortly_before_the_end)."""
MAX_BURST_SHARE = 0.05
"""Fraction of a window that a remembered burst of interactive calls may keep at most
(test_budget_stores.py::test_what_is_kept_grows_with_the_interactive_calls_of_all)."""
INTERACTIVE_MELT_S = 1.5
"""Seconds before a window's end, for windows of ten seconds, in which that fraction and a burst
melt: what nobody has asked for by the end is lost
(test_budget_stores.py::test_the_interactive_share_is_kept_until_shortly_before_the_end)."""


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
    leased: int = 0
    """Calls that this process has had so far: leased and not given back, or sent without a lease
    while the store was away. The store sets its account of the process to this, so what was lost
    on either side, with an answer or with the accounts, is right again with the next request."""
    holder: str = ""
    """Tells apart the schedulers of one process that share a store."""
    returned: int = 0
    """Leased calls that will not be sent: they are given back by this very request."""
    left_s: float = math.inf
    """Seconds until the window ends at the earliest, as this process knows the server's clock."""
    doubt_s: float = 0.0
    """Seconds after that in which a call may still be counted in the window: an interactive one
    needs a call of it until then."""
    is_interactive: bool = False
    """Whether what is kept for interactive calls may be leased."""
    interactive_per_s: float = 0.0
    """Interactive calls a second that come to this process."""
    interactive_burst: int = 0
    """Largest recent burst of them."""
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
    kept: int = 0
    """Calls of these that only interactive calls may lease."""
    members: int
    """Processes that share the app's budget."""
    is_frozen: bool = False
    """Whether a 429 has closed the window for all of them."""
    clock: tuple[float, float] | None = None
    """Least and greatest difference of the server's clock to loop time, seconds, as a process has
    told it last; None: unknown."""


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


def kept_for_interactive(
    limit: int, *, left_s: float, window_s: float, per_s: float, burst: int, doubt_s: float = 0.0
) -> int:
    """Return how many calls of a window only interactive calls may lease.

    Interactive calls of all processes together arrive at random: for `x` that are expected until
    the window ends, `x + 2√x` are kept, or the largest recent burst of one process. All of it
    melts by the end.

    Args:
        limit: Calls of the window.
        left_s: Seconds until it ends at the earliest.
        window_s: Its length in seconds.
        per_s: Interactive calls a second, of all processes.
        burst: Largest recent burst.
        doubt_s: Seconds after that in which it may end.
    """
    left_s = min(max(left_s, 0.0), window_s)
    melting = min(1.0, left_s / (INTERACTIVE_MELT_S * min(1.0, window_s / 10.0)))
    expected = per_s * (left_s + doubt_s)
    least = max(INTERACTIVE_SHARE * limit, min(burst, MAX_BURST_SHARE * limit))
    return int(max(melting * least, expected + 2.0 * math.sqrt(expected)))


def guided(want: int, left: int, members: int) -> int:
    """Return how many of `left` calls to grant at once: the rule that every store follows.

    The stores compute it where their accounts are, in Lua and in SQL
    (test_budget_stores.py::test_a_lease_is_guided_by_what_is_left_and_by_how_many_share_it). Half
    of an equal part of what is left (guided self-scheduling): large batches early in a window,
    single calls late, so that about one call a process is stranded at its end.
    """
    if left <= 0 or want <= 0:
        return 0
    return min(want, -(-left // (2 * max(1, members))))
