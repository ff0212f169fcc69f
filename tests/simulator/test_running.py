"""A simulator that runs by itself, and the fixtures for pytest."""

from __future__ import annotations

import asyncio
import urllib.request

import pytest

from intercom_async.simulator import Simulator, Status, in_thread, serve

pytestmark = pytest.mark.once
PLUGIN = "-p", "intercom_async.integrations.pytest_plugin"
pytest_plugins = ("pytester",)


def read(simulator: Simulator) -> bytes:
    request = urllib.request.Request(  # noqa: S310 (the simulator's own URL)
        f"{simulator.url}/me",
        headers={"Authorization": f"Bearer {simulator.token}", "Accept": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=5) as reply:  # noqa: S310
        body: bytes = reply.read()
        return body


def test_it_runs_in_a_thread_beside_blocking_code() -> None:
    with in_thread(contacts=3) as simulator:
        assert b'"type":"admin"' in read(simulator)
        assert simulator.status().apps[0].remaining == 1666

    with pytest.raises(OSError, match="refused"):
        read(simulator)


def test_a_port_that_is_taken_is_said_at_once() -> None:
    with in_thread(contacts=1) as simulator:
        port = int(simulator.url.rpartition(":")[2])
        with pytest.raises(OSError, match="address already in use"), in_thread(port=port):
            pass


@pytest.mark.anyio
async def test_serving_tells_how_it_stands_until_it_is_cancelled() -> None:
    seen: asyncio.Queue[Status] = asyncio.Queue()
    task = asyncio.create_task(serve(contacts=1, on_status=seen.put_nowait, every_s=0.01))
    first, second = await seen.get(), await seen.get()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert first.url == second.url
    assert (first.requests, first.workspace_limit) == (0, 4167)


def test_fixtures_give_a_simulator_and_a_client(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        def test_plain(intercom_simulator):
            assert intercom_simulator.url.startswith("http://127.0.0.1:")

        @pytest.mark.anyio
        @pytest.mark.intercom(contacts=3)
        async def test_client(intercom, intercom_simulator):
            found = [contact async for contact in intercom.contacts.list()]
            assert len(found) == 3
            assert intercom_simulator.requests == 1

        @pytest.mark.intercom(contacts=5, faults={"status": 503, "times": 1})
        class TestOptions:
            @pytest.mark.anyio
            @pytest.mark.intercom(quirks={"max_per_page": 2}, faults=[{"status": 500, "after": 9}])
            async def test_the_closest_marker_wins(self, intercom, intercom_simulator):
                found = [contact async for contact in intercom.contacts.list()]
                assert len(found) == 5
                assert intercom_simulator.requests == 3

            @pytest.mark.anyio
            async def test_faults_strike(self, intercom, intercom_simulator):
                assert await intercom.admins.me()
                assert intercom_simulator.statuses == {200: 1, 503: 1}

        @pytest.mark.intercom(5)
        def test_refused_position(intercom_simulator): ...

        @pytest.mark.intercom(faults=["503"])
        def test_refused_faults(intercom_simulator): ...

        @pytest.mark.intercom(contacts="5")
        def test_refused_setting(intercom_simulator): ...

        @pytest.fixture
        def anyio_backend():
            return "asyncio"
        """
    )

    result = pytester.runpytest_subprocess(*PLUGIN, "-p", "no:cacheprovider")

    result.assert_outcomes(passed=4, errors=3)
    told = result.stdout.str()
    for words in ("takes named settings", "must be dictionaries, not", "Expected `int`, got `str`"):
        assert words in told
