"""Parts shared by the integrations for web frameworks: client and error responses.

Nothing of an answer of Intercom is shown to a visitor: its message may name other people.
"""

from __future__ import annotations

import math

from intercom_async.client import Intercom
from intercom_async.errors import (
    DeadlineError,
    DecodeError,
    NotFoundError,
    RateLimitedError,
    ResponseError,
    TransportError,
    WaitTooLongError,
)
from intercom_async.priority import Priority

HANDLED: tuple[type[Exception], ...] = (
    ResponseError,
    TransportError,
    WaitTooLongError,
    DeadlineError,
    DecodeError,
)
"""Errors that become answers. Mistakes in the app's own code, such as `ConfigError`, do not."""


def interactive_client() -> Intercom:
    """Make the client of a web app: people wait, so it refuses rather than let them wait long."""
    return Intercom(priority=Priority.INTERACTIVE, max_wait_s=1.0, deadline_s=10.0)


def answer_to(error: Exception) -> tuple[int, str, dict[str, str]]:
    """Return status, text and headers of the response to an error.

    503 with Retry-After where the budget is used up, 404 where there is no such thing, 504 where
    time ran out, 502 where Intercom or the way to it fails, or refuses the app's own request.
    """
    if isinstance(error, (WaitTooLongError, RateLimitedError)):
        wait_s = max(1, math.ceil(error.retry_after_s or 0.0))
        text = f"Intercom is busy; try again in {wait_s} second{'s' if wait_s > 1 else ''}"
        return 503, text, {"Retry-After": str(wait_s)}
    if isinstance(error, NotFoundError):
        return 404, "not found", {}
    if isinstance(error, DeadlineError):
        return 504, "Intercom did not answer in time", {}
    return 502, "Intercom could not answer", {}
