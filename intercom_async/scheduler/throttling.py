"""Kinds of 429: of the app's window, of the workspace's, of a resource, or of none of these."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from enum import Enum

from intercom_async.response import Window
from .limits.window_budget import WindowBudget

TOO_MANY_REQUESTS = 429

UNEXPLAINED_DIVISOR = 100
"""A 429 whose reply leaves more than one in so many calls of the app's window cannot be the app's
(test_throttling.py::test_a_429_is_classified_by_message_and_headers)."""
MIN_WORKSPACE_RATIO = 2
"""A 429 that names at least so many times the app's limit is the workspace's: no app's limit
doubles unseen (test_throttling.py::test_a_429_is_classified_by_message_and_headers)."""

MAX_PERIOD_S = 3600.0
"""Seconds. A 429 that names a rate over a longer time is not believed
(test_feedback.py::test_hostile_headers_leave_nothing_charged_and_nobody_waiting)."""

_WINDOW_MESSAGE = re.compile(
    r"rate limit of (\d{1,9}) in (\d{1,9})[ _]?(second|minute|hour)?(?!\d)", re.IGNORECASE
)
_UNIT_S = {"second": 1, "minute": 60, "hour": 3600}
_RESOURCE_MESSAGE = re.compile(r"\bpending\b|\bjobs?\b|\bexports?\b", re.IGNORECASE)


class Throttle(Enum):
    """Why a request was answered 429."""

    APP = "app"
    """The app's window is full: no call is sent until it ends."""
    WORKSPACE = "workspace"
    """The window of all apps of the workspace is full: no call is sent until it ends."""
    RESOURCE = "resource"
    """A limit of this one operation, such as one pending export; other calls go on."""
    EDGE = "edge"
    """The server, or something in front of it, is overloaded."""


FULL_WINDOW = (Throttle.APP, Throttle.WORKSPACE)
"""Kinds that say that a window is full."""


def classify(window: Window, message: str | None, limit: int, *, workspace: int) -> Throttle:
    """Return why a reply has status 429.

    Args:
        window: What its headers say.
        message: The first error's message.
        limit: The app's limit as last known, in calls a window.
        workspace: The workspace's limit as last known, in calls a window.
    """
    named = named_limit(message)
    if named is None:
        if message and _RESOURCE_MESSAGE.search(message):
            return Throttle.RESOURCE
        return Throttle.APP if window.remaining == 0 else Throttle.EDGE
    if named == limit:
        # Both may have the same limit; the app's window explains it only if it is full.
        has_room = (window.remaining or 0) > limit // UNEXPLAINED_DIVISOR
        return Throttle.WORKSPACE if has_room else Throttle.APP
    if named >= MIN_WORKSPACE_RATIO * limit:
        # The headers may show the workspace's numbers here.
        return Throttle.WORKSPACE
    if window.limit is None and named < limit and named != workspace:
        # No header contradicts it: rather than of a workspace with less than one of its apps, it is
        # the limit of the app, which has been lowered. A higher one, of which the app knows nothing
        # yet, would turn no call of it away.
        return Throttle.APP
    return Throttle.APP if named == window.limit or window.remaining == 0 else Throttle.WORKSPACE


class LowerLimit:
    """A limit below the app's that 429s without headers have named.

    At first it is taken for the app's, which was lowered. If it was, the replies that a later
    window serves name it; if they go on to name another one, it is the workspace's.
    """

    __slots__ = ("_limit", "_reset_ms")

    def __init__(self) -> None:
        self._limit = 0
        self._reset_ms = 0

    def is_workspace(self, named: int, windows: Sequence[WindowBudget]) -> bool:
        """Note a limit that a 429 names; return whether the app is known not to have it.

        Args:
            named: The limit.
            windows: Those that may have counted the call, the older one first.
        """
        if named != self._limit:
            self._limit, self._reset_ms = named, windows[-1].reset_ms
            return False
        first = windows[0]
        is_later = first.reset_ms > self._reset_ms
        return is_later and first.limit_sent_at > -math.inf and first.limit != named

    def forget(self) -> None:
        """Believe the next one: the app's limit has changed."""
        self._limit = 0


def named_limit(message: str | None) -> int | None:
    """Return the limit that the message of a 429 names, in calls a window."""
    found = _WINDOW_MESSAGE.search(message or "")
    return int(found[1]) if found else None


def named_rate(message: str | None) -> tuple[int, float] | None:
    """Return the calls, and the seconds they are for, that the message of a 429 names."""
    found = _WINDOW_MESSAGE.search(message or "")
    if found is None:
        return None
    limit, period_s = int(found[1]), float(found[2]) * _UNIT_S[(found[3] or "second").lower()]
    return (limit, period_s) if limit and 0.0 < period_s <= MAX_PERIOD_S else None
