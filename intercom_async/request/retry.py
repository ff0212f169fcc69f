"""Whether a call is tried again, and after how long: pure functions and one counter.

A call is repeated by what it means, not by its verb: a search is a POST and safe, a POST that
creates is repeated only when nothing was sent or the server said that it did nothing. Intercom has
no idempotency keys. 409 is never repeated: it says that something exists already.
https://developers.intercom.com/docs/references/rest-api/errors/http-responses
"""

from __future__ import annotations

import socket
import ssl
from random import Random
from typing import NamedTuple

from intercom_async.config import RetryPolicy
from intercom_async.errors import ConnectError, TransportError
from .operation import Repeat

REQUEST_TIMEOUT = 408
TOO_MANY_REQUESTS = 429
INTERNAL_ERROR = 500
"""Statuses from here on are failures of the server."""
SERVICE_UNAVAILABLE = 503

TRANSIENT_COST = 10
"""Taken from the budget by a repetition after a failure."""
THROTTLED_COST = 5
"""Taken from the budget by a repetition after a 429."""
FREE_REFUSALS = 9
"""Refusals of one call, by full windows or by a CDN or proxy, that cost neither an attempt nor
budget, since the scheduler spares the server: it waits for a window to end, and after several 429s
without one it lets single calls go (test_session.py::test_full_windows_cost_no_attempt,
test_session.py::test_pages_of_a_cdn_cost_no_budget)."""


class Retry(NamedTuple):
    """Try again after a pause."""

    after_s: float
    """Seconds before the call asks for its turn again; 0 where the scheduler does the waiting."""
    cost: int
    """What it takes from the budget."""
    reason: str
    """One word for logs and counters."""
    is_asked: bool = False
    """Whether the server has asked for a pause: for one as long as this, or by a 429."""


def after_transport_error(
    error: TransportError,
    repeat: Repeat,
    failures: int,
    policy: RetryPolicy,
    random: Random,
    *,
    has_answered: bool = False,
) -> Retry | None:
    """Decide after an attempt without an answer; None means that the error is raised.

    Args:
        error: What happened.
        repeat: What repeating the call means.
        failures: Attempts that have failed, this one included.
        policy: The client's settings.
        random: Where jitter comes from.
        has_answered: Whether the host that the error is about has ever answered this client.
    """
    if isinstance(error, ConnectError):
        # Nothing was sent: no server is spared by a budget for it.
        pause = pause_s(failures, policy, random)
        # A name that was resolved before is not unknown: its name server has an outage. What has
        # spoken TLS before has something else in front of it for a while.
        is_outage = has_answered and isinstance(error.__cause__, socket.gaierror | ssl.SSLError)
        may_help = error.retryable or is_outage
        return Retry(pause, 0, type(error).__name__) if may_help else None
    if repeat == "unsafe":
        return None
    return Retry(pause_s(failures, policy, random), TRANSIENT_COST, type(error).__name__)


def after_status(
    status: int,
    *,
    code: str | None,
    refusals: int = 0,
    is_queued: bool = False,
    retry_after_s: float | None,
    repeat: Repeat,
    failures: int,
    policy: RetryPolicy,
    random: Random,
) -> Retry | None:
    """Decide after an answer that is not success; None means that it is raised.

    Args:
        status: The answer's status.
        code: The first error's code.
        refusals: How often the call has been turned away, this time included; 0 if it is no 429.
        is_queued: Whether the scheduler does the waiting, since a window is full.
        retry_after_s: What the answer's Retry-After says, if it has one.
        repeat: What repeating the call means.
        failures: Attempts that have failed, this one included; pauses double with it.
        policy: The client's settings.
        random: Where jitter comes from.
    """
    pause = pause_s(failures, policy, random)
    is_asked = retry_after_s is not None and retry_after_s >= pause
    if retry_after_s is not None:
        # The server knows better; but no word of it may hang a caller for ever.
        pause = min(max(pause, retry_after_s), max(policy.cap_s, 60.0))
    if status == TOO_MANY_REQUESTS:
        # A call turned away was not carried out, so any may be repeated.
        cost = 0 if 0 < refusals <= FREE_REFUSALS else THROTTLED_COST
        return Retry(0.0 if is_queued else pause, cost, "throttled", is_asked=True)
    if status < INTERNAL_ERROR and status != REQUEST_TIMEOUT:
        return None
    if repeat == "unsafe" and not did_nothing(status, code, retry_after_s):
        return None
    return Retry(pause, TRANSIENT_COST, f"status {status}", is_asked)


def did_nothing(status: int, code: str | None, retry_after_s: float | None) -> bool:
    """Return whether an answer says that the call was turned away before any work."""
    if status == SERVICE_UNAVAILABLE:
        return retry_after_s is not None or code == "service_unavailable"
    return status == TOO_MANY_REQUESTS


def counted(attempts: int, refusals: int) -> int:
    """Return how many attempts count against the policy: the first refusals do not.

    Args:
        attempts: Attempts that were made.
        refusals: Those of them that full windows, a CDN or a proxy have turned away.
    """
    return max(1, attempts - min(refusals, FREE_REFUSALS))


def pause_s(failures: int, policy: RetryPolicy, random: Random) -> float:
    """Draw a pause, from zero to a bound that doubles (full jitter), so that no herd forms.

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    return random.uniform(0.0, min(policy.cap_s, policy.base_s * 2.0 ** min(failures - 1, 32)))


class RetryBudget:
    """What all calls of a client may spend on repetitions, so that an outage is not multiplied.

    A repetition takes some; a success gives back what its call took, or one if it took none. The
    idea is that of https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
    """

    __slots__ = ("left", "size")

    def __init__(self, size: int) -> None:
        self.size: int = size
        self.left: int = size
        """What may still be spent."""

    def take(self, cost: int) -> bool:
        """Take `cost` if there is as much; say whether it was taken."""
        if cost > self.left:
            return False
        self.left -= cost
        return True

    def give_back(self, spent: int) -> None:
        """Return what a call that has succeeded took."""
        self.left = min(self.size, self.left + (spent or 1))
