"""What the control API is sent is refused where it makes no sense, and changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from intercom_async.simulator import Simulator
from intercom_async.simulator.standalone import Options

pytestmark = pytest.mark.anyio

ADDRESS = {"url": "http://127.0.0.1:9/"}


async def post(simulator: Simulator, name: str, body: Any) -> tuple[int, Any]:
    async with aiohttp.request("POST", f"{simulator.url}/_simulator/{name}", json=body) as reply:
        return reply.status, await reply.json()


@pytest.mark.parametrize(
    ("name", "body", "named"),
    [
        ("clock", {"move_s": 1e308}, "1970 to 5138"),
        ("clock", {"move_s": -1e12}, "1970 to 5138"),
        ("clock", {"freeze": 1e300}, "1970 to 5138"),
        ("clock", {"freeze": -5}, "1970 to 5138"),
        ("clock", {"slew": 0}, "slew"),
        ("clock", {"skew_s": 1e300}, "skew_s"),
        ("clock", {"drift": 1e300}, "drift"),
        ("clock", {"jitter_s": -1}, "jitter_s"),
        ("limits", {"app_per_minute": 0}, "app_per_minute"),
        ("limits", {"workspace_per_minute": -1}, "workspace_per_minute"),
        ("limits", {"token": "unknown", "app_per_minute": 60}, "token"),
        ("limits", {"neighbour": 2}, "share"),
        ("limits", {"latency_s": -1}, "latency_s"),
        ("limits", {"app_per_minute": 1e308}, "app_per_minute"),
        ("limits", {"workspace_per_minute": 1e13}, "workspace_per_minute"),
        ("apps", {"app_per_minute": 0}, "app_per_minute"),
        ("apps", {"app_per_minute": 1e308}, "app_per_minute"),
        ("apps", {"version": "9"}, "version"),
        ("faults", {"status": 12345}, "status"),
        ("faults", {"status": 99}, "status"),
        ("faults", {"path": "contacts"}, "path"),
        ("faults", {"delay_s": -1}, "delay_s"),
        ("faults", {"slow_body_s": -1}, "slow_body_s"),
        ("faults", {"retry_after_s": -1}, "retry_after_s"),
        ("faults", {"after": -1}, "after"),
        ("faults", {"times": -1}, "times"),
        ("webhooks", {"url": "ftp://x"}, "url"),
        ("webhooks", {"url": "http://"}, "url"),
        ("webhooks", {"url": "http://a b/"}, "url"),
        ("webhooks", {**ADDRESS, "retry_s": -1}, "retry_s"),
        ("webhooks", {**ADDRESS, "faults": {"duplicate": 7}}, "duplicate"),
        ("webhooks", {**ADDRESS, "faults": {"late_s": -1}}, "late_s"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)
async def test_what_makes_no_sense_is_refused_and_changes_nothing(
    simulator: Simulator, http: aiohttp.ClientSession, name: str, body: Any, named: str
) -> None:
    before = simulator.status()

    status, answer = await post(simulator, name, body)

    assert (status, named in answer["error"]) == (400, True), answer
    async with http.get("/contacts") as reply:
        assert reply.status == 200
    after = simulator.status()
    assert [one.limit for one in after.apps] == [one.limit for one in before.apps]
    assert after.workspace_limit == before.workspace_limit
    assert after.now - before.now < 60
    assert (simulator.faults.rules(), simulator.webhooks.subscriptions()) == ([], [])


@pytest.mark.parametrize(
    "body",
    [
        {"freeze": 99_999_999_999, "skew_s": 1e9, "jitter_s": 1e9},
        {"freeze": 0, "skew_s": -1e9, "jitter_s": 1e9, "drift": 10},
    ],
    ids=["last", "first"],
)
async def test_the_farthest_clocks_still_have_dates(
    simulator: Simulator, http: aiohttp.ClientSession, body: Any
) -> None:
    assert (await post(simulator, "clock", body))[0] == 200

    async with http.get("/contacts") as reply:
        assert reply.status == 200


@pytest.mark.parametrize("path", ["/contacts/search", "/_simulator/faults"])
async def test_a_body_that_is_not_compressed_as_it_says_is_refused(
    http: aiohttp.ClientSession, path: str
) -> None:
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    for _ in range(3):  # a connection that was left in the middle of a body is not used again
        async with http.post(path, data=b"no gzip", headers=headers) as reply:
            assert (reply.status, reply.headers["Connection"]) == (400, "close")
            assert (await reply.json()).get("errors" if "search" in path else "error")


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"latency_ms": float("nan")}, "latency_ms"), ({"snapshot": "nowhere/kept.json"}, "nowhere")],
)
def test_options_that_would_fail_later_are_refused_at_once(
    settings: dict[str, Any], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        Options(**settings).simulator()


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["latency_s", "settle_s", "index_s"])
def test_lengths_that_make_no_sense_are_refused(name: str, wrong: float) -> None:
    settings: dict[str, Any] = {name: wrong}
    with pytest.raises(ValueError, match=name):
        Simulator(**settings)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        *(("app_per_minute", wrong) for wrong in (0, -1, 1e308, float("inf"), float("nan"))),
        *(("workspace_per_minute", wrong) for wrong in (0, float("inf"))),
        *(("window_s", wrong) for wrong in (0, float("inf"), float("nan"))),
        ("version", "9"),
        ("version", None),
        *(("contacts", wrong) for wrong in ("5", 1.5, True, None, -1)),
        *(("port", wrong) for wrong in (-1, 65_536, "80", None)),
        *(("host", 5), ("seed", "x"), ("timezone", 5), ("remaining", "never"), ("latency_s", "1")),
    ],
)
def test_settings_that_make_no_sense_are_refused(name: str, wrong: Any) -> None:
    with pytest.raises(ValueError, match=name):
        Simulator(**{name: wrong})


def test_reset_comes_back_to_the_snapshot_that_it_began_with(tmp_path: Path) -> None:
    kept = Simulator(contacts=1)
    kept.call("POST", "/contacts", {"email": "kept@example.com"})
    kept.save(tmp_path / "kept.json")

    simulator = Simulator(contacts=5)
    simulator.restore(tmp_path / "kept.json", is_start=True)
    simulator.call("POST", "/contacts", {"email": "later@example.com"})
    simulator.reset()

    assert simulator.call("GET", "/contacts")["total_count"] == 2
