"""The server's time, from the Date of its answers; the machine's clock may be wrong or jump.

One answer fixes the difference to the loop's monotonic time. Where an answer has no Date, or one
that is ahead of its rate-limit window, the end of that window says nearly as much. Without either
the machine's clock is taken. A watermark that rests on it, or on a Date with which it does not
agree, goes no further than the latest change that was seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from intercom_async.clock import CLOCK
from intercom_async.moments import from_http_date
from intercom_async.response import Response, header

WINDOW_S = 10.0
"""Length of the server's rate-limit window: its end is at most this far ahead."""
TRUSTED_S = 300
"""By how many seconds the server's time may be ahead of this machine's clock and be believed
(test_server_time.py::test_a_date_that_is_ahead_is_no_proof)."""
EARLIEST = 1_300_000_000
"""A server's time before 2011 is a broken clock's, and is not taken."""


class ServerTime:
    """Tells the server's time.

    Args:
        moment: The server's time in UNIX seconds when an answer came.
        is_known: Whether the server has said it.
    """

    def __init__(self, moment: float, *, is_known: bool) -> None:
        self._difference = moment - CLOCK.now()
        self._here = CLOCK.unix() - CLOCK.now()
        self.is_known: bool = is_known

    @classmethod
    def of(cls, answer: Response[Any]) -> ServerTime:
        """Return the clock that an answer shows."""
        moment, begins = _date(answer.headers), _window_start(answer)
        if begins is not None and (moment is None or moment > begins + WINDOW_S + TRUSTED_S):
            moment = begins
        if moment is None:
            return cls(CLOCK.unix(), is_known=False)
        return cls(moment, is_known=True)

    def not_after(self, seen: int) -> int:
        """Return a moment that the server's time has reached, though one clock may be wrong.

        A Date that is ahead of this machine's clock is no proof of what the time is; a change that
        was seen is.

        Args:
            seen: When the latest change was made that was seen.
        """
        now, here = self.now(), self._least()
        if not self.is_known:
            return min(now, seen)
        return now if now <= here + TRUSTED_S else min(now, max(here, seen))

    def proven(self, seen: int) -> int:
        """Return a moment that the server's time has reached even if both clocks are wrong.

        Args:
            seen: When the latest change was made that was seen.
        """
        is_believed = self.is_known and abs(self.now() - self._least()) <= TRUSTED_S
        return self.now() if is_believed else min(self.now(), seen)

    @property
    def is_believed(self) -> bool:
        """Whether the server has said the time, and this machine's clock agrees with it."""
        return self.proven(0) > 0

    def is_future(self, moment: int | None) -> bool:
        """Say whether a moment has not come yet by any clock: it was noted by a wrong one."""
        return moment is not None and self.is_known and moment > self.latest() + TRUSTED_S

    def may_be_now(self, moment: int) -> bool:
        """Say whether a moment is the present by this machine's clock, which a Date is ahead of."""
        here = self._least()
        is_ahead = self.is_known and self.now() > here + TRUSTED_S
        return is_ahead and abs(moment - here) <= TRUSTED_S

    def latest(self) -> int:
        """Return the later one of what the server's clock says and this machine's."""
        return max(self.now(), math.floor(CLOCK.unix()))

    def now(self) -> int:
        """Return the server's time in whole UNIX seconds, rounded down."""
        return math.floor(CLOCK.now() + self._difference)

    def _least(self) -> int:
        """Return what this machine's clock says, or would if nobody had set it forward since.

        A clock that is set while a run is under way agrees with a Date by chance
        (test_server_time.py::test_a_clock_that_is_set_meanwhile_is_no_proof).
        """
        return math.floor(min(CLOCK.unix(), CLOCK.now() + self._here))


def _date(headers: Mapping[str, str]) -> float | None:
    text = header(headers, "Date")
    moment = None if text is None else from_http_date(text)
    return moment if moment is not None and moment >= EARLIEST else None


def _window_start(answer: Response[Any]) -> float | None:
    ends = answer.window.reset_at
    return None if ends is None or ends - WINDOW_S < EARLIEST else ends - WINDOW_S
