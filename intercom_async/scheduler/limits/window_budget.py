"""What is known of one window: integers only, and in whatever order the replies come.

A request is *charged* when its permit is given. It ends as *acknowledged* (a reply says that it was
counted), *lost* (it may have been counted, nobody knows) or *refunded* (nothing was sent). What the
server says was used so far, `Limit - Remaining`, only ever grows within a window, so the greatest
value seen is the newest, whichever reply brought it: replies may come in any order and twice.

With `top` the server's greatest count, the true count lies between `max(top, charged)` at the most
pessimistic for us alone, and `top + outstanding`. What others used is at least `top - charged` and
at most `top - acknowledged - lost`.

A call that is charged to an app's window is charged to the workspace's as well: the first ledger
passes on to the second what is ours. Both are thrown away with their window; nothing leaks into
the next one.
"""

from __future__ import annotations

import math


class Ledger:
    """The account of one window.

    Args:
        window: The window.
        limit: How many calls it takes.
        workspace: The account of the same window over all apps; None for that one itself.
    """

    __slots__ = (
        "_limit_sent_at",
        "acknowledged",
        "foreign",
        "is_full",
        "limit",
        "lost",
        "marked",
        "marks",
        "outstanding",
        "rejected",
        "top",
        "window",
        "workspace",
    )

    def __init__(self, window: int, limit: int, workspace: Ledger | None = None) -> None:
        self.window: int = window
        self.limit: int = limit
        self.workspace: Ledger | None = workspace
        self._limit_sent_at = -math.inf
        self.outstanding: int = 0
        """Charged, and nothing heard yet."""
        self.acknowledged: int = 0
        """Counted by the server."""
        self.lost: int = 0
        """Perhaps counted by the server."""
        self.rejected: int = 0
        """Answered 429."""
        self.foreign: int = 0
        """What others had used when the server last said, by the ranks of the calls answered."""
        self.marks: list[float] | None = None
        """What of it was used in each part of the window; None while there is none."""
        self.marked: tuple[int, int] = (-1, 0)
        """Up to which part that is known, and what others had used by then."""
        self.top: int = 0
        """The server's greatest count so far, everybody's calls together."""
        self.is_full: bool = False
        """Whether the server has said that nothing more fits."""

    def __repr__(self) -> str:
        return f"<Ledger of {self.window}: {self.used} of {self.limit}>"

    # What is ours ----------------------------------------------------------------------------

    @property
    def charged(self) -> int:
        """What of this window is ours, for all we know."""
        return self.outstanding + self.acknowledged + self.lost

    def charge(self, cost: int) -> int:
        """Note a call that may be counted here, and return its rank: how many are ours with it."""
        self.outstanding += cost
        if self.workspace is not None:
            self.workspace.outstanding += cost
        return self.outstanding + self.acknowledged + self.lost

    def settle(self, cost: int) -> None:
        """Take a charge back: a reply has come, or nothing was sent."""
        self.outstanding -= cost
        if self.workspace is not None:
            self.workspace.outstanding -= cost

    def lose(self, cost: int) -> None:
        """Note a call that may have been counted: nobody will ever know."""
        self.lost += cost
        if self.workspace is not None:
            self.workspace.lost += cost

    def acknowledge(self, cost: int) -> None:
        """Note a call that was counted."""
        self.acknowledged += cost
        if self.workspace is not None:
            self.workspace.acknowledged += cost

    def serve(self, cost: int) -> None:
        """Note that a call which was charged was counted: `settle` and `acknowledge` in one."""
        self.outstanding -= cost
        self.acknowledged += cost
        workspace = self.workspace
        if workspace is not None:
            workspace.outstanding -= cost
            workspace.acknowledged += cost

    def reject(self) -> bool:
        """Note a call that was turned away: nothing more fits; say whether none has been served."""
        self.rejected += 1
        self.is_full = True
        return self.acknowledged <= self.rejected

    # What the server says --------------------------------------------------------------------

    @property
    def foreign_at_least(self) -> int:
        """What others have used for certain."""
        return max(0, self.top - self.charged)

    @property
    def foreign_at_most(self) -> int:
        """What others can have used when the server last said."""
        return max(0, self.top - self.acknowledged - self.lost)

    @property
    def used(self) -> int:
        """The least that is used up."""
        return max(self.top, self.charged)

    @property
    def used_at_most(self) -> int:
        """The most that was used up when the server last said."""
        return self.top + self.outstanding

    def see(self, limit: int | None, used: int | None, *, sent: float, rank: int) -> None:
        """Take in what a reply says of this window.

        Args:
            limit: The limit.
            used: What everybody has used together.
            sent: When its request left.
            rank: How many of our own had been charged with it; 0 if nobody knows.

        Limits change within a window: the request that left last knows the newest one.
        """
        if limit and sent >= self._limit_sent_at:
            self.limit = limit
            self._limit_sent_at = sent
        if used is not None:
            self.top = max(self.top, used)
            if rank and used - rank > self.foreign:
                self.foreign = used - rank
