"""The headers of an answer, those of rate limits included."""

from __future__ import annotations

import email.utils

from .clock import SimulatorClock
from .exchange import Exchange
from .limits.windows import moment_text
from .routes.call import Reply
from .store.workspace import Workspace


class AnswerHeaders:
    """Makes the headers of answers.

    Args:
        clock: What `Date` shows.
    """

    def __init__(self, clock: SimulatorClock) -> None:
        self._clock = clock
        self._date = (-1, "")

    def of(self, reply: Reply, exchange: Exchange, workspace: Workspace) -> dict[str, str]:
        """Return the headers of a reply, without the length of its body."""
        headers = {
            "Content-Type": reply.content_type,
            "X-Request-Id": exchange.request_id,
            "Date": self._date_text(),
            **reply.headers,
        }
        if exchange.version is not None:
            headers["Intercom-Version"] = exchange.version
        if exchange.rate_limit is not None:
            headers["X-RateLimit-Limit"] = str(exchange.rate_limit.limit)
            headers["X-RateLimit-Remaining"] = str(exchange.rate_limit.remaining)
            reset = _reset_text(exchange.rate_limit.reset_at, workspace)
            if reset is not None:
                headers["X-RateLimit-Reset"] = reset
        return headers

    def _date_text(self) -> str:
        now = int(self._clock.reported())
        if self._date[0] != now:
            self._date = (now, email.utils.formatdate(now, usegmt=True))
        return self._date[1]


def _reset_text(reset_at: float, workspace: Workspace) -> str | None:
    """Return the end of a window in the form that the quirk says."""
    form = workspace.quirks.reset_header
    if form == "absent":
        return None
    if form == "constant":
        return moment_text(workspace.until)
    return str(round(reset_at * 1_000)) if form == "milliseconds" else moment_text(reset_at)
