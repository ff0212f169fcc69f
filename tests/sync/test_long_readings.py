"""Rows that change while a run reads for longer than clocks may differ."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

import intercom_async.sync
from intercom_async.errors import TransportError
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import Answer, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

CONVERSATIONS = 420
PER_MINUTE = 60
LATE = 400
"""Conversations are read for so many seconds, with a call each, before one of them changes."""


async def test_a_row_that_changes_late_in_a_reading_is_no_row_of_the_future(tmp_path: Path) -> None:
    """Else an old body that a search serves takes the place of what its children came with."""
    sizes = {"contacts": 3, "conversations": CONVERSATIONS, "app_per_minute": PER_MINUTE}
    async with world(tmp_path, **sizes) as one:
        served: dict[str, dict[str, object]] = {}
        changed: list[str] = []
        answer, read = one.simulator.answer, 0

        async def change_late(request: Request) -> Reply | TransportError:
            nonlocal read
            key = urlsplit(request.url).path.rpartition("/")[2]
            read += key.isdecimal()
            if read == LATE and not changed:
                changed.append(key)
                one.simulator.call("PUT", f"/conversations/{key}", {"title": "new"})
            return await answer(request)

        def serve_old(request: Request, reply: Answer) -> Answer:
            if not isinstance(reply, Reply) or not request.url.endswith("/search"):
                return reply
            body = msgspec.json.decode(reply.body)
            rows = body["conversations"]
            body["conversations"] = [served.setdefault(row["id"], row) for row in rows]
            return Reply(reply.status, reply.headers, msgspec.json.encode(body))

        setattr(one.simulator, "answer", change_late)  # noqa: B010 (it has a type of its own)
        one.change = serve_old
        report = await one.sync("conversations", "conversation_parts")

        assert report.is_complete
        assert one.rows("conversations")[changed[0]]["title"] == "new"


def test_rows_are_read_by_a_reader_that_is_told_the_time() -> None:
    """`StreamRun.read` does so; a run may last for hours."""
    package = Path(intercom_async.sync.__file__).parent
    asking = re.compile(r"\.reader\.read(_page)?\(")
    files = {path.name for path in package.glob("*.py") if asking.search(path.read_text())}
    assert files == {"stream_run.py"}
