"""Requests that are wrong in some way get Intercom's errors, and never a traceback."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from intercom_async.simulator import Simulator
from intercom_async.simulator.schema.facts import endpoints

pytestmark = pytest.mark.anyio

ADMIN = "991267400"
ROLE = {"field": "role", "operator": "=", "value": "user"}
BOTH = {"operator": "AND", "value": [ROLE]}
REFUSED = (400, "invalid_field")
WRONG_SEARCHES: tuple[dict[str, Any], ...] = (
    {"query": ROLE, "pagination": {"per_page": True}},
    {"query": ROLE, "pagination": {"per_page": 0}},
    {"query": ROLE, "pagination": 5},
    {"query": ROLE, "sort": []},
    {"query": ROLE | {"field": "created_at", "value": True}},
    {"query": ROLE | {"field": "has_hard_bounced", "value": 1}},
    {"query": {"operator": "AND", "value": [{"operator": "OR", "value": [BOTH]}]}},
    {"query": {"operator": "OR", "value": [ROLE] * 16}},
)


async def error(
    http: aiohttp.ClientSession, method: str, path: str, **more: Any
) -> tuple[int, str, aiohttp.ClientResponse]:
    async with http.request(method, path, **more) as reply:
        answer = await reply.json()
        assert answer["type"] == "error.list"
        assert answer["request_id"] == reply.headers["X-Request-Id"]
        return reply.status, answer["errors"][0]["code"], reply


@pytest.mark.parametrize(
    ("method", "path", "more", "expected"),
    [
        ("GET", "/nowhere", {}, (404, "not_found")),
        ("PUT", "/contacts", {}, (404, "not_found")),
        ("DELETE", "/admins", {}, (404, "not_found")),
        ("OPTIONS", "/contacts", {}, (404, "not_found")),
        ("GET", "/contacts/6955b48e5886e7860600270f", {}, (404, "not_found")),
        ("GET", "/contacts/%2e%2e", {}, (404, "not_found")),
        ("GET", "/companies/1", {}, (404, "company_not_found")),
        ("GET", "/tickets/1", {}, (404, "ticket_not_found")),
        ("GET", "/admins/1", {}, (404, "admin_not_found")),
        ("GET", "/contacts?per_page=151", {}, (400, "parameter_invalid")),
        ("GET", "/contacts?per_page=many", {}, (400, "parameter_invalid")),
        ("GET", "/contacts?starting_after=x", {}, (400, "client_error")),
        ("GET", "/companies?per_page=61", {}, (400, "parameter_invalid")),
        ("POST", "/companies/list?page=200&per_page=60", {}, (400, "bad_request")),
        ("GET", "/conversations?order=up", {}, (400, "parameter_invalid")),
        ("POST", "/contacts", {"json": {}}, (400, "parameter_not_found")),
        ("POST", "/contacts", {"json": []}, (400, "parameter_invalid")),
        ("POST", "/contacts", {"json": {"email": {}}}, (400, "parameter_invalid")),
        ("POST", "/contacts", {"json": {"email": "none"}}, (400, "parameter_invalid")),
        (
            "POST",
            "/contacts",
            {"json": {"email": "a@b.c", "custom_attributes": {"unheard": 1}}},
            (400, "parameter_invalid"),
        ),
        ("POST", "/tags", {"json": {"test": 1}}, (400, "parameter_invalid")),
        ("POST", "/companies", {"json": {"test": "x"}}, (400, "bad_request")),
        (
            "POST",
            "/tags",
            {"data": b'{"name":', "headers": {"Content-Type": "application/json"}},
            (400, "parameter_invalid"),
        ),
        (
            "POST",
            "/tags",
            {"data": b"\xff\xfe", "headers": {"Content-Type": "application/json"}},
            (400, "parameter_invalid"),
        ),
        (
            "POST",
            "/tags",
            {"data": b"[" * 100_000, "headers": {"Content-Type": "application/json"}},
            (400, "parameter_invalid"),
        ),
        ("POST", "/tags", {"data": {"name": "form"}}, (415, "client_error")),
        ("GET", "/me", {"headers": {"Accept": "text/html"}}, (406, "client_error")),
        (
            "GET",
            "/me",
            {"headers": {"Intercom-Version": "3.0"}},
            (400, "intercom_version_invalid"),
        ),
        ("GET", "/macros", {}, (400, "intercom_version_invalid")),
        ("POST", "/contacts/search", {"json": {"query": 1}}, (400, "parameter_invalid")),
        *(
            ("POST", "/contacts/search", {"json": body}, (400, "parameter_invalid"))
            for body in WRONG_SEARCHES
        ),
        *(
            ("POST", "/contacts/search", {"json": {"query": ROLE | {"field": field}}}, REFUSED)
            for field in ("_opted_in", "location", "custom_attributes", "type", "shoe_size")
        ),
        ("POST", "/calls/search", {"json": {}}, (400, "conversation_id_limit_exceeded")),
    ],
)
async def test_wrong_requests_get_their_error(
    http: aiohttp.ClientSession, method: str, path: str, more: Any, expected: tuple[int, str]
) -> None:
    status, code, reply = await error(http, method, path, **more)

    assert (status, code) == expected
    assert "X-RateLimit-Remaining" in reply.headers


@pytest.mark.parametrize(
    "form",
    [
        *("[VALUE, ID]", "[VALUE, ID, 2, 1]", '{"id": ID}', "[VALUE, null, 2]", "[VALUE, [ID], 2]"),
        *("[VALUE, ID, true]", "[VALUE, ID, -2]", '[VALUE, ID, "2"]', "[VALUE, ID, null]", "[]"),
    ],
)
async def test_a_cursor_that_no_list_gave_out_is_refused(
    simulator: Simulator, http: aiohttp.ClientSession, form: str
) -> None:
    given = simulator.call("GET", "/contacts")["pages"]["next"]["starting_after"]
    value, record_id, _ = json.loads(base64.b64decode(given))
    made = form.replace("VALUE", str(value)).replace("ID", f'"{record_id}"')
    cursor = base64.b64encode(made.encode())
    for text in (cursor.decode(), cursor.decode()[:-3], given + "A", "é"):
        query = {"field": "role", "operator": "=", "value": "user"}
        body = {"query": query, "pagination": {"starting_after": text}}
        asked: list[tuple[str, str, dict[str, Any]]] = [
            ("GET", "/contacts", {"params": {"starting_after": text}}),
            ("POST", "/contacts/search", {"json": body}),
        ]
        for method, path, more in asked:
            status, code, _ = await error(http, method, path, **more)
            assert (status, code) == (400, "client_error")


async def test_without_a_valid_token_there_are_no_limit_headers(simulator: Simulator) -> None:
    async with aiohttp.ClientSession(simulator.url) as http:
        for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": simulator.token}):
            status, code, reply = await error(http, "GET", "/me", headers=headers)
            assert (status, code) == (401, "unauthorized")
            assert not [name for name in reply.headers if name.lower().startswith("x-ratelimit")]
    assert simulator.ledger() == []


async def test_a_huge_body_is_refused(http: aiohttp.ClientSession) -> None:
    body = b'{"name": "' + b"x" * 21 * 1024 * 1024 + b'"}'
    headers = {"Content-Type": "application/json"}

    status, _, _ = await error(http, "POST", "/tags", data=io.BytesIO(body), headers=headers)

    assert status == 413

    # The simulator's own address, which has no errors of Intercom's form.
    async with http.post("/_simulator/limits", data=io.BytesIO(body), headers=headers) as reply:
        assert reply.status == 413
        assert "at most" in (await reply.json())["error"]


async def test_versions_change_what_is_answered(simulator: Simulator) -> None:
    headers = {"Authorization": f"Bearer {simulator.token}", "Accept": "application/json"}
    async with aiohttp.ClientSession(simulator.url, headers=headers) as http:

        async def assignees(version: str) -> set[Any]:
            path = "/conversations?per_page=40"
            async with http.get(path, headers={"Intercom-Version": version}) as reply:
                rows = (await reply.json())["conversations"]
            return {row["team_assignee_id"] for row in rows}

        assert None in await assignees("2.14")
        newest = await assignees("2.16")
        assert None not in newest
        assert 0 in newest
        assert await assignees("Preview") == newest
        assert await assignees("1.4") == await assignees("2.14")


FIELD_NAMES = (
    *("id", "name", "email", "query", "field", "operator", "value", "from", "into", "type"),
    *("body", "admin_id", "message_type", "contacts", "tags", "users", "companies", "sort"),
    *("custom_attributes", "pagination", "starting_after", "per_page", "assignee_id"),
    *("created_at", "ticket_type_id", "ticket_attributes", "metadata"),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(FIELD_NAMES),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


class Wrong(logging.Handler):
    """Collects the tracebacks that the simulator logs."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(self.format(record))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=json_values, place=st.integers(0, 10_000), known=st.booleans())
async def test_no_body_breaks_any_operation(
    simulator: Simulator,
    http: aiohttp.ClientSession,
    body: Any,
    place: int,
    known: bool,  # noqa: FBT001 (drawn)
) -> None:
    every = [one for one in endpoints() if one[0] != "GET"]
    workspace = simulator.workspace
    ids = {
        "contacts": workspace.contacts.seeds.columns["id"](place % 120),
        "conversations": workspace.conversations.seeds.columns["id"](place % 40),
        "tickets": workspace.tickets.seeds.columns["id"](place % 30),
        "admins": ADMIN,
    }
    for offset in range(4):
        method, path = every[(place + offset * 37) % len(every)]
        segments = path.strip("/").split("/")
        filled = [
            ids.get(segments[at - 1], "1") if one.startswith("{") and known else one.strip("{}")
            for at, one in enumerate(segments)
        ]
        version = {"Intercom-Version": "2.16"}
        wrong = Wrong()
        logging.getLogger("intercom_async.simulator").addHandler(wrong)
        try:
            async with http.request(
                method, "/" + "/".join(filled), json=body, headers=version
            ) as r:
                await r.read()
        finally:
            logging.getLogger("intercom_async.simulator").removeHandler(wrong)
        assert wrong.messages == []
        assert r.status < 500, (method, path, body)


@pytest.mark.parametrize("path", ["/contacts", "/_simulator/limits"])
async def test_a_client_that_goes_in_the_middle_of_its_request_is_let_go(
    path: str, simulator: Simulator, http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    address = urlsplit(simulator.url)
    _, writer = await asyncio.open_connection(address.hostname, address.port)
    head = f"Authorization: Bearer {simulator.token}\r\nContent-Length: 100\r\n"
    writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\n{head}\r\n{{".encode())
    await writer.drain()
    async with http.get("/me"):
        assert simulator.requests == (1 if path.startswith("/_simulator") else 2)
    writer.transport.abort()

    for _ in range(3):
        async with http.get("/me") as reply:
            assert reply.status == 200
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
