"""How the server behaves towards clients that misbehave, and the control API."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from intercom_async.simulator import Simulator

pytestmark = pytest.mark.anyio


async def raw(simulator: Simulator, line: bytes, *, token: bool = True) -> bytes:
    """Send one request line as it is, and return the whole answer."""
    address = urlsplit(simulator.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = b"Host: x\r\nAccept: application/json\r\nConnection: close\r\n"
    if token:
        head += f"Authorization: Bearer {simulator.token}\r\n".encode()
    writer.write(line + b"\r\n" + head + b"\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.parametrize(
    ("line", "status", "told"),
    [
        (b"GET /contacts/find_by_external_id/\xc3\xa9 HTTP/1.1", 404, b"User Not Found"),
        (b"GET /contacts/\xff\xfe HTTP/1.1", 404, b"User Not Found"),
        (b"GET /tags?note=\xff HTTP/1.1", 200, b'"type":"list"'),
        (b"GET /contacts?per_page=\xe9 HTTP/1.1", 400, b"per_page"),
        (b"BREW /tags HTTP/1.1", 400, b"400 Bad Request"),
        (b"nonsense", 400, b"400 Bad Request"),
        (b"OPTIONS /tags HTTP/1.1", 404, b"not_found"),
    ],
)
async def test_raw_bytes_get_the_real_answer_and_no_traceback(
    simulator: Simulator, caplog: pytest.LogCaptureFixture, line: bytes, status: int, told: bytes
) -> None:
    answer = await raw(simulator, line)

    assert int(answer.split(b" ", 2)[1]) == status
    assert told in answer
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []


async def test_a_path_of_raw_utf_8_is_the_path_that_is_encoded(simulator: Simulator) -> None:
    made = simulator.call("POST", "/contacts", {"external_id": "café"})

    answer = await raw(simulator, "GET /contacts/find_by_external_id/café HTTP/1.1".encode())

    assert made["id"].encode() in answer


async def test_head_is_get_without_its_body(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    async with http.get("/tags") as reply:
        length = len(await reply.read())
    async with http.head("/tags") as reply:
        assert (reply.status, await reply.read()) == (200, b"")
        assert reply.headers["Content-Length"] == str(length)
        assert reply.headers["X-RateLimit-Remaining"]
    answer = await raw(simulator, b"HEAD /tags HTTP/1.1", token=False)
    assert answer.startswith(b"HTTP/1.1 401")


async def test_a_client_that_leaves_while_it_is_answered_is_let_go(
    simulator: Simulator, http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    simulator.faults.add(times=1, slow_body_s=0.05)
    address = urlsplit(simulator.url)
    _, writer = await asyncio.open_connection(address.hostname, address.port)
    head = f"Authorization: Bearer {simulator.token}\r\nAccept: */*\r\n"
    writer.write(f"GET /contacts?per_page=150 HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode())
    await writer.drain()
    while not simulator.requests:
        async with http.get("/_simulator/status") as reply:
            await reply.read()
    writer.transport.abort()

    for _ in range(3):
        async with http.get("/tags") as reply:
            assert reply.status == 200
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []


# The control API ----------------------------------------------------------------------------


async def control(simulator: Simulator, method: str, name: str, body: Any = None) -> Any:
    url = f"{simulator.url}/_simulator/{name}"
    async with aiohttp.request(method, url, json=body) as reply:
        return reply.status, await reply.json()


async def test_reset_brings_the_first_limits_back(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    other = simulator.new_app(app_per_minute=600)
    await control(simulator, "POST", "limits", {"app_per_minute": 6, "workspace_per_minute": 6})
    await control(simulator, "POST", "limits", {"neighbour": 0.5})
    await control(simulator, "POST", "quirks", {"max_per_page": 1})
    await control(simulator, "POST", "reset")

    status = simulator.status()
    assert [one.limit for one in status.apps] == [round(10**7 / 6), 100]
    assert (status.workspace_limit, status.workspace_used) == (round(10**7 / 6), 0)
    headers = {"Authorization": f"Bearer {other.token}"}
    async with http.get("/contacts", headers=headers) as reply:
        assert len((await reply.json())["data"]) == 10


async def test_faults_and_quirks_are_listed(simulator: Simulator) -> None:
    await control(simulator, "POST", "faults", {"status": 503, "times": 2})
    simulator.faults.add(drop="before")
    _, listed = await control(simulator, "GET", "faults")
    assert [(one["status"], one["drop"]) for one in listed] == [(503, None), (None, "before")]
    assert listed[0]["times"] == 2

    await control(simulator, "POST", "quirks", {"lying_counts": 0.5})
    _, quirks = await control(simulator, "GET", "quirks")
    assert (quirks["lying_counts"], quirks["max_parts"]) == (0.5, 500)
    status, answer = await control(simulator, "POST", "quirks", {"lying_counts": 5})
    assert (status, "lying_counts" in answer["error"]) == (400, True)


async def test_the_control_api_describes_itself(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    _, described = await control(simulator, "GET", "openapi.json")

    assert described["openapi"].startswith("3.")
    schemas = described["components"]["schemas"]
    assert "search_lag_s" in schemas["Quirks"]["properties"]
    assert "edge" in schemas["Fault"]["properties"]
    ids = [one["operationId"] for item in described["paths"].values() for one in item.values()]
    assert len(ids) == len({*ids})
    assert "text/event-stream" in str(described["paths"]["/_simulator/events"])
    for path, item in described["paths"].items():
        for method, operation in item.items():
            takes = "requestBody" in operation
            await http.get("/tags")
            _, lines = await control(simulator, "GET", "requests")
            given = {"number": lines[-1]["number"], "kind": "tags", "id": "101"}
            asked = [one["name"] for one in operation.get("parameters", ()) if one["required"]]
            name = path.removeprefix("/_simulator/") + "?" * bool(asked)
            name += "&".join(f"{one}={given[one]}" for one in asked)
            if "application/json" in operation["responses"]["200"]["content"]:
                status, _ = await control(simulator, method.upper(), name, {} if takes else None)
                # What is described is there; some bodies have fields that must be given.
                assert status in ((200, 400) if takes else (200,)), (method, path)


# Long scans ---------------------------------------------------------------------------------


async def test_a_long_scan_lets_other_requests_pass() -> None:
    async with Simulator(contacts=20_000, app_per_minute=10**7) as simulator:
        headers = {"Authorization": f"Bearer {simulator.token}", "Accept": "application/json"}
        async with aiohttp.ClientSession(simulator.url, headers=headers) as http:
            ended: list[str] = []

            async def search() -> None:
                query = {"field": "tag_id", "operator": "=", "value": "101"}
                async with http.post("/contacts/search", json={"query": query}) as reply:
                    assert (await reply.json())["total_count"] > 0
                ended.append("search")

            async def read() -> None:
                for _ in range(3):
                    async with http.get("/me") as reply:
                        await reply.read()
                ended.append("reads")

            await asyncio.gather(search(), search(), read())

    assert ended[0] == "reads"
