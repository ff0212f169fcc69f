"""A local Intercom for development and tests.

It knows nothing of the client in this package: what it answers comes from Intercom's own
description and from what the real one was seen to do, so that a mistake of the client cannot hide
behind the same mistake here.
"""

from __future__ import annotations

from .clock import SimulatorClock
from .faults import Fault, Faults
from .limits.apps import App
from .limits.windows import LedgerRow
from .running import in_thread, serve
from .simulator import Simulator
from .status import AppStatus, Status

__all__ = (
    "App",
    "AppStatus",
    "Fault",
    "Faults",
    "LedgerRow",
    "Simulator",
    "SimulatorClock",
    "Status",
    "in_thread",
    "serve",
)
