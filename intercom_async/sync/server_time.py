"""The server's time, from the Date of its answers; the machine's clock may be wrong or jump.

One answer fixes the difference to the loop's monotonic time. Where an answer has no Date the end of
its rate-limit window says nearly as much. Without either the machine's clock is taken, and a
watermark that rests on it goes no further than the latest change that was seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from intercom_async.clock import CLOCK
from intercom_async.moments import from_http_date
from intercom_async.response import Response

WINDOW_S = 10.0
"""Length of the server's rate-limit window: its end is at most this far ahead."""
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
        self.is_known: bool = is_known

    @classmethod
    def of(cls, answer: Response[Any]) -> ServerTime:
        """Return the clock that an answer shows."""
        moment = _date(answer.headers)
        if moment is None and answer.window.reset_at is not None:
            moment = answer.window.reset_at - WINDOW_S
            if moment < EARLIEST:
                moment = None
        if moment is None:
            return cls(CLOCK.unix(), is_known=False)
        return cls(moment, is_known=True)

    def now(self) -> int:
        """Return the server's time in whole UNIX seconds, rounded down."""
        return math.floor(CLOCK.now() + self._difference)


def _date(headers: Mapping[str, str]) -> float | None:
    text = headers.get("Date")
    moment = None if text is None else from_http_date(text)
    return moment if moment is not None and moment >= EARLIEST else None
