"""A run that begins in an outage waits; one that cannot succeed says so at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async import ConnectError
from intercom_async.clock import CLOCK
from intercom_async.errors import (
    ConnectionLostError,
    DecodeError,
    IntercomError,
    ServerError,
    UnauthorizedError,
)
from intercom_async.transport import Reply, Request
from intercom_async.transport.failures import NotHttpError
from tests.support.virtual_time import anyio_backend
from .test_sync_model import Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

REFUSED = b'{"type":"error.list","errors":[{"code":"unauthorized","message":"no"}]}'


def unreachable(request: Request) -> Answer:
    return ConnectError("the test's server is down", call=request.name)


def unavailable(_: Request) -> Answer:
    return Reply(503, {}, b"")


def unknown(request: Request) -> Answer:
    return ConnectError("the test's host is unknown", call=request.name, retryable=False)


def no_http(request: Request) -> Answer:
    error = ConnectionLostError("the answer is no HTTP", call=request.name)
    error.__cause__ = NotHttpError()
    return error


def unauthorized(_: Request) -> Answer:
    return Reply(401, {"Content-Type": "application/json"}, REFUSED)


def fail_for(one: World, seconds: float, fail: Callable[[Request], Answer]) -> None:
    """Let all calls fail from now on for a while."""
    until = CLOCK.now() + seconds
    one.change = lambda request, answer: fail(request) if CLOCK.now() < until else answer


@pytest.mark.parametrize("fail", [unreachable, unavailable])
@pytest.mark.parametrize("down_s", [0.2, 5.0, 60.0, 300.0])
async def test_an_outage_at_the_beginning_is_waited_out(
    down_s: float, fail: Callable[[Request], Answer], tmp_path: Path
) -> None:
    async with world(tmp_path, contacts=20) as one:
        fail_for(one, down_s, fail)
        report = await one.sync("contacts")

        assert report.is_complete
        assert await one.is_whole("contacts")
        assert all(outage.ended for outage in report.outages)
        assert report.outages or down_s < 30


@pytest.mark.parametrize(
    ("fail", "error"), [(unreachable, ConnectError), (unavailable, ServerError)]
)
async def test_patience_ends_with_what_the_server_did(
    fail: Callable[[Request], Answer], error: type[IntercomError], tmp_path: Path
) -> None:
    async with world(tmp_path, contacts=20) as one:
        fail_for(one, 1e9, fail)
        begun_s = CLOCK.now()
        with pytest.raises(error):
            await one.sync("contacts", patience_s=120)

        assert 120 <= CLOCK.now() - begun_s <= 300


@pytest.mark.parametrize(
    ("fail", "error"),
    [
        (unknown, ConnectError),
        (no_http, ConnectionLostError),
        (unauthorized, UnauthorizedError),
    ],
)
async def test_what_no_waiting_mends_is_said_at_once(
    fail: Callable[[Request], Answer], error: type[IntercomError], tmp_path: Path
) -> None:
    async with world(tmp_path, contacts=20) as one:
        fail_for(one, 1e9, fail)
        begun_s = CLOCK.now()
        with pytest.raises(error):
            await one.sync("contacts")

        assert CLOCK.now() - begun_s < 30  # the client's own tries; a sync waits for ten minutes


async def test_an_outage_that_another_call_has_found_is_one(tmp_path: Path) -> None:
    """Calls that waited for it in vain cannot be tried again; the outage can end, however."""
    async with world(tmp_path, contacts=20) as one:
        await one.intercom.contacts.list().collect(limit=1)
        fail_for(one, 100, unreachable)
        async with anyio.create_task_group() as group:

            async def other() -> None:
                with pytest.raises(ConnectError):
                    await one.intercom.contacts.list().collect(limit=1)

            group.start_soon(other)
            await anyio.sleep(1)
            report = await one.sync("contacts")
            assert report.is_complete
            assert report.outages


async def test_a_stop_ends_the_wait(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=20) as one:
        fail_for(one, 1e9, unreachable)
        stop = anyio.Event()
        begun_s = CLOCK.now()
        async with anyio.create_task_group() as group:

            async def end() -> None:
                await anyio.sleep(40)
                stop.set()

            group.start_soon(end)
            report = await one.sync("contacts", stop=stop)
            assert report.exit_code == 130
            assert report.outages

        assert CLOCK.now() - begun_s < 50
        one.change = None
        assert (await one.sync("contacts")).is_complete


APPS: list[Any] = [
    {"app": None},
    {},
    {"app": {}},
    {"app": {"id_code": None}},
    {"app": {"id_code": ""}},
    {"app": {"id_code": ["x"]}},
    {"app": "x"},
]
"""What an answer may say of the workspace without telling which it is."""


@pytest.mark.parametrize("told", APPS, ids=str)
@pytest.mark.parametrize("is_first", [True, False])
async def test_an_answer_that_names_no_workspace_writes_nothing(
    told: dict[str, Any], tmp_path: Path, *, is_first: bool
) -> None:
    """Two workspaces that are not named would be one: their rows would stand in one target."""
    async with world(tmp_path, contacts=3) as one:
        if not is_first:
            await one.sync("contacts")

        def nameless(request: Request, answer: Answer) -> Answer:
            if not request.url.endswith("/me") or not isinstance(answer, Reply):
                return answer
            body = msgspec.json.decode(answer.body)
            del body["app"]
            return Reply(200, answer.headers, msgspec.json.encode(body | told))

        before = one.simulator.requests
        one.change = nameless
        with pytest.raises(IntercomError, match="/me") as caught:
            await one.sync("contacts")
        assert one.simulator.requests == before + 1
        assert "id_code" in str(caught.value) or isinstance(caught.value, DecodeError)
        assert (tmp_path / "target" / "contacts.jsonl").exists() != is_first

        one.change = None
        assert (await one.sync("contacts")).is_complete
