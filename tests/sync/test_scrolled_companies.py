"""Companies that only a scroll lists whole: what cannot be read has its cause, and a price."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import pytest

from intercom_async.pagination.company_scroll import MAX_LISTED
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import Answer, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

COMPANIES = 250
NUMBERED = 120
"""Companies that numbered pages list where they end early: two pages of them."""
MOST_CALLS = 120  # each failing page is asked for ten times
LIMIT = b'{"type":"error.list","errors":[{"code":"bad_request","message":"page limit reached"}]}'
EXISTS = b'{"type":"error.list","errors":[{"code":"scroll_exists","message":"scroll exists"}]}'


def place_of(request: Request) -> tuple[str, int]:
    """Return the path of a call, and the page that it asks for."""
    path, _, query = request.url.removeprefix("https://api.intercom.io").partition("?")
    return path, int(dict(parse_qsl(query)).get("page", "1"))


def refusing_pages(request: Request, answer: Answer) -> Answer:
    """Refuse all pages but the first, and the scroll as if another one were open."""
    path, page = place_of(request)
    if path == "/companies/scroll":
        return Reply(400, {"Content-Type": "application/json"}, EXISTS)
    if path in ("/companies/list", "/companies") and page > 1:
        return Reply(400, {"Content-Type": "application/json"}, LIMIT)
    return answer


async def test_a_scroll_that_is_taken_is_named_where_pages_are_refused(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=300, companies=COMPANIES) as one:
        one.change = refusing_pages
        report = await one.sync("companies")
        one.change = None
        calls = report.calls
        healed = await one.sync("companies")

        assert report.exit_code == 3
        assert [("scroll_exists" in failure.reason) for failure in report.failures] == [True]
        assert calls < MOST_CALLS
        assert healed.is_complete, healed.failures


def breaking(key: str, calls: list[str]) -> Callable[[Request, Answer], Answer]:
    """Return what breaks each page with one company, and counts more than numbers list."""

    def change(request: Request, answer: Answer) -> Answer:
        path, _ = place_of(request)
        if not path.startswith("/companies") or not isinstance(answer, Reply):
            return answer
        calls.append(path)
        if b'"id":"%b"' % key.encode() in answer.body:
            return Reply(500, answer.headers, b"{}")
        body = msgspec.json.decode(answer.body)
        if "total_count" in body:
            body["total_count"] = MAX_LISTED + 50
        return Reply(answer.status, answer.headers, msgspec.json.encode(body))

    return change


@pytest.mark.parametrize("place", [3, 130])
async def test_companies_behind_a_broken_one_are_read_by_numbers(
    place: int, tmp_path: Path
) -> None:
    async with world(tmp_path, contacts=300, companies=COMPANIES) as one:
        there = list(await one.truth("companies"))
        calls: list[str] = []
        one.change = breaking(there[place], calls)
        report = await one.sync("companies")

        assert report.exit_code == 3
        ((name, reason),) = [(failure.what, failure.reason) for failure in report.failures]
        assert name == "the list"
        assert "answered 500" in reason
        assert set(one.rows("companies")) == {*there} - {there[place]}
        assert len(calls) < MOST_CALLS


async def test_companies_that_no_number_reaches_are_named_until_the_broken_one_is_whole(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, contacts=300, companies=COMPANIES) as one:
        there = set(await one.truth("companies"))
        listed: list[str] = []
        for page in range(1, COMPANIES // 50 + 1):
            query = {"page": str(page), "per_page": "50"}
            body: Any = one.simulator.call("POST", "/companies/list", query=query)
            listed += [row["id"] for row in body["data"]]
        calls: list[str] = []
        broken = breaking(listed[NUMBERED + 30], calls)

        def change(request: Request, answer: Answer) -> Answer:
            query = dict(parse_qsl(request.url.partition("?")[2]))
            rows = int(query.get("page", "1")) * int(query.get("per_page", "50"))
            if rows > NUMBERED and "/companies/scroll" not in request.url:
                return Reply(400, {"Content-Type": "application/json"}, LIMIT)
            return broken(request, answer)

        one.change = change
        report = await one.sync("companies")
        held = set(one.rows("companies"))
        one.change = None
        healed = await one.sync("companies")

        assert report.exit_code == 3
        ((name, reason),) = [(failure.what, failure.reason) for failure in report.failures]
        assert name == "the list"
        assert "answered 500" in reason
        assert held >= set(listed[:NUMBERED])
        assert listed[NUMBERED + 30] not in held
        assert len(calls) < MOST_CALLS
        assert healed.is_complete, healed.failures
        assert set(one.rows("companies")) == there


async def test_a_page_of_a_scroll_is_not_asked_for_again(tmp_path: Path) -> None:
    """It would be the next one: the scroll is begun again, and its passes agree at once."""
    async with world(tmp_path, contacts=300, companies=COMPANIES) as one:
        there = await one.truth("companies")
        scrolls: list[bool] = []
        failed: list[str] = []

        def change(request: Request, answer: Answer) -> Answer:
            path, _ = place_of(request)
            if not path.startswith("/companies") or not isinstance(answer, Reply):
                return answer
            if path == "/companies/scroll":
                scrolls.append("scroll_param" in request.url)
                if len(scrolls) == 2:
                    failed.append(path)
                    return Reply(500, answer.headers, b"{}")
            if "page=2" in request.url:
                return Reply(400, answer.headers, LIMIT)
            return answer

        one.change = change
        report = await one.sync("companies")

        assert failed
        assert scrolls.index(False, 1) == 2
        assert report.is_complete, report.failures
        assert one.rows("companies").keys() == there.keys()
