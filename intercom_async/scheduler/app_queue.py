"""One app of a scheduler: its limiter, and the calls that wait for it."""

from __future__ import annotations

from .lanes import Lanes
from .lease_keeper import LeaseKeeper
from .limits.app_limiter import AppLimiter
from .permit import Permit
from .throttling import LowerLimit


class AppQueue:
    """The limiter of one app, and the calls that wait for it."""

    __slots__ = ("keeper", "lanes", "limiter", "lower_limit", "passed", "turn")

    def __init__(self, limiter: AppLimiter) -> None:
        self.limiter: AppLimiter = limiter
        self.lower_limit: LowerLimit = LowerLimit()
        """What 429s without headers have named."""
        self.lanes: Lanes[Permit] = Lanes()
        self.keeper: LeaseKeeper | None = None
        """Leases the app's calls where processes share a budget."""
        self.turn: int = 0
        """Number of its last call among those that went while several apps waited."""
        self.passed: int = 0
        """Calls of other apps that are not yet counted as one which has overtaken this app's."""
