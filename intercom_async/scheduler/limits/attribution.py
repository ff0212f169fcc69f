"""Which window a reply was counted in, unless its headers cannot be true.

A Reset that contradicts the known offset of the server's clock is not believed at once: a broken
proxy must not move the windows. When several replies in a row agree, the clock was set, and the
offset is learned again.
"""

from __future__ import annotations

from intercom_async.response import Window
from .server_clock import ServerClock
from .window_budget import BudgetTable, WindowBudget
from .window_schedule import MINUTE_MS, WindowSchedule

MIN_AGREEING = 5
"""Contradicting replies in a row that are believed (test_headers.py: "one in ten")."""
MAX_DATE_GAP_S = 120.0
"""Seconds. A first Reset further than this from the Date of its reply is no end of a window
(test_headers.py: "reset far ahead")."""
TOLERANCE_S = 0.05
"""Seconds by which a window may miss the known offset without contradicting it
(report: "drift -500 ppm")."""


class WindowAttribution:
    """Attributes replies to windows and keeps count of those that contradict what is known.

    Args:
        clock: Offset of the server's clock; learns from every reply.
        schedule: When windows end; learns from every reply.
        budgets: Open windows of the app.
    """

    __slots__ = (
        "_budgets",
        "_clock",
        "_contradictions",
        "_distrusted_ms",
        "_schedule",
        "has_headers",
    )

    def __init__(self, clock: ServerClock, schedule: WindowSchedule, budgets: BudgetTable) -> None:
        self._clock = clock
        self._schedule = schedule
        self._budgets = budgets
        self._contradictions = 0
        """Replies in a row whose Reset contradicts what is known."""
        self._distrusted_ms = 0
        """A Reset that stays the same while the count begins again; it is not believed."""
        self.has_headers: bool | None = None
        """None until a reply came; False where a proxy strips the headers."""

    def attribute_window(
        self,
        reply: Window,
        *,
        sent: float,
        received: float,
        is_certain: bool = False,
        date: float | None = None,
    ) -> int | None:
        """Return the window that a reply names, in milliseconds; None if it names none.

        Args:
            reply: What the headers say.
            sent: When the request left.
            received: When the reply came.
            is_certain: Whether the server has answered 429, so that what it says counts.
            date: The Date header in UNIX seconds, where the server's clock is not known yet.
        """
        reset_at = reply.reset_at
        if reset_at is None:
            return None
        reset_ms = round(reset_at * 1000)
        if reset_ms == self._distrusted_ms:
            return None
        clock, schedule = self._clock, self._schedule
        start = reset_at - schedule.length_s
        if reset_ms == schedule.last_reset_ms and clock.try_window(
            start, reset_at, sent=sent, received=received
        ):
            # The same window as that of the reply before, as nearly always.
            self._contradictions = 0
            return reset_ms
        used = reply.used
        if clock.is_known:
            low, high = clock.bounds(received)
            is_possible = (
                sent + low < reset_at + TOLERANCE_S and start <= received + high + TOLERANCE_S
            )
            if not is_possible and not self._is_believed(reset_ms, used, is_certain=is_certain):
                return None
        elif date is not None and abs(reset_at - date) > MAX_DATE_GAP_S:
            self._distrust(reset_ms)
            return None
        self._contradictions = 0
        return reset_ms if self._learn(reset_at, used, sent, received) else None

    def note_missing_headers(self) -> None:
        """Note a reply that could not be attributed."""
        if self.has_headers is None and not self._contradictions:
            self.has_headers = False

    def _last_named(self) -> WindowBudget | None:
        return self._budgets.get(self._schedule.last_reset_ms)

    def _learn(self, reset_at: float, used: int | None, sent: float, received: float) -> bool:
        """Learn from a window that is possible; return whether it fits the others."""
        schedule = self._schedule
        reset_ms = round(reset_at * 1000)
        if reset_ms != schedule.last_reset_ms:
            last = self._last_named()
            restarted = used is not None and last is not None and used < last.highest_used_seen
            if not schedule.learn(reset_ms, count_restarted=restarted):
                return False
        start = reset_at - schedule.length_s
        self._clock.observe_window(start, reset_at, sent=sent, received=received)
        return True

    def _is_believed(self, reset_ms: int, used: int | None, *, is_certain: bool) -> bool:
        """Return whether a window that contradicts the clock is true; if so, forget the clock."""
        schedule = self._schedule
        self._contradictions += 1
        if self._contradictions < MIN_AGREEING and not is_certain:
            return False
        if reset_ms == schedule.last_reset_ms and not self._has_outlasted(reset_ms, used):
            return False
        self._clock.forget()
        schedule.forget()
        return True

    def _has_outlasted(self, reset_ms: int, used: int | None) -> bool:
        """Return whether a window lasts longer than expected; if not, its Reset stands still."""
        last = self._last_named()
        restarted = used is not None and last is not None and used < last.highest_used_seen // 2
        if restarted or self._schedule.length_ms >= MINUTE_MS:
            self._distrust(reset_ms)
            return False
        self._schedule.lengthen()
        return True

    def _distrust(self, reset_ms: int) -> None:
        self._distrusted_ms = reset_ms
        self.has_headers = False
