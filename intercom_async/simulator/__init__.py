"""A local Intercom for development and tests.

It knows nothing of the client in this package: what it answers comes from Intercom's own
description and from what the real one was seen to do, so that a mistake of the client cannot hide
behind the same mistake here.
"""

from __future__ import annotations

from .apps import App
from .clock import SimulatorClock
from .faults import Fault, Faults
from .running import in_thread, serve
from .simulator import Simulator
from .status import AppStatus, Status
from .windows import LedgerRow

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
