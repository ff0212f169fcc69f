"""The console's data and files, and who may use `/_simulator/`."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from typing import Any

import aiohttp
import msgspec
import pytest

from intercom_async.simulator import Simulator
from intercom_async.simulator.console.pages import FOLDER
from intercom_async.simulator.console.records import KINDS
from intercom_async.simulator.guard import host_name
from intercom_async.simulator.http.event_stream import MOST_STREAMS

pytestmark = pytest.mark.anyio

READS = ("", "console.js", "status", "ledger", "live", "requests", "events", "snapshot", "webhooks")
WRITES = (
    ("POST", "reset"),
    ("POST", "faults"),
    ("DELETE", "faults"),
    ("POST", "clock"),
    ("POST", "apps"),
    ("POST", "webhooks"),
    ("POST", "webhooks/resend"),
    ("PUT", "snapshot"),
)


async def ask(
    simulator: Simulator, method: str, name: str, headers: dict[str, str], body: bytes = b""
) -> tuple[int, bytes]:
    """Send a request without a content type of the library's own."""
    async with (
        aiohttp.ClientSession(skip_auto_headers=["Content-Type"]) as http,
        http.request(
            method, f"{simulator.url}/_simulator/{name}", data=body or None, headers=headers
        ) as reply,
    ):
        chunk = await reply.content.readany() if name == "events" else await reply.read()
        return reply.status, chunk


# Who may use it -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", READS)
async def test_a_foreign_name_reads_nothing(simulator: Simulator, name: str) -> None:
    for host in ("evil.com", "evil.com:80", "localhost.evil.com", "127.0.0.1.evil.com", "[::1].x"):
        status, body = await ask(simulator, "GET", name, {"Host": host})
        assert (status, simulator.token.encode() in body) == (403, False), host
        assert b"--allow-host" in body


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8080", "127.0.0.1", "[::1]:9", "x.localhost"]
)
async def test_names_of_this_machine_are_served(simulator: Simulator, host: str) -> None:
    assert (await ask(simulator, "GET", "status", {"Host": host}))[0] == 200


async def test_a_name_that_is_allowed_is_served() -> None:
    async with Simulator(contacts=1, allow_hosts=["intercom", "Box.Local"]) as simulator:
        for host in ("intercom:8080", "box.local", "box.local."):
            assert (await ask(simulator, "GET", "status", {"Host": host}))[0] == 200
        assert (await ask(simulator, "GET", "status", {"Host": "other"}))[0] == 403


@pytest.mark.parametrize(("method", "name"), WRITES)
async def test_a_page_of_another_site_changes_nothing(
    simulator: Simulator, method: str, name: str
) -> None:
    simulator.faults.add(status=503)
    own = simulator.url
    for headers in (
        {"Origin": "https://evil.com"},
        {"Origin": "null"},
        {"Origin": own.replace("127.0.0.1", "localhost")},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        status, _ = await ask(simulator, method, name, headers)
        assert status == 403, headers
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        status, _ = await ask(simulator, method, name, {"Content-Type": kind}, b"{}")
        assert status == 415, kind
    assert (await ask(simulator, method, name, {}, b"{}"))[0] == 415
    assert len(simulator.faults.rules()) == 1
    assert simulator.webhooks.subscriptions() == []


async def test_the_own_page_may_write(simulator: Simulator) -> None:
    status, _ = await ask(
        simulator,
        "POST",
        "faults",
        {
            "Origin": simulator.url,
            "Sec-Fetch-Site": "same-origin",
            "Content-Type": "application/json; charset=utf-8",
        },
        b'{"status": 503}',
    )
    assert (status, len(simulator.faults.rules())) == (200, 1)
    assert (await ask(simulator, "POST", "reset", {}))[0] == 200


async def test_a_link_of_another_site_opens_the_page_and_its_frame_does_not(
    simulator: Simulator,
) -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert (await ask(simulator, "GET", "", {"Sec-Fetch-Dest": "document", **link}))[0] == 200
    assert (await ask(simulator, "GET", "", {"Sec-Fetch-Dest": "iframe", **link}))[0] == 403


@pytest.mark.parametrize(
    ("host", "name"),
    [("a", "a"), ("a:1", "a"), ("A.b:80", "a.b"), ("[::1]", "[::1]"), ("[::1]:5", "[::1]")],
)
def test_a_host_is_named_without_its_port(host: str, name: str) -> None:
    assert host_name(host) == name


# The page -------------------------------------------------------------------------------------


async def test_every_file_of_the_page_is_served_and_loads_nothing_from_elsewhere(
    simulator: Simulator,
) -> None:
    files = [path.name for path in FOLDER.iterdir() if path.suffix in (".html", ".css", ".js")]
    assert {"console.html", "console.css", "console.js"} <= {*files}
    for name in ("", *files):
        async with aiohttp.request("GET", f"{simulator.url}/_simulator/{name}") as reply:
            text = await reply.text()
            assert reply.status == 200
            assert reply.headers["X-Content-Type-Options"] == "nosniff"
        for elsewhere in ("https://", 'src="http', "url(http", "innerHTML", "eval("):
            assert elsewhere not in text, (name, elsewhere)
        assert simulator.token not in text
        assert len(text.splitlines()) <= 400
    async with aiohttp.request("GET", simulator.console_url) as reply:
        assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
        assert "unsafe" not in reply.headers["Content-Security-Policy"]


async def events(simulator: Simulator, kinds: set[str], *, last: int = 0) -> dict[str, Any]:
    """Read the stream until each kind has come once."""
    found: dict[str, Any] = {}
    headers = {"Last-Event-ID": str(last)} if last else {}
    url = f"{simulator.url}/_simulator/events"
    async with asyncio.timeout(10), aiohttp.request("GET", url, headers=headers) as reply:
        kind = ""
        while kinds - found.keys():
            line = (await reply.content.readline()).decode().rstrip()
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: "):
                found.setdefault(kind, msgspec.json.decode(line.removeprefix("data: ")))
    return found


async def test_events_tell_requests_windows_and_faults(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    simulator.faults.add(path="/tags", status=503)
    for path in ("/contacts?per_page=2", "/contacts/nobody", "/tags", "/nowhere"):
        async with http.get(path) as reply:
            await reply.read()

    found = await events(simulator, {"requests", "state"})

    lines = [(one["template"], one["status"], one["is_fault"]) for one in found["requests"]]
    assert lines == [
        ("/contacts", 200, False),
        ("/contacts/{contact_id}", 404, False),
        ("/tags", 503, True),
        ("/nowhere", 404, False),
    ]
    state = found["state"]
    assert (state["apps"][0]["used"], state["workspace"]["used"]) == (4, 4)
    assert state["apps"][0]["windows"][-1]["served"] == 4
    assert (state["faults"][0]["struck"], state["statuses"]["404"]) == (1, 2)
    assert simulator.token not in str(state)

    later = await events(simulator, {"requests"}, last=3)
    assert [one["number"] for one in later["requests"]] == [4]
    restarted = await events(simulator, {"requests"}, last=400)
    assert len(restarted["requests"]) == 4


async def test_there_are_only_so_many_streams_and_closing_ends_them() -> None:
    async with Simulator(contacts=1) as simulator, aiohttp.ClientSession(simulator.url) as http:
        path = "/_simulator/events"
        opened = [await http.get(path) for _ in range(MOST_STREAMS)]
        assert {one.status for one in opened} == {200}
        async with http.get(path) as reply:
            assert reply.status == 503
        async with asyncio.timeout(5):
            await simulator.close()


# A request to send again ----------------------------------------------------------------------


async def sent_again(simulator: Simulator, command: list[str]) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        env={
            **os.environ,
            "INTERCOM_TOKEN": simulator.token,
            "INTERCOM_BASE_URL": simulator.url,
        },
    )
    told, _ = await process.communicate()
    assert process.returncode == 0
    return told


@pytest.mark.parametrize("way", ["curl", "python"])
async def test_a_request_is_sent_again_as_it_was(
    simulator: Simulator, http: aiohttp.ClientSession, way: str
) -> None:
    if way == "curl" and shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    body = {"email": 'it\'s "$HOME" `x`@example.com', "custom_attributes": {"plan": None}}
    headers = {"Intercom-Version": "2.15"}
    async with http.post("/contacts", json=body, headers=headers) as reply:
        made = await reply.json()
    simulator.call("DELETE", f"/contacts/{made['id']}")
    async with http.get("/companies/list", params={"company_id": "a b&c", "page": "1"}) as reply:
        await reply.read()

    for number in (1, 2) if way == "curl" else (1,):
        url = f"{simulator.url}/_simulator/request?number={number}"
        async with aiohttp.request("GET", url) as reply:
            detail = await reply.json()
        assert simulator.token not in str(detail)
        runner = ["sh", "-c"] if way == "curl" else [sys.executable, "-c"]
        await sent_again(simulator, [*runner, detail[way]])

    url = f"{simulator.url}/_simulator/requests"
    async with aiohttp.request("GET", url) as reply:
        lines = await reply.json()
    details: list[Any] = []
    for line in lines:
        url = f"{simulator.url}/_simulator/request?number={line['number']}"
        async with aiohttp.request("GET", url) as reply:
            details.append(await reply.json())
    sent = [
        (
            one["line"]["method"],
            one["line"]["path"],
            one["query"],
            one["body"] and msgspec.json.decode(one["body"]),
            one["line"]["status"],
            one["version"],
        )
        for one in details
    ]
    assert sent[2:] == (sent[:2] if way == "curl" else sent[:1])


async def test_a_long_body_is_kept_in_part_and_said_to_be(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    async with http.post("/tags", json={"name": "x" * 50_000}) as reply:
        await reply.read()
    async with aiohttp.request("GET", f"{simulator.url}/_simulator/request?number=1") as reply:
        detail = await reply.json()
    assert len(detail["body"]) < detail["body_bytes"]
    assert "was cut" in detail["curl"]
    assert "was cut" in detail["python"]


# Records --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_of_record_is_walked_to_its_end(simulator: Simulator, kind: str) -> None:
    found: list[str] = []
    after: str | None = ""
    page: dict[str, Any] = {}
    while after is not None:
        address = f"{simulator.url}/_simulator/records"
        asked = {"kind": kind, "after": after}
        async with aiohttp.request("GET", address, params=asked) as reply:
            page = await reply.json()
        found += [one["id"] for one in page["records"]]
        after = page["next"]
    assert found
    assert len(found) == len({*found})
    assert page["total"] in (None, len(found))
    assert simulator.requests == 0


async def test_what_is_not_there_is_said(simulator: Simulator) -> None:
    for name, told in (
        ("records?kind=nothing", "must be one of"),
        ("record?kind=contacts&id=nobody", "404"),
        ("record?kind=nothing&id=1", "must be one of"),
        ("request?number=9", "not kept"),
        ("request", "number"),
        ("requests?later=1", "later"),
    ):
        async with aiohttp.request("GET", f"{simulator.url}/_simulator/{name}") as reply:
            assert (reply.status, told in (await reply.json())["error"]) == (400, True), name


async def test_a_fault_is_removed_by_its_fields(simulator: Simulator) -> None:
    simulator.faults.add(status=503, rate=0.5)
    simulator.faults.add(status=503)
    body = b'{"status": 503}'
    await ask(simulator, "DELETE", "faults", {"Content-Type": "application/json"}, body)
    assert [one.rate for one in simulator.faults.rules()] == [0.5]
