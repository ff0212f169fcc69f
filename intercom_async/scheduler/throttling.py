"""What a 429 means: it is not always the window."""

from __future__ import annotations

import re
from enum import Enum

from intercom_async.response import Window

TOO_MANY_REQUESTS = 429

_WINDOW_MESSAGE = re.compile(r"rate limit of (\d+) in \d+[ _]?\w+", re.IGNORECASE)
_RESOURCE_MESSAGE = re.compile(r"\bpending\b|\bjobs?\b|\bexports?\b", re.IGNORECASE)


class Throttle(Enum):
    """Why a request was turned away with 429."""

    APP = "app"
    """The app's window is full: nobody sends until it ends."""
    WORKSPACE = "workspace"
    """The window of all apps of the workspace is full: nobody sends until it ends."""
    RESOURCE = "resource"
    """A limit of this one operation, such as one pending export: nobody else is concerned."""
    EDGE = "edge"
    """The server is overloaded, or something in front of it is."""


FULL_WINDOW = (Throttle.APP, Throttle.WORKSPACE)
"""What says that a window was counted full."""


def classify(window: Window, message: str | None, limit: int) -> Throttle:
    """Tell why a reply of status 429 came.

    Args:
        window: What its headers say.
        message: The first error's message.
        limit: The app's limit as last known.
    """
    named = named_limit(message)
    if named is None:
        if message and _RESOURCE_MESSAGE.search(message):
            return Throttle.RESOURCE
        return Throttle.APP if window.remaining == 0 else Throttle.EDGE
    if named == limit:
        # Both may have the same limit; the app's window explains it only if it has no room left.
        return Throttle.WORKSPACE if (window.remaining or 0) > limit // 100 else Throttle.APP
    if named >= 2 * limit:
        # No app's limit doubles unseen; the headers may show the workspace's numbers here.
        return Throttle.WORKSPACE
    return Throttle.APP if named == window.limit or window.remaining == 0 else Throttle.WORKSPACE


def named_limit(message: str | None) -> int | None:
    """Return the limit that the message of a 429 names."""
    found = _WINDOW_MESSAGE.search(message or "")
    return int(found.group(1)) if found else None
