"""Gives each request its turn."""

from .hooks import Hooks
from .permit import Permit
from .registry import shared_scheduler
from .scheduler import Scheduler
from .statistics import Statistics, TierStatistics
from .throttle import Throttle

__all__ = [
    "Hooks",
    "Permit",
    "Scheduler",
    "Statistics",
    "Throttle",
    "TierStatistics",
    "shared_scheduler",
]
