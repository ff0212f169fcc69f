"""Parts that neither a time nor a count tells of come with a look at everything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

PARTS = {"conversations": "conversation_parts", "tickets": "ticket_parts"}


def without_statistics(stream: str, answer: Answer) -> Answer:
    """Let a server give no statistics, as those of a conversation may be null."""
    if not isinstance(answer, Reply):
        return answer
    body: dict[str, Any] = msgspec.json.decode(answer.body)
    for row in (body, *(body.get(stream) or ())):
        if row.get("statistics"):
            row["statistics"] = None
    return Reply(answer.status, answer.headers, msgspec.json.encode(body))


async def kill_while_parts_are_read(one: World, stream: str) -> None:
    """Begin a look at everything, and end it once it reads the first parent by its id."""
    scope, change = anyio.CancelScope(), one.change
    assert change is not None

    def kill(request: Request, answer: Answer) -> Answer:
        if request.method == "GET" and f"/{stream}/" in request.url:
            scope.cancel()
        return change(request, answer)

    one.change = kill
    with scope:
        await one.sync(stream, PARTS[stream], reconcile="now")
    one.change = change
    assert scope.cancelled_caught


@pytest.mark.parametrize("stream", PARTS)
@pytest.mark.parametrize("is_killed", [False, True])
async def test_a_look_at_everything_reads_parts_that_nothing_counts(
    stream: str, tmp_path: Path, *, is_killed: bool
) -> None:
    parts = PARTS[stream]
    async with world(tmp_path, **{stream: 3}) as one:
        table, moment = getattr(one.simulator.workspace, stream), int(one.simulator.clock.now())
        one.change = lambda _, answer: without_statistics(stream, answer)
        await one.sync(stream, parts)
        keys = list(one.rows(stream))
        for key in keys:
            table.change(key)["updated_at"] = moment
        await anyio.sleep(DAY_S)
        await one.sync(stream, parts)
        known = one.rows(parts).keys()

        admin = one.simulator.call("GET", "/admins")["admins"][0]["id"]
        note = {"message_type": "note", "type": "admin", "admin_id": admin, "body": "new"}
        for key in keys:
            one.simulator.call("POST", f"/{stream}/{key}/reply", note)
            table.change(key)["updated_at"] = moment
        await anyio.sleep(DAY_S)
        await one.sync(stream, parts)
        assert one.rows(parts).keys() == known
        if is_killed:
            await kill_while_parts_are_read(one, stream)
        assert (await one.sync(stream, parts, reconcile="now")).is_complete
        assert len(one.rows(parts).keys() - known) == len(keys)
        calls = one.simulator.requests
        await one.sync(stream, parts)
        assert one.simulator.requests - calls < 10
