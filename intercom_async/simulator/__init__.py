"""A local Intercom for development and tests.

It knows nothing of the client in this package: what it answers comes from Intercom's own
description and from what the real API was seen to do, so that a mistake of the client cannot hide
behind the same mistake here.

- `simulator.py` is what users start; `backend.py` answers requests without a socket. `http/` puts
  it behind one, and `virtual.py` behind a scripted transport; `virtual_loop.py` has a test's time.
- `control.py` is the API about the simulator itself, `guard.py` says who may use it, and `console/`
  is the page that does. `journal.py` keeps the newest requests for it.
- `routes/` has a handler for each operation; `schema/` describes the operations without code of
  their own.
- `store/` holds the workspace, `seed/` makes the records that are there from the start, `limits/`
  counts calls.

Records are held here rather than in SQLite. A seeded record is a function of its number: a million
of them cost no memory and no time to fill, the same seed gives the same bytes, and a range of time
is a range of numbers. Only what is written is stored, as the JSON object that is sent.
"""

from __future__ import annotations

from .clock import SimulatorClock
from .faults import Fault, Faults
from .limits.apps import App
from .limits.windows import LedgerRow
from .quirks import Quirks
from .running import in_thread, serve
from .simulator import Simulator
from .status import AppStatus, Status
from .virtual_loop import DeadlockError, VirtualLoop, run_virtual

__all__ = (
    "App",
    "AppStatus",
    "DeadlockError",
    "Fault",
    "Faults",
    "LedgerRow",
    "Quirks",
    "Simulator",
    "SimulatorClock",
    "Status",
    "VirtualLoop",
    "in_thread",
    "run_virtual",
    "serve",
)
