"""Ends long work on a target where the run is to stop: to load, to verify or to publish it.

For a large one that takes longer than a run may go on once it was told to stop. Until the commit
point of a publication nobody sees what it makes, and all that was read is in the journal: the next
run makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar

from intercom_async.sync.outage import StoppedError

GOES_ON_ROWS = 10_000
"""Rows and entries that are looked at once the run is to stop: most targets have no more, and the
slowest sink takes a second or two for them."""


class Ending:
    """Counts what is done to a target once its run is to stop.

    Args:
        is_to_stop: Whether the run was told to stop; asked in the sink's thread.
    """

    def __init__(self, is_to_stop: Callable[[], bool]) -> None:
        self._is_to_stop = is_to_stop
        self._left = GOES_ON_ROWS

    def check(self, rows: int = 1) -> None:
        """Go on with so many rows, or raise.

        Raises:
            StoppedError: The run is to stop.
        """
        if self._is_to_stop():
            self._left -= rows
            if self._left < 0:
                raise StoppedError("the run was asked to stop while it worked on the target")


_NEVER = Ending(lambda: False)
_ENDING: ContextVar[Ending] = ContextVar("ending", default=_NEVER)


@contextmanager
def ended_when(is_to_stop: Callable[[], bool]) -> Generator[None]:
    """Let work on a target in the block end with `StoppedError` soon after the run is to stop."""
    token = _ENDING.set(Ending(is_to_stop))
    try:
        yield
    finally:
        _ENDING.reset(token)


def current_ending() -> Ending:
    """Return what ends the work on a target in whose thread this is called."""
    return _ENDING.get()
