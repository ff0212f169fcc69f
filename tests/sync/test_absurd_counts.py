"""A server that says absurd numbers of pages or rows is read as far as rows come, no further."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import Answer, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio
ENDLESS = (10**9, "1000000000", 10**30)
ABSURD = (*ENDLESS, -1, 0, "many", 1.5)


@pytest.mark.parametrize("number", ABSURD)
@pytest.mark.parametrize("field", ["total_pages", "total_count"])
@pytest.mark.parametrize("stream", ["contacts", "conversations", "companies", "articles"])
async def test_a_list_with_an_absurd_number_is_read_as_far_as_it_goes(
    stream: str, field: str, number: Any, tmp_path: Path
) -> None:
    paths = {"companies": "/companies/list", "articles": "/articles"}
    async with world(tmp_path, contacts=200, conversations=20, companies=90) as one:
        asked = 0

        def change(request: Request, answer: Answer) -> Answer:
            nonlocal asked
            path = request.url.removeprefix("https://api.intercom.io").partition("?")[0]
            if path != paths.get(stream, f"/{stream}/search") or not isinstance(answer, Reply):
                return answer
            asked += 1
            assert asked < 50
            body = msgspec.json.decode(answer.body)
            if field == "total_count":
                body["total_count"] = number
            else:
                body["pages"]["total_pages"] = number
            return Reply(answer.status, answer.headers, msgspec.json.encode(body))

        one.change = change
        report = await one.sync(stream)

        pages = [each.reason for each in report.failures if "pages in a row" in each.reason]
        assert not pages, "all that it counts has come"
        assert report.is_complete or report.failures
        if field == "total_pages" and number in ENDLESS:
            assert report.is_complete
        one.change = None
        assert (await one.sync(stream)).is_complete
        assert one.rows(stream).keys() >= {*await one.truth(stream)}


@pytest.mark.parametrize("stream", ["companies", "articles"])
async def test_an_endless_list_that_counts_more_than_come_is_named(
    stream: str, tmp_path: Path
) -> None:
    async with world(tmp_path, contacts=200, companies=90) as one:
        asked = 0

        def change(_: Request, answer: Answer) -> Answer:
            nonlocal asked
            body: Any = msgspec.json.decode(answer.body) if isinstance(answer, Reply) else {}
            if "total_pages" not in body.get("pages", {}) or not isinstance(answer, Reply):
                return answer
            asked += 1
            assert asked < 50
            body["pages"]["total_pages"] = 10**9
            body["total_count"] += 1
            return Reply(answer.status, answer.headers, msgspec.json.encode(body))

        one.change = change
        report = await one.sync(stream)

        assert any("pages in a row" in failure.reason for failure in report.failures)
        one.change = None
        assert (await one.sync(stream)).is_complete


async def test_a_search_that_leads_to_empty_pages_ends(tmp_path: Path) -> None:
    """Each of its pages names another place where it goes on."""
    async with world(tmp_path, conversations=20) as one:
        asked = 0

        def change(request: Request, answer: Answer) -> Answer:
            nonlocal asked
            if not request.url.endswith("/search") or not isinstance(answer, Reply):
                return answer
            asked += 1
            assert asked < 600  # Those of an isolation included.
            more = {"page": 2, "starting_after": f"place {asked}"}
            body: dict[str, Any] = {"conversations": [], "total_count": 20, "pages": {}}
            if b"place" not in (request.body or b""):
                body = msgspec.json.decode(answer.body)
            body["pages"]["next"] = more
            return Reply(200, answer.headers, msgspec.json.encode(body))

        one.change = change
        assert (await one.sync("conversations")).exit_code == 3
        one.change = None
        assert (await one.sync("conversations")).is_complete
        assert one.rows("conversations").keys() == {*await one.truth("conversations")}
