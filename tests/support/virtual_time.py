"""The loop whose time is virtual, for a folder of tests or for one of them."""

from __future__ import annotations

from typing import Any

import pytest

from intercom_async.simulator.virtual_loop import DeadlockError, VirtualLoop, run_virtual

__all__ = ("DeadlockError", "VirtualLoop", "anyio_backend", "run_virtual")


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Run a folder's tests on virtual time, once its conftest imports this."""
    return "asyncio", {"loop_factory": VirtualLoop}
