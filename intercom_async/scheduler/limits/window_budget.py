"""Budget of one rate-limit window: how many calls it allows, how many are spent, and by whom.

Life of a call in a window::

    charge() ──► reserved ──► confirm()       the reply named this window
                     ├──────► release()       nothing was sent, or the reply named another window
                     └──────► mark_unknown()  sent, but no reply will ever come

Invariants, whatever the order in which replies arrive (test_window_budget.py):

- `reserved >= 0`, and `reserved == 0` once no call is in flight.
- `highest_used_seen` never decreases: `limit - remaining` only grows within a window, so the
  largest value is the newest, and late or repeated replies are harmless.
- The server's true count lies in `[max(highest_used_seen, charged), highest_used_seen + reserved]`.
- Other clients have used between `highest_used_seen - charged` and `highest_used_seen - confirmed
  - unknown` calls.

A call that is charged to an app's window is charged to the same window of its workspace as well.
Both budgets are dropped when the window ends; nothing carries over.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import msgspec

from .window_schedule import WindowSchedule

KEPT_WINDOWS = 2
"""Windows around the newest whose budgets are kept, because replies to them may still arrive; more
while it is not known which of more windows is the present one
(test_window_budget.py::test_budgets_are_dropped_two_windows_later)."""
CLOCK_SET_BACK_WINDOWS = 6
"""A window named this many lengths before the newest says that the server's clock was set back;
between `KEPT_WINDOWS` and this it is a late reply to a window that is closed
(test_window_budget.py::test_a_clock_set_far_back_starts_again)."""

FEW_LEFT = (0, 1)
"""Calls left after one that was served, by which its reply is weighed
(test_contradictory_counts.py::test_counts_that_cannot_be_true_slow_nothing_down)."""


class WindowBudget:
    """Calls allowed and spent in one window of an app, mirrored into its workspace's window.

    Args:
        reset_ms: End of the window, UNIX milliseconds, as `X-RateLimit-Reset` names it.
        limit: Calls the window allows until a reply says otherwise.
        workspace: Budget of the same window over all apps of the workspace.
    """

    __slots__ = (
        "charged",
        "confirmed",
        "external_profile",
        "external_seen",
        "has_given_last",
        "highest_used_seen",
        "is_exhausted",
        "last_charge",
        "limit",
        "limit_changes",
        "limit_sent_at",
        "max_limit",
        "profiled",
        "refused",
        "rejected",
        "reset_ms",
        "unknown",
        "workspace",
    )

    def __init__(self, reset_ms: int, limit: int, workspace: WindowBudget | None = None) -> None:
        self.reset_ms: int = reset_ms
        self.limit: int = limit
        self.workspace: WindowBudget | None = workspace
        self.max_limit: int = 0
        """Largest limit that a reply has named; 0 before the first one."""
        self.limit_changes: int = 0
        """How often the limit has changed since the last change that counts as impossible."""
        self.limit_sent_at: float = -math.inf
        """Loop time at which the request left whose reply has named the limit."""
        self.charged: int = 0
        """Calls of ours that the server may have counted: reserved, confirmed and unknown ones."""
        self.confirmed: int = 0
        """Calls that a reply has counted in this window."""
        self.unknown: int = 0
        """Calls that were sent and never answered; they stay charged."""
        self.rejected: int = 0
        """Calls answered 429 because the window was full."""
        self.refused: int = 0
        """Calls answered 429 for any reason."""
        self.external_seen: int = 0
        """Calls of other clients that are certain, by the reply that shows the most of them."""
        self.external_profile: list[float] | None = None
        """Calls of other clients by part of the window; None while there are none."""
        self.profiled: tuple[int, int] = (-1, 0)
        """Last part of the window that is profiled, and `external_seen` at that moment."""
        self.highest_used_seen: int = 0
        """Largest `limit - remaining` of any reply: calls of all clients."""
        self.last_charge: int | None = None
        """Our calls at which this client stops beside others, near the end; None before that."""
        self.has_given_last: bool = False
        """Whether a reply to a call that was served has said that none remains."""
        self.is_exhausted: bool = False
        """Whether a 429 has closed the window."""

    def __repr__(self) -> str:
        return f"<WindowBudget until {self.reset_ms}: {self.used} of {self.limit}>"

    # Our own calls ---------------------------------------------------------------------------

    @property
    def reserved(self) -> int:
        """Calls charged whose outcome is not known yet."""
        return self.charged - self.confirmed - self.unknown

    def charge(self, cost: int) -> int:
        """Reserve `cost` calls and return how many of ours this window now holds."""
        self.charged += cost
        if self.workspace is not None:
            self.workspace.charged += cost
        return self.charged

    def release(self, cost: int) -> None:
        """Take a charge back: nothing was sent, or another window has counted the call."""
        self.charged -= cost
        if self.workspace is not None:
            self.workspace.charged -= cost

    def confirm(self, cost: int) -> None:
        """Turn a charge into calls that the server has counted."""
        self.confirmed += cost
        if self.workspace is not None:
            self.workspace.confirmed += cost

    def confirm_uncharged(self, cost: int) -> None:
        """Add calls that the server has counted here although they were charged elsewhere."""
        self.charge(cost)
        self.confirm(cost)

    def mark_unknown(self, cost: int) -> None:
        """Leave a charge for good: the call was sent and may have been counted."""
        self.unknown += cost
        if self.workspace is not None:
            self.workspace.unknown += cost

    def move_to(self, workspace: WindowBudget | None) -> None:
        """Count the calls against the same window of another workspace from now on."""
        self.workspace = workspace
        if workspace is not None:
            workspace.charged += self.charged
            workspace.confirmed += self.confirmed
            workspace.unknown += self.unknown

    def reject(self) -> bool:
        """Close the window after a 429; return whether not one call of ours was served in it."""
        self.rejected += 1
        self.is_exhausted = True
        return self.confirmed <= self.rejected

    # What the server says --------------------------------------------------------------------

    @property
    def external_min(self) -> int:
        """Calls that other clients have used for certain."""
        return max(0, self.highest_used_seen - self.charged)

    @property
    def external_max(self) -> int:
        """Calls that other clients can have used when the newest reply was written."""
        return max(0, self.highest_used_seen - self.confirmed - self.unknown)

    @property
    def used(self) -> int:
        """Calls that are used up for certain, by all clients."""
        return max(self.highest_used_seen, self.charged)

    @property
    def used_max(self) -> int:
        """Calls that can have been used up when the newest reply was written."""
        return self.highest_used_seen + self.reserved

    def observe(self, limit: int | None, used: int | None, sent: float, charge_seq: int) -> None:
        """Learn from the headers of a reply that was counted in this window.

        Args:
            limit: The window's limit. It may change within a window: the request that left last
                knows the newest one.
            used: Calls that all clients have used.
            sent: When the request left, loop time in seconds.
            charge_seq: Calls of ours that can have been counted up to this one, at most.
        """
        if limit and sent >= self.limit_sent_at:
            self.limit_sent_at = sent
            if limit != self.limit or not self.max_limit:
                self.limit_changes += self.max_limit > 0
                self.limit = limit
                self.max_limit = max(self.max_limit, limit)
        if used is not None:
            if used > self.highest_used_seen:  # noqa: PLR1730 (no call: every reply comes by)
                self.highest_used_seen = used
            if used - charge_seq > self.external_seen:  # noqa: PLR1730 (as above)
                self.external_seen = used - charge_seq


class Charge(msgspec.Struct, frozen=True, gc=False):
    """What a call that may go was charged to."""

    budgets: tuple[WindowBudget, ...]
    """Windows that may count the call; none during a cold start."""
    charge_seqs: tuple[int, ...]
    """Calls of ours that each window holds with this one; during a cold start, calls sent in all.
    Empty where calls overtake each other, since it says little then."""
    cost: int
    used_before: int = 0
    """Calls of all clients that were known by then to be used in the first of the windows."""
    blind_number: int = 0
    """Number of a call that was sent without knowing a window; else 0."""

    def seq_in(self, budget: WindowBudget) -> int:
        """Return which of our calls in a window a reply answers; 0 if not known."""
        seqs, budgets = self.charge_seqs, self.budgets
        if not seqs:
            return 0
        if not budgets or budgets[0] is budget:
            return seqs[0]
        return seqs[budgets.index(budget)] if budget in budgets else 0


class BudgetTable:
    """The budgets of recent windows, opened when first needed and dropped when they are over.

    Args:
        schedule: When windows end.
        open_budget: Makes the budget of a window.
        on_new_window: Called with the previous newest budget, or None, when a newer window opens.
        on_close: Called with each budget that is dropped.
    """

    __slots__ = (
        "_budgets",
        "_length_ms",
        "_on_close",
        "_on_new_window",
        "_open_budget",
        "_schedule",
        "newest_ms",
    )

    def __init__(
        self,
        schedule: WindowSchedule,
        open_budget: Callable[[int], WindowBudget],
        *,
        on_new_window: Callable[[WindowBudget | None], None],
        on_close: Callable[[WindowBudget], None] | None = None,
    ) -> None:
        self._schedule = schedule
        self._open_budget = open_budget
        self._on_new_window = on_new_window
        self._on_close = on_close
        self._budgets: dict[int, WindowBudget] = {}
        self._length_ms = schedule.length_ms
        self.newest_ms: int = 0
        """End of the latest window that was opened, UNIX milliseconds."""

    def __iter__(self) -> Iterator[WindowBudget]:
        """Yield the budgets of the windows that are open, in the order in which they opened."""
        yield from self._budgets.values()

    def use(self, schedule: WindowSchedule) -> None:
        """Go by another schedule from now on."""
        self._schedule = schedule

    def get(self, reset_ms: int) -> WindowBudget | None:
        """Return the budget of a window, or None if it is not open."""
        return self._budgets.get(reset_ms)

    def open(self, reset_ms: int) -> WindowBudget | None:
        """Return the budget of a window, opened if needed; None if it is closed for good."""
        found = self._budgets.get(reset_ms)
        if found is not None:
            return found
        if self._length_ms != self._schedule.length_ms:
            # Ends of windows of another length say nothing about the age of these.
            self._length_ms, self.newest_ms = self._schedule.length_ms, 0
        kept_ms = KEPT_WINDOWS * self._length_ms + self._schedule.spread_ms
        oldest_ms = self.newest_ms - kept_ms
        ahead_ms = (CLOCK_SET_BACK_WINDOWS - KEPT_WINDOWS) * self._length_ms
        if oldest_ms - ahead_ms < reset_ms < oldest_ms:
            return None
        found = self._budgets[reset_ms] = self._open_budget(reset_ms)
        if not oldest_ms <= reset_ms <= self.newest_ms:
            previous = self._budgets.get(self.newest_ms)
            self.newest_ms = reset_ms
            self._on_new_window(previous)
            for old in [old for old in self._budgets if abs(old - reset_ms) > kept_ms]:
                dropped = self._budgets.pop(old)
                if self._on_close is not None:
                    self._on_close(dropped)
        return found
