"""Every argument of the generic doors, odd values for each: sent as meant, or refused at once."""

from __future__ import annotations

import http
from collections import UserDict
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from importlib import import_module
from importlib.util import find_spec
from inspect import iscoroutine
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from intercom_async import DecodeError, F, Intercom, IntercomError
from intercom_async.transport import MemoryTransport
from tests.support.scripted_client import TOKEN, reply

np: Any = import_module("numpy") if find_spec("numpy") else None
"""Its values are tried where it is installed."""
pytestmark = pytest.mark.anyio


class Named(str, Enum):  # noqa: UP042 (the subject)
    GET = "GET"


class Number(IntEnum):
    TWO = 2


class Hostile:
    """Nothing about it can be asked."""

    __hash__ = None  # type: ignore[assignment] # the point

    def __repr__(self) -> str:
        raise RuntimeError("no repr")

    def __bool__(self) -> bool:
        raise RuntimeError("no truth")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no equality")


ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    7,
    10**400,
    10**5000,
    1.5,
    float("nan"),
    float("inf"),
    "",
    " ",
    "text",
    "GET",
    "\ud800",
    "a\x00b",
    "..",
    "x" * 10_000,
    b"bytes",
    bytearray(b"x"),
    memoryview(b"x"),
    [],
    [1, 2],
    (1,),
    {1},
    {},
    {"a": 1},
    {1: 2},
    UserDict(a=1),
    Named.GET,
    Number.TWO,
    http.HTTPMethod.GET,
    Decimal("1.50"),
    Decimal("NaN"),
    Decimal("sNaN"),
    Decimal("1E+999999999"),
    Decimal("1E-999999999"),
    Fraction(1, 2),
    1j,
    UUID(int=5),
    date(2026, 1, 2),
    datetime(2026, 1, 2, tzinfo=UTC),
    datetime(2026, 1, 2),  # noqa: DTZ001 (the subject)
    Path("a"),
    int,
    print,
    object(),
    ...,
    Hostile(),
]

if np is not None:
    ODD[len(ODD) :] = [
        np.int64(7),
        np.float32(1.5),
        np.bool_(True),
        np.str_("text"),
        np.bytes_(b"x"),
        np.datetime64("2026-01-02"),
        np.array(5),
        np.array([1, 2]),
        np.array([[1], [2]]),
        np.array(["a", "b"]),
        np.array([], dtype="int64"),
        np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f4")])[0],
        np.ma.masked,
    ]

Use = Callable[[Intercom, Any], Any]
DOORS: dict[str, Use] = {
    "method": lambda intercom, odd: intercom.request(odd, "/x"),
    "template": lambda intercom, odd: intercom.request("GET", odd),
    "model": lambda intercom, odd: intercom.request("GET", "/x", model=odd),
    "path": lambda intercom, odd: intercom.request("GET", "/x", path=odd),
    "value of a path": lambda intercom, odd: intercom.request("GET", "/x/{a}", path={"a": odd}),
    "params": lambda intercom, odd: intercom.request("GET", "/x", params=odd),
    "value of params": lambda intercom, odd: intercom.request("GET", "/x", params={"a": odd}),
    "entry of params": lambda intercom, odd: intercom.request("GET", "/x", params={"a": [odd]}),
    "json": lambda intercom, odd: intercom.request("POST", "/x", json=odd),
    "value of json": lambda intercom, odd: intercom.request("POST", "/x", json={"a": odd}),
    "entry of json": lambda intercom, odd: intercom.request("POST", "/x", json=[odd]),
    "repeat": lambda intercom, odd: intercom.request("POST", "/x", repeat=odd),
    "id": lambda intercom, odd: intercom.contacts.get(odd),
    "filter": lambda intercom, odd: intercom.conversations.list(per_page=odd).first(),
    "per_page": lambda intercom, odd: intercom.contacts.search(F.a == 1, per_page=odd).first(),
    "per_page of a body": lambda intercom, odd: intercom.admins.search_activity_logs(
        created_at_after=5, per_page=odd
    ).first(),
    "order": lambda intercom, odd: intercom.contacts.search(F.a == 1, sort="a", order=odd).first(),
    "query": lambda intercom, odd: intercom.contacts.search(odd).first(),
    "field": lambda intercom, odd: intercom.contacts.search(F[odd] == 1).first(),
    "equal": lambda intercom, odd: intercom.contacts.search(F.a == odd).first(),
    "in_": lambda intercom, odd: intercom.contacts.search(F.a.in_(odd)).first(),
    "one in_": lambda intercom, odd: intercom.contacts.search(F.a.in_([odd])).first(),
    "contains": lambda intercom, odd: intercom.contacts.search(F.a.contains(odd)).first(),
    "as_": lambda intercom, odd: intercom.contacts.list().as_(odd).first(),
    "collect": lambda intercom, odd: intercom.contacts.list().collect(odd),
    "prefetch": lambda intercom, odd: intercom.contacts.list().prefetch(odd).first(),
    "resume": lambda intercom, odd: intercom.contacts.list().resume(odd).first(),
    "batches": lambda intercom, odd: anext(intercom.contacts.list().batches(odd), None),
    "header": lambda intercom, odd: intercom.with_options(headers={"X": odd}).contacts.get("7"),
    "priority": lambda intercom, odd: intercom.with_options(priority=odd).contacts.get("7"),
    "version": lambda intercom, odd: intercom.with_options(version=odd).contacts.get("7"),
    "timeout_s": lambda intercom, odd: intercom.with_options(timeout_s=odd).contacts.get("7"),
    "open_link": lambda intercom, odd: intercom.open_link(odd),
    "wait": lambda intercom, odd: intercom.jobs.wait("7", timeout_s=odd),
}
SENDABLE = {
    "id": {"a%00b", "text", "GET", "x" * 10_000, "5", "7", "2", "0", "-1", str(10**400)}
    | {"00000000-0000-0000-0000-000000000005"},
    "method": {"GET"},
    "repeat": {"None"},
}
"""What is sent by doors where little may be: segments of a path, methods, and the like."""


@pytest.mark.parametrize("door", DOORS)
async def test_an_odd_argument_is_sent_as_meant_or_refused_before_a_request(door: str) -> None:
    body: dict[str, Any] = {
        "type": "contact",
        "id": "7",
        "status": "completed",
        "data": [],
        "conversations": [],
    }
    memory = MemoryTransport(lambda _: reply(200, body))
    async with Intercom(TOKEN, transport=memory) as intercom:
        for odd in ODD:
            memory.requests.clear()
            try:
                used = DOORS[door](intercom, odd)
                await (used if iscoroutine(used) else _awaited(used))
            except DecodeError:
                assert door in ("model", "as_")
            except IntercomError as error:
                refused = (door, type(odd).__name__, len(memory.requests), str(error).isprintable())
                assert refused == (door, type(odd).__name__, 0, True)
            for request in memory.requests:
                _check(door, request.url.removeprefix("https://api.intercom.io"), request)


async def _awaited(value: Any) -> Any:
    return await value


def _check(door: str, target: str, request: Any) -> None:
    """Nothing is sent in the form that is meant for people."""
    sent = f"{target} {request.method} {request.body!r} {request.headers}"
    assert not any(text in sent for text in ("Named.", "Number.", "np.", "object at", "Decimal"))
    assert target.isascii()
    assert len(target) < 40_000
    if request.body:
        msgspec.json.decode(request.body)
    if door in ("id", "value of a path"):
        assert target.rpartition("/")[2] in SENDABLE["id"]
    if door == "method":
        assert request.method == "GET"
