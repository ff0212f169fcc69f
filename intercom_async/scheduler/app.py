"""One app of a scheduler: its gate, its queue, and whether its calls are spread out."""

from __future__ import annotations

from collections.abc import Hashable

from intercom_async.priority import Priority
from .lanes import Lanes
from .limits.app_limiter import Gate
from .limits.usage import ROUNDING
from .permit import Permit

SMALL_PART = 0.25
"""Of what is left: so many waiting normal calls are no backlog, and go at once."""
QUIET_S = 1.0
"""When calls have gone for this long and none has come, what waits is the rest of a job."""
INTERACTIVE = Priority.INTERACTIVE
UNHURRIED = (Priority.BACKGROUND, Priority.BULK)


class App:
    """What a scheduler keeps for one app."""

    __slots__ = ("_going_since", "gate", "key", "lanes")

    def __init__(self, key: Hashable, gate: Gate) -> None:
        self.key: Hashable = key
        self.gate: Gate = gate
        self.lanes: Lanes = Lanes()
        self._going_since: float | None = None
        """The first moment since the last call came at which one was let go."""

    def arrived(self, priority: Priority, now: float) -> None:
        """Follow when calls come: interactive ones to keep room, others to know a job's end."""
        if priority is INTERACTIVE:
            self.gate.reserve.arrived(now, self.gate.grid.length_s)
        else:
            self._going_since = None

    def went(self, now: float) -> None:
        """Note that a call that had waited was let go."""
        if self._going_since is None:
            self._going_since = now

    def is_paced(self, permit: Permit, now: float) -> bool:
        """Say whether a call is spread over the window.

        Interactive calls never are, others with a backlog are. While nobody else uses the
        windows, a few normal calls go at once, and so does the rest of a job that fits into what
        is left of the window.
        """
        if permit.priority is INTERACTIVE:
            return False
        gate = self.gate
        others_are_there = not gate.foreign.is_absent or gate.workspace.quota is not None
        if others_are_there or not gate.is_known:
            return True
        if permit.priority in UNHURRIED:
            since = self._going_since
            if since is None or now - since < max(QUIET_S, 4.0 * gate.rtt_s):
                return True
            part = 1.0
        else:
            part = SMALL_PART
        ledger = gate.span(now)[0]
        if ledger.top - ledger.charged > ROUNDING:
            return True
        waiting = self.lanes.live
        return waiting > 0 and waiting > gate.room(ledger, now, hurried=False)[1] * part
