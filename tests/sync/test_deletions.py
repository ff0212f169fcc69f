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


async def test_a_row_that_the_list_never_tells_is_gone_within_a_week(tmp_path: Path) -> None:
    """The list of deleted rows leaves it out each time, and does not count it either."""
    async with world(tmp_path, conversations=6) as one:
        await one.sync("conversations")
        told, untold = list(await one.truth("conversations"))[:2]

        def leave_out(request: Request, answer: Answer) -> Answer:
            if "/conversations/deleted" not in request.url or not isinstance(answer, Reply):
                return answer
            body: Any = msgspec.json.decode(answer.body)
            kept = [row for row in body["conversations"] if str(row["id"]) != untold]
            body |= {"conversations": kept, "total_count": len(kept)}
            return Reply(200, answer.headers, msgspec.json.encode(body))

        one.change = leave_out
        for key in (told, untold):
            one.simulator.call("DELETE", f"/conversations/{key}")
        await anyio.sleep(2 * DAY_S)
        assert (await one.sync("conversations")).is_complete
        assert one.rows("conversations").keys() & {told, untold} == {untold}
        for _ in range(5):
            await anyio.sleep(DAY_S)
            assert (await one.sync("conversations")).is_complete

        assert untold not in one.rows("conversations")


async def test_a_list_of_deleted_rows_is_no_look_at_all_rows(tmp_path: Path) -> None:
    """Where no sweep is made in time, what may have gone is named."""
    async with world(tmp_path, conversations=6) as one:
        await one.sync("conversations")
        await anyio.sleep(2 * DAY_S)
        assert (await one.sync("conversations")).is_complete
        await anyio.sleep(DAY_S)
        report = await one.sync("conversations", reconcile_within_s=DAY_S, reconcile="never")

        assert [failure.what[:24] for failure in report.failures] == ["rows that have gone sinc"]


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
