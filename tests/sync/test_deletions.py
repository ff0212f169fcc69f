"""A list of deleted rows is read as far as its own order proves that the rest is known."""

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


def reordered(one: World, order: str, pages: list[str]) -> Any:
    """Return what puts the list of deleted conversations into an order, ten a page."""

    def change(request: Request, answer: Answer) -> Answer:
        if "/conversations/deleted" not in request.url or not isinstance(answer, Reply):
            return answer
        pages.append(request.url)
        query = {"per_page": "60"}
        body: Any = one.simulator.call("GET", "/conversations/deleted", query=query, version="2.16")
        rows: list[dict[str, Any]] = list(body["conversations"])
        if order == "oldest":
            rows.reverse()
        elif order == "any":
            rows.sort(key=lambda row: str(row["id"])[::-1])
        page = int(request.url.partition("&page=")[2] or "1")
        body["conversations"] = rows[(page - 1) * 10 : page * 10]
        total = -(-len(rows) // 10)
        link = request.url.partition("&page=")[0] + f"&page={page + 1}"
        body["pages"] = {"page": page, "total_pages": total, "next": link if page < total else None}
        return Reply(200, answer.headers, msgspec.json.encode(body))

    return change


@pytest.mark.parametrize(("order", "calls"), [("newest", 2), ("oldest", 4), ("any", 4)])
async def test_a_list_in_any_order_is_read(order: str, calls: int, tmp_path: Path) -> None:
    async with world(tmp_path, contacts=3, conversations=60) as one:
        await one.sync("conversations")
        keys = list(await one.truth("conversations"))
        pages: list[str] = []
        one.change = reordered(one, order, pages)
        for round_keys in (keys[:30], keys[30:40]):
            for key in round_keys:
                await anyio.sleep(60)
                one.simulator.call("DELETE", f"/conversations/{key}")
            await anyio.sleep(2 * DAY_S)
            pages.clear()
            assert (await one.sync("conversations")).is_complete

        assert len(pages) == calls
        assert one.rows("conversations").keys() == set(keys[40:])
