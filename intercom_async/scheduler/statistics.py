"""What a scheduler knows and has done, at one moment."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from intercom_async.priority import Priority
from .throttling import Throttle


class TierStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """One limit in its present window."""

    limit: int
    """Calls a window."""
    used: int
    """The least that is used up, by everybody."""
    used_at_most: int
    """The most that is used up."""
    foreign: int
    """What others are thought to have used."""
    remaining: int
    """What is left at the most."""
    reset_at: float | None
    """End of the window, UNIX seconds on the server's clock; None before a reply said it."""


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """Counts since the scheduler was made, unless it says otherwise."""

    app: TierStatistics
    workspace: TierStatistics
    queued: Mapping[Priority, int]
    """Calls that wait now, by lane."""
    oldest_wait_s: Mapping[Priority, float]
    """How long the head of each lane has waited; 0 where nobody does."""
    in_flight: int
    """Calls that were let go and have not ended."""
    granted: int
    refunded: int
    """Calls that were let go and not sent."""
    lost: int
    """Calls that were sent and never answered."""
    throttled: int
    """Answers of 429, of any kind."""
    throttled_by: Mapping[Throttle, int]
    retries: int
    """Calls that were sent again."""
    waited_s: float
    """Time that calls have waited for their turn, added up."""
    rate_per_s: float
    """How fast paced calls may go now."""
    utilisation: float | None
    """Share of the last whole window that was used; None before one is over."""
    utilisations: tuple[float, ...]
    """The same of the last windows, the newest last; at most 20."""
