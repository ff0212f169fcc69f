"""Whether a call that the headers have room for is leased, and which leased call is kept a while.

Where processes lease all of a window before its end, none of them would send a call near it, and
all would enter the next window late for not knowing when it begins. So while that is uncertain, a
few of them keep one leased call each and send it at random moments, before and after the likely
end. The replies say in which window it was counted, and the store tells the others.
"""

from __future__ import annotations

from random import Random

from .app_windows import AppWindows
from .leases import RETRY_S, Leases
from .probes import MIN_LIMIT, doubtful_s
from .window_budget import WindowBudget

PROBES = 8
"""Processes that keep a call of a window, on average
(test_lease_gate.py::test_some_of_many_processes_keep_their_last_call)."""
WORTH_S = 0.15
"""Seconds of uncertainty that are worth the calls: half of them are lost
(test_lease_gate.py::test_no_call_is_kept_where_it_would_say_nothing)."""


class LeaseGate:
    """Lets calls of one app pass by the leases of this process.

    Args:
        windows: The app's windows.
        random: Chooses the windows in which a call is kept, and the moments.
    """

    __slots__ = ("_part", "_random", "_reset_ms", "_windows")

    def __init__(self, windows: AppWindows, random: Random) -> None:
        self._windows = windows
        self._random = random
        self._reset_ms = 0
        self._part: float | None = None
        """Part of the uncertain time after which the kept call goes; None: none is kept."""

    def retry_at(
        self,
        leases: Leases,
        budget: WindowBudget,
        now: float,
        cost: int,
        *,
        is_interactive: bool,
        is_owed: bool,
    ) -> float:
        """Return 0.0 if a call of a window is leased and may be used, else when to try again.

        Args:
            leases: Leases of this process.
            budget: The window.
            now: Loop time.
            cost: Calls that it counts as.
            is_interactive: Whether what is kept for interactive calls may be leased for it.
            is_owed: Whether it may have the kept call.
        """
        if not leases.covers(budget, cost, is_interactive=is_interactive):
            # The answer lets the queue be tried again; this is for one that brings nothing.
            return leases.retry_at(budget, now, self._windows.ends_at(budget, now))
        room = leases.room(budget)
        members = leases.members
        if is_owed or room is None or room > cost or members == 1:
            return 0.0
        if is_interactive and members <= PROBES:
            return 0.0  # All of them keep one: enough are left.
        send_at = self._kept_until(budget, now, members)
        if send_at <= now:
            return 0.0
        leases.need(budget, is_interactive=is_interactive)
        return min(send_at, now + RETRY_S)

    def _kept_until(self, budget: WindowBudget, now: float, members: int) -> float:
        """Return the moment until which the last leased call is kept; 0.0 if it is not."""
        windows, random = self._windows, self._random
        if windows.candidates(now)[0] is not budget:
            return 0.0
        if budget.reset_ms != self._reset_ms:
            self._reset_ms = budget.reset_ms
            is_chosen = random.random() * members < PROBES
            self._part = random.random() if is_chosen else None
        clock, part = windows.clock, self._part
        if part is None or budget.limit < MIN_LIMIT:
            return 0.0
        if doubtful_s(clock, now, windows.rtt_s) <= WORTH_S:
            return 0.0
        earliest, latest = clock.arrival_offsets(now)
        return budget.reset_ms / 1000 - latest + part * (latest - earliest)
