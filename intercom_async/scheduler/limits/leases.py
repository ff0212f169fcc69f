"""Calls of a window that this process has leased from a budget which several processes share.

The store says how many it grants (`stores.base.guided`); here is decided what to ask for.

With a store, a call needs both: room in the window as the headers show it, and a lease. Life of a
leased call::

    granted() ──► room ──► charged to the window's budget
                   └─────► given back, or void when the window ends

While the store does not answer, a window is used by the headers alone, up to an equal part of the
limit: together the processes send no more than it. Some of them may still be answered, and lease
what the others are about to send; so each asks again soon, and tells what it has sent without.

Pure: decides what to ask for and when; `scheduler.lease_keeper` asks.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from .window_budget import WindowBudget

MIN_LOW, MAX_LOW = 2, 16
"""Leased calls at which more are asked for: a quarter of an equal part of the limit, within these
(test_leases.py::test_the_low_watermark_scales_with_the_equal_part)."""
BACKLOG_SHARE = 4
"""One in so many of the calls that wait is asked for beside twice the low watermark: one answer
must not serve the whole backlog, or other processes find nothing left
(test_leases.py::test_the_lease_grows_with_the_backlog)."""
IDLE_S = 0.5
"""Seconds without a call after which leased calls are given back
(test_leases.py::test_unused_calls_are_given_back)."""
PREFETCH_S = 0.3
"""Seconds before a window begins in which its first calls are leased
(test_lease_keeper.py::test_processes_use_the_limit_and_are_never_refused)."""
RETRY_S = 0.12
"""Seconds after which a call that found no lease is tried again at the latest: somewhat more than
`DRY_S` (test_lease_keeper.py::test_processes_use_the_limit_and_are_never_refused)."""
DRY_S = 0.1
"""Seconds for which a store that had nothing left is not asked again
(test_leases.py::test_a_dry_store_is_left_alone_for_a_while)."""
ASK_AGAIN_S = 1.0
"""Seconds after which a store that did not answer is asked again for the same window
(test_leases.py::test_a_store_that_did_not_answer_is_asked_again_and_told_what_was_sent)."""
MEMBERS_KEPT_S = 30.0
"""Seconds for which a smaller number of processes in an answer does not replace the largest one: a
store that has lost its accounts knows only of those that have asked since
(test_leases.py::test_a_store_that_has_forgotten_the_processes_gives_none_a_larger_part)."""


class Want(NamedTuple):
    """What to ask the store for."""

    reset_ms: int
    calls: int
    is_interactive: bool


class _Window:
    """What is known of the leases of one window."""

    __slots__ = (
        "ask_again_at",
        "dry_until",
        "dry_until_interactive",
        "is_frozen",
        "is_lost",
        "kept",
        "leased",
        "left",
        "needs",
        "needs_interactive",
    )

    def __init__(self) -> None:
        self.leased = 0
        self.left: int | None = None
        """Calls that nobody had leased at the last answer; None before the first one."""
        self.kept = 0
        """Calls of these that only interactive calls may lease."""
        self.needs = False
        """Whether a call waits for a lease."""
        self.needs_interactive = False
        self.dry_until = self.dry_until_interactive = -math.inf
        """Moments before which the store is not asked again, since it had nothing left."""
        self.is_lost = False
        """Whether the store did not answer: the headers alone count."""
        self.ask_again_at = -math.inf
        """The moment from which such a store is asked again."""
        self.is_frozen = False


class Leases:
    """Leases of one app in this process.

    Args:
        wake: Called when there may be something to ask the store for.
    """

    __slots__ = (
        "_exhausted",
        "_last_call_at",
        "_most_members",
        "_most_members_until",
        "_wake",
        "_windows",
        "backlog",
        "limit",
        "members",
    )

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._exhausted: list[WindowBudget] = []
        self._windows: dict[int, _Window] = {}
        self._last_call_at = -math.inf
        self._most_members = 1
        self._most_members_until = -math.inf
        self.members: int = 1
        """Processes that share the app's budget, as of the last answer."""
        self.limit: int = 1
        """Calls a window."""
        self.backlog: int = 0
        """Calls of this process that wait."""

    # For the limiter ----------------------------------------------------------------------------

    def room(self, budget: WindowBudget) -> int | None:
        """Return the leased calls of a window that are not used; None: the headers alone count."""
        window = self._windows.get(budget.reset_ms)
        if window is None:
            return 0
        if window.is_lost:
            return None
        return window.leased - budget.charged

    def held(self, budget: WindowBudget) -> int:
        """Return the calls of a window that were leased and not given back, or sent without."""
        window = self._windows.get(budget.reset_ms)
        return max(0 if window is None else window.leased, budget.charged)

    def allocatable(self, budget: WindowBudget, room: int, *, may_use_reserve: bool) -> int:
        """Return the own part of a window: leased calls and an equal part of what is left.

        Interactive calls may have all that is left.
        """
        window = self._windows.get(budget.reset_ms)
        if window is None or window.left is None:
            return room + budget.limit // self.members
        if may_use_reserve:
            return room + window.left
        return room + max(0, window.left - window.kept) // self.members

    def covers(self, budget: WindowBudget, cost: int, *, is_interactive: bool) -> bool:
        """Return whether a call of a window is leased; else note that it waits for a lease.

        While the store does not answer, a process may use an equal part of the limit.
        """
        room = self.room(budget)
        if room is None:
            members = max(self.members, self._most_members)
            own = max(budget.limit // members, self._window(budget.reset_ms).leased)
            return budget.charged + cost <= max(cost, own)
        if room >= cost:
            return True
        self.need(budget, is_interactive=is_interactive)
        return False

    def take(self, budget: WindowBudget, charged: int, now: float) -> bool:
        """Use a leased call of a window, and ask for more in time; False: none is left.

        `covers` and `note_charged` in one, for a call that nothing else holds back. Of several
        processes, one may keep its last call (`LeaseGate`): so that one is not used here.
        """
        window = self._windows.get(budget.reset_ms)
        if window is None or window.is_lost:
            return False
        room = window.leased - charged
        if room < 1 or (room == 1 and self.members > 1):
            return False
        self._last_call_at = now
        self.limit = budget.limit
        if room < MAX_LOW and room < self.low:
            self._wake()
        return True

    def retry_at(self, budget: WindowBudget, now: float, ends_at: float) -> float:
        """Return when a call that is not covered is tried again."""
        return ends_at if self.room(budget) is None else now + RETRY_S

    def note_exhausted(self, budget: WindowBudget) -> None:
        """Note that a 429 has closed a window, which the other processes have to know."""
        self.freeze(budget.reset_ms)
        self._exhausted.append(budget)
        self._wake()

    def take_exhausted(self) -> list[WindowBudget]:
        """Return the windows that are to be closed for all processes, each once."""
        found, self._exhausted = self._exhausted, []
        return found

    def need(self, budget: WindowBudget, *, is_interactive: bool) -> None:
        """Note that a call waits for a lease."""
        window = self._window(budget.reset_ms)
        window.needs = True
        window.needs_interactive |= is_interactive
        self.limit = budget.limit
        self._wake()

    def note_charged(self, budget: WindowBudget, now: float) -> None:
        """Note a call that was charged to a window; ask for more in time."""
        self._last_call_at = now
        self.limit = budget.limit
        window = self._windows.get(budget.reset_ms)
        if window is not None:
            room = window.leased - budget.charged
            if room < MAX_LOW and room < self.low:
                self._wake()

    # For the keeper -----------------------------------------------------------------------------

    @property
    def low(self) -> int:
        """Leased calls of a window below which more are asked for."""
        return min(max(self.limit // (4 * self.members), MIN_LOW), MAX_LOW)

    def wanted(self, budget: WindowBudget, now: float, *, interactive_waiting: int) -> Want | None:
        """Return what to ask for of a window, if anything."""
        window = self._windows.get(budget.reset_ms)
        is_active = now - self._last_call_at < IDLE_S or self.backlog > 0
        if window is None:
            if not is_active:
                return None
            window = self._window(budget.reset_ms)
        if window.is_frozen or now < window.ask_again_at:
            return None
        room = window.leased - budget.charged
        has_enough = room >= self.low and not window.is_lost
        if not window.needs and (has_enough or not is_active):
            return None
        is_interactive = window.needs_interactive
        if now < (window.dry_until_interactive if is_interactive else window.dry_until):
            return None
        # What comes to need a lease from here on is not answered by this request.
        window.needs = window.needs_interactive = False
        if is_interactive:
            # No more than wait: what is kept for interactive calls is for those of all processes.
            calls = interactive_waiting
        else:
            calls = 2 * self.low + self.backlog // BACKLOG_SHARE - room
        return Want(budget.reset_ms, max(1, calls), is_interactive)

    def granted(
        self, want: Want, count: int, *, held: int, left: int, kept: int, members: int, now: float
    ) -> None:
        """Note what the store has granted of what was wanted, beside what it was told is held."""
        window = self._window(want.reset_ms)
        window.is_lost = False
        window.leased = held + count
        window.left, window.kept = left, kept
        self.members = max(1, members)
        if members >= self._most_members or now >= self._most_members_until:
            self._most_members, self._most_members_until = self.members, now + MEMBERS_KEPT_S
        if want.calls and not count:
            window.dry_until = now + DRY_S
            if want.is_interactive:
                window.dry_until_interactive = now + DRY_S

    def freeze(self, reset_ms: int) -> None:
        """Note that a window is closed for all processes."""
        self._window(reset_ms).is_frozen = True

    def mark_lost(self, reset_ms: int, now: float) -> None:
        """Note that the store did not answer: by the headers alone until it is asked again."""
        window = self._window(reset_ms)
        window.is_lost, window.ask_again_at = True, now + ASK_AGAIN_S

    def idle_at(self) -> float:
        """Return the moment from which unused calls are given back."""
        return self._last_call_at + IDLE_S

    def take_back(self, budget: WindowBudget) -> int:
        """Remove the unused calls of a window, to be given back; return how many."""
        window = self._windows.get(budget.reset_ms)
        if window is None or window.is_lost:
            return 0
        unused = max(0, window.leased - budget.charged)
        window.leased -= unused
        return unused

    def forget_before(self, reset_ms: int) -> None:
        """Drop the leases of older windows: they are void."""
        for old in [each for each in self._windows if each < reset_ms]:
            del self._windows[old]

    def _window(self, reset_ms: int) -> _Window:
        found = self._windows.get(reset_ms)
        if found is None:
            found = self._windows[reset_ms] = _Window()
        return found
