"""The two limits, their windows and headers, and the ledger."""

from __future__ import annotations

import base64
from typing import Any

import aiohttp
import pytest

from intercom_async.simulator import Simulator

pytestmark = pytest.mark.anyio

START = 1_780_000_000.0


async def get(simulator: Simulator, token: str | None = None) -> aiohttp.ClientResponse:
    headers = {
        "Authorization": f"Bearer {token or simulator.token}",
        "Accept": "application/json",
    }
    async with (
        aiohttp.ClientSession(simulator.url, headers=headers) as http,
        http.get("/admins") as reply,
    ):
        await reply.read()
        return reply


def numbers(reply: aiohttp.ClientResponse) -> tuple[int, int, str]:
    headers = reply.headers
    return (
        int(headers["X-RateLimit-Limit"]),
        int(headers["X-RateLimit-Remaining"]),
        headers["X-RateLimit-Reset"],
    )


@pytest.mark.parametrize(
    ("user", "status"), [("{token}", 200), ("{token}:", 200), ("nobody:{token}", 401)]
)
async def test_the_token_may_be_the_user_of_basic_authentication(user: str, status: int) -> None:
    async with Simulator(contacts=1) as simulator, aiohttp.ClientSession(simulator.url) as http:
        named = user.format(token=simulator.token).encode()
        headers = {"Authorization": f"Basic {base64.b64encode(named).decode()}"}
        async with http.get("/me", headers=headers) as reply:
            assert reply.status == status


async def test_headers_tell_the_window_and_what_was_left_before_the_call() -> None:
    async with Simulator(contacts=1) as simulator:
        simulator.clock.freeze(START + 3)

        assert numbers(await get(simulator)) == (1667, 1667, "1780000010")
        assert numbers(await get(simulator)) == (1667, 1666, "1780000010")
        simulator.clock.move(7)
        assert numbers(await get(simulator)) == (1667, 1667, "1780000020")


async def test_remaining_may_count_the_call_itself() -> None:
    async with Simulator(contacts=1, remaining="after") as simulator:
        assert numbers(await get(simulator))[1] == 1666


async def test_a_full_window_answers_429_until_it_ends() -> None:
    async with Simulator(contacts=1, app_per_minute=12) as simulator:
        simulator.clock.freeze(START)

        replies = [await get(simulator) for _ in range(3)]

        assert [one.status for one in replies] == [200, 200, 429]
        assert numbers(replies[-1]) == (2, 0, "1780000010")
        answer = await replies[-1].json()
        assert answer["errors"] == [
            {"code": "rate_limit_exceeded", "message": "Exceeded rate limit of 2 in 10_seconds"}
        ]
        simulator.clock.move(10)
        assert (await get(simulator)).status == 200


async def test_apps_have_their_own_limits_and_share_that_of_the_workspace() -> None:
    async with Simulator(contacts=1, app_per_minute=18, workspace_per_minute=24) as simulator:
        simulator.clock.freeze(START)
        other = simulator.new_app(app_per_minute=60)

        assert [(await get(simulator)).status for _ in range(3)] == [200] * 3
        replies = [await get(simulator, other.token) for _ in range(2)]

        assert [one.status for one in replies] == [200, 429]
        # The headers speak of the app, which has calls left.
        assert numbers(replies[1])[:2] == (10, 9)


async def test_a_neighbour_spends_its_share_evenly() -> None:
    async with Simulator(contacts=1, workspace_per_minute=60) as simulator:
        simulator.clock.freeze(START)
        simulator.neighbour(0.5)
        assert [(await get(simulator)).status for _ in range(10)] == [200] * 10
        simulator.clock.move(15)
        # Half of the window is over: a quarter of its ten calls is spent.
        statuses = [(await get(simulator)).status for _ in range(9)]
        assert statuses == [200] * 8 + [429]


async def test_limits_change_while_it_runs() -> None:
    async with Simulator(contacts=1) as simulator:
        simulator.clock.freeze(START)
        assert numbers(await get(simulator))[0] == 1667
        simulator.set_limits(app_per_minute=6)
        assert numbers(await get(simulator))[:2] == (1, 0)
        assert (await get(simulator)).status == 429


async def test_windows_may_be_shorter_than_a_second() -> None:
    async with Simulator(contacts=1, window_s=0.5, app_per_minute=600) as simulator:
        simulator.clock.freeze(START + 0.25)
        assert numbers(await get(simulator)) == (5, 5, "1780000000.5")


async def test_the_ledger_has_each_token_and_window() -> None:
    async with Simulator(contacts=1, app_per_minute=12) as simulator:
        simulator.clock.freeze(START)
        for _ in range(3):
            await get(simulator)
        simulator.clock.move(10)
        await get(simulator)

        rows = simulator.ledger()

        assert [(row.window_at, row.limit, row.served, row.rejected) for row in rows] == [
            (START, 2, 2, 1),
            (START + 10, 2, 1, 0),
        ]
        assert {row.token for row in rows} == {simulator.token}


async def test_skew_shows_in_the_date_alone() -> None:
    async with Simulator(contacts=1) as simulator:
        simulator.clock.freeze(START)
        simulator.clock.skew_s = 90

        reply = await get(simulator)

        assert reply.headers["Date"] == "Thu, 28 May 2026 20:28:10 GMT"
        assert numbers(reply)[2] == "1780000010"


async def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="contacts=-1"):
        Simulator(contacts=-1)
    with pytest.raises(ValueError, match="window_s"):
        Simulator(window_s=0)
    with pytest.raises(ValueError, match="timezone='Mars'"):
        Simulator(timezone="Mars")


async def test_control_api_does_the_same_for_other_languages(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    async def control(method: str, name: str, body: Any = None) -> Any:
        async with aiohttp.request(method, f"{simulator.url}/_simulator/{name}", json=body) as one:
            return one.status, await one.json()

    assert (await control("POST", "clock", {"freeze": START, "move_s": 5}))[1]["now"] == START + 5
    assert (await control("POST", "limits", {"app_per_minute": 6}))[0] == 200
    async with http.get("/me") as reply:
        assert numbers(reply)[0] == 1
    _, app = await control("POST", "apps", {"app_per_minute": 60})
    assert numbers(await get(simulator, app["token"]))[0] == 10
    assert (await control("POST", "faults", {"status": 503}))[0] == 200
    assert (await get(simulator, app["token"])).status == 503
    assert (await control("DELETE", "faults"))[0] == 200
    _, ledger = await control("GET", "ledger")
    assert [row["served"] for row in ledger] == [1, 2]
    status, answer = await control("GET", "status")
    assert (status, answer["requests"], answer["faults_struck"]) == (200, 3, 0)
    assert (await control("POST", "reset"))[0] == 200
    assert simulator.ledger() == []
    assert (await control("POST", "faults", {"rat": 1}))[0] == 400
    assert (await control("GET", "nothing"))[0] == 404
