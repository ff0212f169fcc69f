"""An event loop whose time is virtual: hours of traffic in seconds, and a deadlock is an error.

It is asyncio's own loop with another selector. When nothing is ready, time jumps to the next timer;
when there is no timer either, nothing can ever happen again, and that is said instead of waited
for. Each jump goes a microsecond further than asked, so that a timer that is set for a moment which
rounding puts just ahead cannot be set for ever.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

T = TypeVar("T")

_STEP_S = 1e-6


class DeadlockError(Exception):
    """Every task waits, and no timer is set."""


class _JumpingSelector(selectors.SelectSelector):
    """Finds what is ready, or moves time on instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready:
            return ready
        if timeout is None:
            raise DeadlockError("every task waits, and no timer is set")
        if timeout > 0:
            self.now += timeout + _STEP_S
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop with a clock that jumps; what is run on it must not wait for the network."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Run a folder's tests on virtual time, once its conftest imports this."""
    return "asyncio", {"loop_factory": VirtualLoop}
