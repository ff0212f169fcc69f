"""``limits``: what is left of the app's window, and when it ends."""

from __future__ import annotations

import msgspec
import pytest

from intercom_async.simulator import Simulator
from .conftest import Run

pytestmark = pytest.mark.anyio


async def test_limits_are_shown(run_here: Run) -> None:
    async with Simulator(
        contacts=3, conversations=1, app_per_minute=10**7, workspace_per_minute=10**7
    ) as simulator:
        there = {"INTERCOM_TOKEN": simulator.token, "INTERCOM_BASE_URL": simulator.url}
        done = await run_here("limits", environment=there)

    found = msgspec.json.decode(done.stdout)
    assert found["app"]["limit_per_window"] == pytest.approx(10**7 / 6, abs=1)
    # Unless a window has ended just then: the new one is empty.
    assert found["app"]["used"] >= 1 or found["app"]["resets_in_s"] > 7.0
