"""More holes than one run tries again: each has its turn."""

from __future__ import annotations

from pathlib import Path

import anyio
import msgspec
import pytest

from intercom_async.sync.holes import MAX_RETRIED, Hole, next_tried
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio


def test_those_that_were_tried_least_come_first() -> None:
    holes = [Hole(kind="suspect", key=str(number), tries=2) for number in range(MAX_RETRIED)]
    last = Hole(kind="span", low=1, high=2)
    assert next_tried(holes) == holes
    assert next_tried([*holes, last])[0] == last
    assert len(next_tried([*holes, last])) == MAX_RETRIED


async def test_a_span_behind_a_hundred_suspects_is_read_again(tmp_path: Path) -> None:
    """A search leaves out conversations that can be read by their ids, as some scopes do."""
    async with world(tmp_path, contacts=5, conversations=MAX_RETRIED + 30) as one:
        hidden, poison = set[str](), set[str]()

        def change(request: Request, answer: Answer) -> Answer:
            is_search = request.url.endswith("/conversations/search")
            if not is_search or not isinstance(answer, Reply):
                return answer
            body = msgspec.json.decode(answer.body)
            rows = body["conversations"]
            if any(row["id"] in poison for row in rows):
                return Reply(500, {}, b"{}")
            body["conversations"] = [row for row in rows if row["id"] not in hidden]
            if hidden:
                body.pop("total_count", None)
            return Reply(answer.status, answer.headers, msgspec.json.encode(body))

        one.change = change
        await anyio.sleep(2 * DAY_S)
        assert (await one.sync("conversations")).is_complete
        hidden |= set(sorted(one.rows("conversations"), key=int)[: MAX_RETRIED + 10])
        await anyio.sleep(2 * DAY_S)
        assert not (await one.sync("conversations", reconcile="now")).is_complete
        contact = next(iter(await one.truth("contacts")))
        sender = {"type": "user", "id": contact}
        made = one.simulator.call("POST", "/conversations", {"from": sender, "body": "new"})
        poison.add(made["conversation_id"])
        await anyio.sleep(DAY_S)
        report = await one.sync("conversations", reconcile="never")
        assert [failure for failure in report.failures if " from " in failure.what]
        poison.clear()
        for _ in range(3):
            await anyio.sleep(DAY_S)
            report = await one.sync("conversations")
        assert not [failure for failure in report.failures if " from " in failure.what]
