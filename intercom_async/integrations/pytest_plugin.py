"""Fixtures of the local Intercom for pytest.

Installing the package is enough: `intercom_simulator` gives a running simulator, new for each
test, to any kind of test; `intercom` a client of it to asynchronous ones (of anyio's or
pytest-asyncio's plugin). A marker sets the simulator up::

    @pytest.mark.intercom_simulator(contacts=5_000, app_per_minute=600)
    async def test_sync(intercom): ...
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from intercom_async.client import Intercom
    from intercom_async.simulator import Simulator

MARKER = "intercom_simulator"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", f"{MARKER}(**settings): arguments of its Simulator")


@pytest.fixture
def intercom_simulator(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """A simulator that runs in a thread of its own as long as the test."""
    # Imported here: a plugin is loaded for every test run of everyone who has the package.
    from intercom_async.simulator import in_thread  # noqa: PLC0415

    settings: dict[str, Any] = {}
    # The marker closest to the test wins.
    for marker in reversed(list(request.node.iter_markers(MARKER))):
        settings |= marker.kwargs
    with in_thread(**settings) as simulator:
        yield simulator


@pytest.fixture
async def intercom(intercom_simulator: Simulator) -> AsyncIterator[Intercom]:
    """A client of `intercom_simulator`."""
    from intercom_async.client import Intercom  # noqa: PLC0415 (as above)

    async with Intercom(token=intercom_simulator.token, base_url=intercom_simulator.url) as client:
        yield client
