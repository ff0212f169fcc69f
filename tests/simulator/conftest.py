"""A running simulator and a plain HTTP client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from intercom_async.simulator import Simulator


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """A small workspace without limits that matter."""
    async with Simulator(
        contacts=120,
        conversations=40,
        companies=20,
        tickets=30,
        app_per_minute=10**7,
        workspace_per_minute=10**7,
    ) as running:
        yield running


@pytest.fixture
async def http(simulator: Simulator) -> AsyncIterator[aiohttp.ClientSession]:
    """A client with the first app's token; it knows nothing of the package."""
    headers = {"Authorization": f"Bearer {simulator.token}", "Accept": "application/json"}
    async with aiohttp.ClientSession(simulator.url, headers=headers) as session:
        yield session
