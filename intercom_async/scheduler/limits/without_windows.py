"""Decides by the settings while no window is known: before the first reply, or without headers."""

from __future__ import annotations

from intercom_async.priority import Priority
from .app_windows import AppWindows
from .cold_start import ColdStart
from .pacing import INTERACTIVE, Pacer
from .probes import Recovery
from .window_budget import Charge


class WithoutWindows:
    """Calls of one app that go without a window: in a cold start, or at the settings' pace.

    Args:
        windows: The app's windows.
        cold_start: Its calls before the first reply.
        pacer: Spaces its calls.
        recovery: Single calls after a refusal.
    """

    __slots__ = ("_cold_start", "_pacer", "_recovery", "_windows")

    def __init__(
        self, windows: AppWindows, cold_start: ColdStart, pacer: Pacer, recovery: Recovery
    ) -> None:
        self._windows = windows
        self._cold_start = cold_start
        self._pacer = pacer
        self._recovery = recovery

    def try_acquire(self, priority: Priority, now: float, cost: int) -> Charge | float:
        """Return what a call that may go is charged to, else when to try again.

        Args:
            priority: The call's lane.
            now: Loop time.
            cost: Calls that it counts as.
        """
        cold_start, pacer = self._cold_start, self._pacer
        windows, is_urgent = self._windows, priority is INTERACTIVE
        length_s = windows.schedule.length_s
        if windows.matcher.has_headers is None:
            limit, workspace = windows.usable_limit, windows.workspace
            retry_at = cold_start.retry_at(
                now, limit, length_s, cost, is_interactive=is_urgent
            ) or workspace.blind.room_at(now, workspace.limit, length_s, cost)
            if retry_at:
                return retry_at
        elif pacer.next_at > now:
            return pacer.next_at
        number = cold_start.begin(now, cost, length_s)
        pacer.take_blindly(now, cost)
        return Charge((), () if is_urgent else (number,), cost, 0, number)

    def note_refused(self, limit: int, period_s: float, *, sent: float, now: float) -> float:
        """Pause after a 429 that names a rate while no window is known; return for how long.

        Args:
            limit: Calls that the 429 names.
            period_s: Seconds that it names them for.
            sent: When the request left; those sent before the pause began are refused with it.
            now: Loop time.
        """
        since = self._recovery.since
        if since is None or sent >= since:
            pause_s = self._pacer.fallback.reject(limit, period_s, now)
            self._recovery.start(now, pause_s=pause_s)
        return self._recovery.pause_s(now)
