"""The one timer of a dispatcher: the earliest moment at which waiting calls are tried again."""

from __future__ import annotations

import math
from collections.abc import Callable

from intercom_async.clock import Clock, TimerHandle


class Alarm:
    """A timer that is set again and again, and has fired at the latest when it was asked to.

    Args:
        clock: Sets timers.
        callback: Called when the moment has come.
    """

    __slots__ = ("_at", "_callback", "_clock", "_timer")

    def __init__(self, clock: Clock, callback: Callable[[], None]) -> None:
        self._clock = clock
        self._callback = callback
        self._timer: TimerHandle | None = None
        self._at = math.inf

    def set(self, moment: float) -> None:
        """Fire at `moment`, for which an earlier one will do as well; infinity calls it off."""
        if self._timer is not None:
            if self._at <= moment and moment != math.inf:
                return
            self._timer.cancel()
            self._timer = None
        self._at = moment
        if moment != math.inf:
            self._timer = self._clock.call_at(moment, self._fire)

    def _fire(self) -> None:
        self._timer, self._at = None, math.inf
        self._callback()
