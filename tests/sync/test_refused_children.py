"""Parts that only the count of their parent tells are read once nothing refuses them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async import ConnectError
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio
NAMES = ("conversations", "conversation_parts")
REFUSED = Reply(403, {}, b'{"type": "error.list", "errors": [{"code": "token_unauthorized"}]}')


class Workspace:
    """Conversations that get parts which move no time of theirs.

    Args:
        one: The workspace and its target.
    """

    def __init__(self, one: World) -> None:
        self._one = one
        self.more = 0
        self.is_refused = False
        """Whether no conversation may be read by its id."""
        self.is_dated = True
        self.read: list[str] = []
        """Conversations whose parts were asked for."""

    def answer(self, request: Request, answer: Answer) -> Answer:
        if not isinstance(answer, Reply) or "/conversations/" not in request.url:
            return answer
        body: dict[str, Any] = msgspec.json.decode(answer.body)
        if "/conversations/deleted" in request.url:
            return answer
        if request.url.endswith("/search"):
            rows = body["conversations"]
        elif self.is_refused:
            return REFUSED
        else:
            self.read.append(body["id"])
            rows = [body]
            parts = body["conversation_parts"]
            first = parts["conversation_parts"][0]
            new = [dict(first, id=f"{first['id']}{number}") for number in range(self.more)]
            parts["conversation_parts"] += new
            parts["total_count"] += self.more
        for row in rows:
            whole = self._one.simulator.call("GET", f"/conversations/{row['id']}")
            count = whole["statistics"]["count_conversation_parts"]
            row["statistics"] = {"count_conversation_parts": count + self.more}
            row["updated_at"] = row["updated_at"] if self.is_dated else None
        return Reply(answer.status, answer.headers, msgspec.json.encode(body))


@pytest.mark.parametrize("is_dated", [True, False])
@pytest.mark.parametrize("nights", [1, 3])
async def test_parts_that_a_count_tells_are_read_after_a_refusal(
    nights: int, *, is_dated: bool, tmp_path: Path
) -> None:
    async with world(tmp_path, conversations=12) as one:
        changed = Workspace(one)
        changed.is_dated = is_dated
        one.change = changed.answer
        await one.sync(*NAMES)
        before = one.rows("conversation_parts").keys()
        await anyio.sleep(60 * DAY_S)
        changed.more = 1
        changed.is_refused = True
        for _ in range(nights):
            report = await one.sync(*NAMES, reconcile="now")
            assert "all of it" in [failure.what for failure in report.failures]
            await anyio.sleep(DAY_S)

        changed.is_refused = False
        changed.read.clear()
        report = await one.sync(*NAMES, reconcile="never")
        keys = await one.truth("conversations")
        assert report.is_complete
        assert sorted(changed.read) == sorted(keys)
        assert len(one.rows("conversation_parts").keys() - before) == len(keys)
        changed.read.clear()
        assert (await one.sync(*NAMES, reconcile="never")).is_complete
        assert not changed.read


async def test_parts_that_a_count_tells_are_read_after_a_run_that_an_outage_ends(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, conversations=60, latency_s=0.2) as one:
        changed = Workspace(one)
        one.change = changed.answer
        await one.sync(*NAMES)
        await anyio.sleep(60 * DAY_S)
        changed.more = 1
        changed.read.clear()

        def down(request: Request, answer: Answer) -> Answer:
            if len(changed.read) > 20:
                return ConnectError("the test's server is down", call=request.name)
            return changed.answer(request, answer)

        one.change = down
        report = await one.sync(*NAMES, reconcile="now", patience_s=60)
        assert not report.is_complete
        read, changed.read[:] = set(changed.read), []
        one.change = changed.answer
        await anyio.sleep(DAY_S)
        await one.sync(*NAMES, reconcile="never")
        keys = await one.truth("conversations")
        assert keys.keys() - read <= set(changed.read)


@pytest.mark.parametrize("status", [304, 402, 403])
@pytest.mark.parametrize("nights", [0, 1])
async def test_parts_of_conversations_that_cannot_be_read_are_named_as_well(
    nights: int, status: int, tmp_path: Path
) -> None:
    """What a report does not name is in the target, and what is accepted is no more than named."""
    async with world(tmp_path, conversations=12) as one:
        for _ in range(nights):
            await one.sync(*NAMES)
            await anyio.sleep(DAY_S)

        def refuse(request: Request, answer: Answer) -> Answer:
            is_search = request.url.endswith("/conversations/search")
            return Reply(status, {}, b"{}") if is_search else answer

        one.change = refuse
        report = await one.sync(*NAMES)
        assert [(each.stream, each.what) for each in report.failures] == [
            ("conversations", "all of it"),
            ("conversation_parts", "the rest"),
        ]
        assert not any(stream.is_complete for stream in report.streams)

        one.change = None
        assert (await one.sync(*NAMES)).is_complete
        assert one.rows("conversation_parts")
