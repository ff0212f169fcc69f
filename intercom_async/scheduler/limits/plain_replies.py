"""Replies that teach nothing but that one more call was counted, as nearly all of them do.

A reply is *plain* if it names the window and the limit that the one before it named, if the calls
that it shows are our own, and if it came while nothing else is due: between the two uncertain ends
of the window, within one part of it and one span over which usage is measured. All that the slow
way (`AppWindows.observe`) would do with it are the few additions in `book`, which takes a third of
the time.
"""

from __future__ import annotations

import math

from intercom_async.response import Window
from .app_windows import RTT_WEIGHT, AppWindows
from .server_clock import DATE_USEFUL_WIDTH_S, FAST_DRIFT
from .window_budget import FEW_LEFT, Charge, WindowBudget


class PlainReplies:
    """Books the plain replies of one app.

    Args:
        windows: The app's windows.
    """

    __slots__ = (
        "_budget",
        "_candidates",
        "_clock",
        "_clock_version",
        "_external",
        "_reset_at",
        "_schedule",
        "_schedule_version",
        "_until",
        "_windows",
        "_workspace",
    )

    def __init__(self, windows: AppWindows) -> None:
        self._windows = windows
        self._clock = windows.clock
        self._schedule = windows.schedule
        self._external = windows.external
        # Any budget will do: until it is replaced, no time is before `_until`.
        self._budget = self._workspace = WindowBudget(0, 0)
        self._candidates: tuple[WindowBudget, ...] = ()
        self._reset_at = 0.0
        self._until = -math.inf
        """Loop time from which on replies have to be looked at; minus infinity while all have."""
        self._clock_version = self._schedule_version = -1

    def book(self, charge: Charge, reply: Window, sent: float, received: float) -> bool:
        """Book a reply other than a 429 and return True if it is plain; else do nothing.

        Args:
            charge: What its call was charged to.
            reply: What the headers say.
            sent: When the request left.
            received: When the reply came.
        """
        budget, clock = self._budget, self._clock
        limit, remaining = reply.limit, reply.remaining
        if (
            received >= self._until
            or reply.reset_at != self._reset_at
            or charge.budgets is not self._candidates
            or limit is None
            or limit != budget.limit
            or remaining is None
            or remaining in FEW_LEFT
            or clock.version != self._clock_version
            or self._schedule.version != self._schedule_version
            or self._schedule.last_reset_ms != budget.reset_ms
        ):
            return False
        cost, used, most = charge.cost, limit - remaining, budget.highest_used_seen
        if used <= charge.used_before:
            return False
        if used > most:  # noqa: PLR1730 (no call, here and below: nearly every reply comes by)
            most = used
        confirmed, rtt_s = budget.confirmed + cost, received - sent
        if (
            most > budget.charged
            or confirmed > limit
            or rtt_s < clock.quickest_s
            or budget.external_seen
            or (charge.charge_seqs and used > charge.charge_seqs[0])
        ):
            return False
        budget.confirmed = confirmed
        self._workspace.confirmed += cost
        budget.highest_used_seen = most
        if sent > budget.limit_sent_at:  # noqa: PLR1730 (as above)
            budget.limit_sent_at = sent
        if sent > self._external.sampled_at:  # noqa: PLR1730 (as above)
            self._external.sampled_at = sent
        windows = self._windows
        old = windows.rtt_s
        windows.rtt_s = (1.0 - RTT_WEIGHT) * old + RTT_WEIGHT * rtt_s if old else rtt_s
        return True

    def end(self) -> None:
        """Take no reply for plain any more: one has come that has to be looked at."""
        self._until = -math.inf

    def begin(self, budget: WindowBudget, reply: Window, received: float) -> None:
        """Take replies that say what this one said for plain, as long as nothing else is due.

        Args:
            budget: The window that it was counted in, which has learned from it.
            reply: What its headers said.
            received: When it came.
        """
        windows, clock, workspace = self._windows, self._clock, budget.workspace
        reset_at, candidates = reply.reset_at, windows.last_candidates
        if (
            reset_at is None
            or workspace is None
            or len(candidates) != 1
            or candidates[0] is not budget
            or not budget.max_limit
            or windows.limit != budget.limit
            or windows.matcher.impossible
            or not windows.remaining_includes_call
            or clock.drift > FAST_DRIFT
            or clock.width_s(received) > DATE_USEFUL_WIDTH_S
        ):
            return
        until = clock.nothing_new_until(reset_at)
        if until <= received:
            return
        offset = clock.likely_offset(received)
        self._until = self._external.nothing_new_until(budget, until, offset, self._schedule)
        self._budget, self._workspace = budget, workspace
        self._candidates, self._reset_at = candidates, reset_at
        self._clock_version, self._schedule_version = clock.version, self._schedule.version
