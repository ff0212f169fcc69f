"""Error reports that show the locals of frames, as reporters do, show nothing personal."""

from __future__ import annotations

import json
import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import msgspec
import pytest

from intercom_async import Intercom, IntercomError, RetryPolicy
from intercom_async.codec import decode
from intercom_async.transport import Reply, Request
from intercom_async.webhooks import Webhooks
from intercom_async.workflows.csv_rows import csv_rows
from tests.support.scripted_client import Client

pytestmark = pytest.mark.anyio

EMAIL = "jane.doe@example.com"
JSON = {"Content-Type": "application/json"}


class Own(msgspec.Struct):
    id: str
    email: int


def said(status: int, value: object, cut: int = 0) -> Reply:
    body = json.dumps(value).encode()
    return Reply(status, JSON, body[: len(body) - cut])


def refused(code: str) -> dict[str, Any]:
    return {"type": "error.list", "errors": [{"code": code, "message": f"{EMAIL} is wrong"}]}


CONTACT = {"type": "contact", "id": "7", "email": EMAIL}
PAGE = {"type": "list", "data": [CONTACT] * 3000}
REPLIES = {
    "bad request": said(400, refused("parameter_invalid")),
    "not found": said(404, refused("not_found")),
    "conflict": said(409, refused("conflict")),
    "throttled": said(429, refused("rate_limit_exceeded")),
    "failure": said(500, refused("server_error")),
    "page of a proxy": Reply(502, {"Content-Type": "text/html"}, EMAIL.encode() * 5000),
    "error as a success": said(200, refused("not_found")),
    "cut off": said(200, CONTACT, cut=3),
    "large and cut off": said(200, PAGE, cut=3),
    "no JSON": Reply(200, JSON, f"<html>{EMAIL}".encode()),
    "no object": said(200, EMAIL),
}
WAYS: dict[str, Callable[[Intercom], Awaitable[Any]]] = {
    "get": lambda intercom: intercom.contacts.get("7"),
    "list": lambda intercom: intercom.contacts.list().collect(),
    "raw": lambda intercom: intercom.contacts.list().raw().collect(),
    "own": lambda intercom: intercom.contacts.list().as_(Own).collect(),
    "scroll": lambda intercom: intercom.companies.scroll().as_(Own).collect(),
}


def told(error: BaseException) -> str:
    """Return an error's report, with the locals of the package's own frames."""
    shown: list[str] = []
    seen: list[BaseException | None] = [error, error.__cause__, error.__context__]
    for each in filter(None, seen):
        report = traceback.TracebackException.from_exception(each, capture_locals=True)
        shown += map(str, report.format_exception_only())
        for frame in report.stack:
            if "intercom_async" in frame.filename:
                shown.append(f"{frame.name}: {frame.locals}")
    return "\n".join(shown)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("reply", REPLIES)
async def test_of_a_reply(client: Client, reply: str, way: str) -> None:
    async def answer(_: Request) -> Reply:
        return REPLIES[reply]

    async with client(answer, retry=RetryPolicy(max_attempts=1)) as intercom:
        with pytest.raises(IntercomError) as caught:
            await WAYS[way](intercom)
    assert "_send_with_retries: " in told(caught.value)
    assert EMAIL not in told(caught.value)


@pytest.mark.parametrize("count", [1, 3000])
@pytest.mark.parametrize("way", ["own", "scroll"])
async def test_of_rows_of_the_callers_own_type(client: Client, count: int, way: str) -> None:
    page = said(200, {"type": "list", "data": [CONTACT] * count})
    async with client(page) as intercom:
        with pytest.raises(IntercomError) as caught:
            await WAYS[way](intercom)
    assert EMAIL not in told(caught.value)


def test_of_a_value_that_is_decoded() -> None:
    with pytest.raises(IntercomError) as caught:
        decode(json.dumps(CONTACT).encode(), Own)
    assert EMAIL not in told(caught.value)


NOTIFICATIONS = {
    "cut off": json.dumps(CONTACT)[:-1],
    "no topic": json.dumps(CONTACT),
    "no item": json.dumps({"topic": "contact.user.created", "data": {"item": [EMAIL]}}),
}


async def signed(webhooks: Webhooks, body: str) -> object:
    return webhooks.parse(body, {"X-Hub-Signature": webhooks.sign(body)})


@pytest.mark.parametrize("way", [signed, Webhooks.handle])
@pytest.mark.parametrize("name", NOTIFICATIONS)
async def test_of_a_notification(name: str, way: Callable[[Webhooks, str], Awaitable[Any]]) -> None:
    with pytest.raises(IntercomError) as caught:
        await way(Webhooks("secret"), NOTIFICATIONS[name])
    assert EMAIL not in told(caught.value)


@pytest.mark.parametrize(
    "export",
    [b"a,b\n%s,2\n%s,3,4\n", b'a,b\n%s,2\n%s,"3', b"a,b\n%s,2\n%s,\xff\xfe\n"],
    ids=["too many cells", "open quote", "no UTF-8"],
)
async def test_of_an_export(export: bytes) -> None:
    async def chunks() -> AsyncGenerator[bytes]:
        yield export.replace(b"%s", EMAIL.encode())

    with pytest.raises(IntercomError) as caught:
        async for _ in csv_rows(chunks()):
            pass
    assert EMAIL not in told(caught.value)
