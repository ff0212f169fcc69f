"""null in place of a list's rows says nothing of them, whichever list it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio


def reply(body: dict[str, Any]) -> Reply:
    return Reply(200, {"Content-Type": "application/json"}, msgspec.json.encode(body))


def path_of(request: Request) -> str:
    return request.url.removeprefix("https://api.intercom.io").partition("?")[0]


async def test_it_is_no_proof_that_no_row_is_left(tmp_path: Path) -> None:
    """Searches find nothing at all, no list tells of deleted rows, and the plain list is null."""
    async with world(tmp_path, contacts=12) as one:
        await one.sync("contacts")
        await anyio.sleep(8 * DAY_S)

        def change(request: Request, answer: Answer) -> Answer:
            empty: dict[str, Any] = {
                "type": "list",
                "data": [],
                "total_count": 0,
                "pages": {"type": "pages"},
            }
            return {
                "/contacts/deleted": Reply(404, {}, b"{}"),
                "/contacts/search": reply(empty),
                "/contacts": reply(empty | {"data": None}),
            }.get(path_of(request), answer)

        one.change = change
        report = await one.sync("contacts", reconcile="now")

        assert report.exit_code == 3
        assert len(one.rows("contacts")) == 12


@pytest.mark.parametrize("stream", ["contacts", "conversations"])
async def test_it_is_no_list_without_deleted_rows(stream: str, tmp_path: Path) -> None:
    async with world(tmp_path, contacts=20, conversations=20) as one:
        gone = next(iter(await one.truth(stream)))
        await one.sync(stream)
        await anyio.sleep(DAY_S)
        one.simulator.call("DELETE", f"/{stream}/{gone}")
        field = "data" if stream == "contacts" else "conversations"
        place = {"type": "pages", "page": 1, "per_page": 60, "total_pages": 0}
        null = reply({"type": "list", field: None, "total_count": 0, "pages": place})
        one.change = lambda request, answer: (
            null if path_of(request) == f"/{stream}/deleted" else answer
        )
        await anyio.sleep(DAY_S)
        report = await one.sync(stream)

        assert report.is_complete
        assert gone not in one.rows(stream), "a sweep finds it"


async def test_it_is_no_first_reading_of_two(tmp_path: Path) -> None:
    """Then the list comes empty: that is one reading, and a second one has to agree."""
    async with world(tmp_path, contacts=20) as one:
        lists: tuple[list[Any] | None, ...] = (None, [])
        bodies = [reply({"type": "list", "data": rows}) for rows in lists]

        def change(request: Request, answer: Answer) -> Answer:
            return bodies.pop(0) if path_of(request) == "/tags" and bodies else answer

        one.change = change
        assert (await one.sync("tags")).is_complete
        tags = {row["id"] for row in one.simulator.call("GET", "/tags")["data"]}
        assert one.rows("tags").keys() == tags


async def test_it_is_no_end_of_a_list_inside_a_row(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=3) as one:
        key = next(iter(await one.truth("contacts")))
        entry = {"type": "subscription", "consent_type": "opt_out"}
        first = [entry | {"id": str(number)} for number in range(10)]
        cut = {"type": "list", "data": first, "url": "x", "total_count": 12, "has_more": True}
        null = reply({"type": "list", "data": None, "total_count": 0})

        def change(request: Request, answer: Answer) -> Answer:
            if "/subscriptions" in request.url:
                return null
            body: Any = msgspec.json.decode(answer.body) if isinstance(answer, Reply) else {}
            for row in body.get("data", [body]):
                if row.get("id") == key:
                    row["opted_out_subscription_types"] = cut
            return reply(body) if body else answer

        one.change = change
        report = await one.sync("contacts")

        assert report.exit_code == 3
        assert len(one.rows("contacts")[key]["opted_out_subscription_types"]["data"]) == 10
