"""A sweep that is made once more, since it met nothing: what is proven before it has ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import msgspec
import pytest

from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio


def without(answer: Reply, key: str | None) -> Reply:
    """Return a page of a search without a row, or without any; it is counted on no page."""
    body: dict[str, Any] = msgspec.json.decode(answer.body)
    kept = [row for row in body["data"] if key is not None and row["id"] != key]
    is_lost = len(kept) < len(body["data"]) or len(kept) < body["total_count"]
    count = 0 if key is None else body["total_count"] - is_lost
    body |= {"data": kept, "total_count": count}
    if key is None:
        body["pages"] = dict(body.get("pages") or {}, next=None, total_pages=0)
    return Reply(answer.status, answer.headers, msgspec.json.encode(body))


async def test_one_empty_reading_does_not_archive_a_row_that_is_named(tmp_path: Path) -> None:
    """It is read by its id after the first reading and before the second, which meets it."""
    searches, was_asked = "right", False

    async with world(tmp_path, contacts=30) as one:
        key = list(await one.truth("contacts"))[15]

        def change(request: Request, answer: Answer) -> Answer:
            nonlocal searches, was_asked
            path = urlsplit(request.url).path
            if path.endswith("/deleted"):
                return Reply(404, {}, b"{}")
            if path == f"/contacts/{key}":
                was_asked = True
                return Reply(500, {}, b"{}") if searches == "without it" else answer
            if not isinstance(answer, Reply) or not path.endswith("/search"):
                return answer
            if searches == "right":
                return answer
            if searches == "without it":
                return without(answer, key)
            if was_asked and key.encode() in (request.body or b""):
                # This was to show whether it is archived, and is the last one that finds nothing.
                searches = "right"
            return without(answer, None)

        one.change = change
        await anyio.sleep(5 * DAY_S)
        assert (await one.sync("contacts")).is_complete
        await anyio.sleep(3 * DAY_S)
        searches = "without it"
        named = await one.sync("contacts", reconcile="now")
        assert [failure.what.split()[-1] for failure in named.failures] == [key]
        await anyio.sleep(3 * DAY_S)
        searches, was_asked = "empty", False
        await one.sync("contacts", reconcile="now")

        assert was_asked
        assert key in one.rows("contacts")
