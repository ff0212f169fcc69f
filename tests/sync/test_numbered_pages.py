"""A row that breaks each numbered page with it costs that row, and no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest
from hypothesis import given, strategies as st

from intercom_async import Intercom, RequestTimeoutError
from intercom_async.errors import ConfigError, ServerError
from intercom_async.models.page import Page
from intercom_async.sync.builtin_streams import STREAMS
from intercom_async.sync.isolation_budget import CALLS_A_ROW, IsolationBudget
from intercom_async.sync.numbered_pages import read_around
from intercom_async.sync.streams import Listing
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

ERROR = ServerError(call="GET /rows", status=500)
NOT_FOUND = b'{"type":"error.list","errors":[{"code":"not_found","message":"Not found"}]}'


# Pages of a list ------------------------------------------------------------------------------


class Numbered:
    """A list by page numbers, of which some places break each page with them."""

    def __init__(self, length: int, broken: set[int]) -> None:
        self.length = length
        self.broken = broken
        self.calls = 0

    async def ask(self, number: int, size: int) -> tuple[Page[int], int]:
        self.calls += 1
        places = range((number - 1) * size + 1, min(number * size, self.length) + 1)
        if self.broken & set(places):
            raise ERROR
        more = "more" if number * size < self.length else None
        return Page(items=list(places), checkpoint=more), 0


async def around(rows: Numbered, number: int, size: int) -> tuple[list[int], list[int]]:
    """Return the places that were read, and those that were not."""
    read: list[int] = []
    lost: list[int] = []
    async for piece in read_around(rows.ask, number, size, ERROR, IsolationBudget()):
        if piece.page is None:
            lost += range(piece.first, piece.first + piece.size)
        else:
            read += piece.page.items
    return read, lost


@given(
    size=st.sampled_from([1, 7, 50, 60, 250]),
    number=st.integers(1, 4),
    beyond=st.integers(1, 300),
    picks=st.sets(st.integers(0, 10_000), min_size=1, max_size=5),
)
def test_all_but_broken_places_are_read(
    size: int, number: int, beyond: int, picks: set[int]
) -> None:
    begin = (number - 1) * size + 1
    length = begin + beyond - 1
    page = range(begin, min(number * size, length) + 1)
    broken = {page[pick % len(page)] for pick in picks}
    rows = Numbered(length, broken)
    read, lost = anyio.run(around, rows, number, size)

    assert read == [place for place in page if place not in broken]
    # A last page of one row says where the list ends; a place behind it may look broken.
    assert [place for place in lost if place <= length] == sorted(broken)


@pytest.mark.parametrize("size", [50, 60, 250])
async def test_a_row_costs_few_calls(size: int) -> None:
    for place in range(1, size + 1):
        rows = Numbered(3 * size, {place})
        await around(rows, 1, size)
        assert rows.calls <= CALLS_A_ROW // 2


@pytest.mark.parametrize("size", [60, 250])
async def test_a_page_of_broken_rows_ends(size: int) -> None:
    rows = Numbered(size, set(range(1, size + 1)))
    _, lost = await around(rows, 1, size)

    assert lost == list(range(1, size + 1))
    assert rows.calls <= 2 * size


async def test_each_list_by_page_numbers_can_be_cut(intercom: Intercom) -> None:
    """Its size has to be asked for: the size that a server chooses is not known."""
    lists = [stream for stream in STREAMS if isinstance(stream.source, Listing)]
    numbered: set[str] = set()
    for stream in lists:
        assert isinstance(stream.source, Listing)
        pager = stream.source.read(intercom)
        try:
            pager.at_page(1, 1)
        except ConfigError:
            continue
        numbered.add(stream.name)
        assert pager.numbered_size == stream.source.per_page
    assert numbered == {
        "companies", "articles", "collections", "internal_articles", "calls", "news_items",
    }  # fmt: skip


# Streams --------------------------------------------------------------------------------------


def breaking(
    keys: list[str], answer_with: str, *, by_id: bool
) -> Callable[[Request, Answer], Answer]:
    """Return what breaks all answers that have one of some rows; those by id if asked for."""

    def change(request: Request, answer: Answer) -> Answer:
        if not isinstance(answer, Reply):
            return answer
        path = request.url.partition("?")[0]
        is_spared = path.endswith(tuple(f"/{key}" for key in keys)) and not by_id
        if is_spared or not any(b'"id":"%b"' % key.encode() in answer.body for key in keys):
            return answer
        if answer_with in ("404", "410"):
            body = NOT_FOUND if answer_with == "404" else b"<html>"
            return Reply(int(answer_with), answer.headers, body)
        if answer_with == "half of it":
            return Reply(200, answer.headers, answer.body[: len(answer.body) // 2])
        if answer_with == "nothing":
            return RequestTimeoutError("late", call=request.name)
        return Reply(500, answer.headers, b"{}")

    return change


async def keys_of(one: World, stream: str) -> list[str]:
    return list(await one.truth(stream))


@pytest.mark.parametrize(
    ("answer_with", "places"),
    [
        ("500", [0, 59, 60, 61, -1]),
        ("500", [100]),
        ("404", [59, 60]),
        ("half of it", [-1]),
        ("nothing", [30]),
    ],
)
async def test_rows_of_a_first_run(answer_with: str, places: list[int], tmp_path: Path) -> None:
    async with world(tmp_path, contacts=250, companies=150) as one:
        keys = await keys_of(one, "companies")
        broken = [keys[place] for place in places]
        one.change = breaking(broken, answer_with, by_id=True)
        names: list[list[str]] = []
        for _ in range(2):
            report = await one.sync("companies")
            names.append([failure.what for failure in report.failures])
            assert set(keys) - one.rows("companies").keys() == set(broken)
            assert report.exit_code == 3
            assert report.calls <= 10 + CALLS_A_ROW * len(broken)
            await anyio.sleep(DAY_S)
        rows = "1 row" if len(broken) == 1 else f"{len(broken)} rows"
        assert names == [[f"{rows} of the list"]] * 2

        one.change = None
        assert (await one.sync("companies")).is_complete
        assert await one.is_whole("companies")


@pytest.mark.parametrize(
    ("answer_with", "by_id"),
    [("500", True), ("404", True), ("410", True), ("half of it", False), ("404", False)],
)
async def test_rows_that_are_known(answer_with: str, *, by_id: bool, tmp_path: Path) -> None:
    """What cannot be read is named by its id; what can be by id, is; what is gone goes."""
    async with world(tmp_path, contacts=250, companies=150) as one:
        await one.sync("companies")
        keys = await keys_of(one, "companies")
        broken = [keys[3], keys[100]]
        await anyio.sleep(DAY_S)
        for key in (broken[0], keys[50], keys[110]):
            one.simulator.call("PUT", f"/companies/{key}", {"name": f"New {key}"})
        gone = keys[111]
        one.simulator.call("DELETE", f"/companies/{gone}")
        await anyio.sleep(DAY_S)
        one.change = breaking(broken, answer_with, by_id=by_id)
        report = await one.sync("companies")
        rows = one.rows("companies")

        assert rows[keys[50]]["name"].startswith("New")
        assert rows[keys[110]]["name"].startswith("New")
        assert set(broken) <= rows.keys()
        if by_id:
            lost = {failure.what for failure in report.failures}
            # Where a broken page says 404, a row that is not found by its id may be a broken one:
            # with three that may be the two, a row that is not known may be one of them.
            more = {gone, "2 rows of the list"} if answer_with == "404" else set[str]()
            assert lost == set(broken) | more
        else:
            assert rows[broken[0]]["name"].startswith("New")
        if answer_with != "404":
            assert gone not in rows
            assert report.is_complete is not by_id

        one.change = None
        await anyio.sleep(DAY_S)
        assert (await one.sync("companies")).is_complete
        assert await one.is_whole("companies")


def hiding(keys: list[str], then: Callable[[Request, Answer], Answer]) -> Any:
    """Return what leaves some articles out of their list, which counts the others."""

    def change(request: Request, answer: Answer) -> Answer:
        answer = then(request, answer)
        is_list = request.url.partition("?")[0].endswith("/articles")
        if not isinstance(answer, Reply) or answer.status != 200 or not is_list:
            return answer
        body: dict[str, Any] = msgspec.json.decode(answer.body)
        body["data"] = [row for row in body["data"] if row["id"] not in keys]
        body["total_count"] -= len(keys)
        return Reply(answer.status, answer.headers, msgspec.json.encode(body))

    return change


def new_article(one: World) -> str:
    admin = one.simulator.call("GET", "/admins")["admins"][0]["id"]
    row = one.simulator.call("POST", "/articles", {"title": "New", "author_id": int(admin)})
    return str(row["id"])


@pytest.mark.parametrize(("before", "meanwhile"), [(1, 0), (0, 2), (2, 0), (1, 2)])
async def test_no_row_that_is_left_out_stands_in_for_a_new_one(
    before: int, meanwhile: int, tmp_path: Path
) -> None:
    """Where more known rows are left out than cannot be read, they say nothing of those."""
    async with world(tmp_path, contacts=0) as one:
        await one.sync("articles")
        hidden = (await keys_of(one, "articles"))[50 : 50 + before + meanwhile]
        await anyio.sleep(DAY_S)
        if before:
            one.change = hiding(hidden[:before], breaking([], "500", by_id=True))
            report = await one.sync("articles")
            assert {failure.what for failure in report.failures} == set(hidden[:before])
            await anyio.sleep(DAY_S)
        new = new_article(one)
        one.change = hiding(hidden, breaking([new], "500", by_id=True))
        for _ in range(2):
            report = await one.sync("articles")
            assert new not in one.rows("articles")
            assert "1 row of the list" in {failure.what for failure in report.failures}
            await anyio.sleep(DAY_S)

        one.change = None
        assert (await one.sync("articles")).is_complete
        assert await one.is_whole("articles")


async def test_a_row_heals_while_its_list_loses_another(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=0) as one:
        await one.sync("articles")
        known = (await keys_of(one, "articles"))[3]
        await anyio.sleep(DAY_S)
        one.change = breaking([known], "500", by_id=True)
        report = await one.sync("articles")
        assert [failure.what for failure in report.failures] == [known]
        new = new_article(one)
        one.change = breaking([new], "500", by_id=True)
        await anyio.sleep(DAY_S)
        report = await one.sync("articles")

        assert [failure.what for failure in report.failures] == ["1 row of the list"]
        one.change = None
        await anyio.sleep(DAY_S)
        assert (await one.sync("articles")).is_complete
        assert await one.is_whole("articles")


@pytest.mark.parametrize("articles", [1, 3])
async def test_a_page_that_fails_has_a_row_though_none_is_counted(
    articles: int, tmp_path: Path
) -> None:
    async with world(tmp_path) as one:
        author = int((await one.intercom.admins.me()).id)
        for number in range(articles):
            await one.intercom.articles.create(title=f"article {number}", author_id=author)
        keys = await keys_of(one, "articles")
        broken = breaking(keys[-1:], "500", by_id=True)

        def without_it(request: Request, answer: Answer) -> Answer:
            found = broken(request, answer)
            if (
                not isinstance(found, Reply)
                or found.status != 200
                or "/articles" not in request.url
            ):
                return found
            body = msgspec.json.decode(found.body)
            if "total_count" in body:
                body["total_count"] = len(keys) - 1
            return Reply(200, found.headers, msgspec.json.encode(body))

        one.change = without_it
        report = await one.sync("articles", patience_s=1)
        assert [failure.stream for failure in report.failures] == ["articles"]
        assert len(one.rows("articles")) == len(keys) - 1

        one.change = None
        assert (await one.sync("articles")).is_complete
        assert await one.is_whole("articles")


async def test_a_list_that_fails_as_a_whole_is_a_hole(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=100, companies=100) as one:
        keys = await keys_of(one, "companies")
        one.change = breaking(keys, "500", by_id=True)
        report = await one.sync("companies")

        assert [failure.what for failure in report.failures] == ["the list"]
        assert report.calls <= 10


@pytest.mark.parametrize("places", [[0], [100], [-1], [20, 21, 100, 251, 270]], ids=str)
async def test_rows_of_a_numbered_list_that_is_read_by_time(
    places: list[int], tmp_path: Path
) -> None:
    """Activity logs come newest first, whatever order is asked for."""
    async with world(tmp_path) as one:
        logs = one.intercom.admins.list_activity_logs(created_at_after=0, per_page=250)
        keys = [log.id for log in await logs.collect()]
        broken = [keys[place] for place in places]
        one.change = breaking(broken, "500", by_id=True)
        for _ in range(2):
            report = await one.sync("activity_logs")
            assert set(keys) - one.rows("activity_logs").keys() == set(broken)
            assert report.exit_code == 3
            assert report.calls <= 10 + CALLS_A_ROW * len(broken)
            await anyio.sleep(DAY_S)

        one.change = None
        assert (await one.sync("activity_logs")).is_complete
        assert one.rows("activity_logs").keys() == set(keys)


@pytest.mark.parametrize("stream", ["contacts", "conversations", "tickets"])
async def test_rows_of_a_search(stream: str, tmp_path: Path) -> None:
    async with world(tmp_path, **{"contacts": 10, stream: 240}) as one:
        seen = {"field": "created_at", "operator": ">", "value": 0}
        rows = await getattr(one.intercom, stream).search(seen, per_page=150).collect()
        keys = [row.id for row in rows]
        broken = [keys[place] for place in (0, 80, 81, 130, 230)]
        one.change = breaking(broken, "500", by_id=True)
        for _ in range(2):
            report = await one.sync(stream)
            assert set(keys) - one.rows(stream).keys() == set(broken)
            assert report.exit_code == 3
            assert report.calls <= 10 + CALLS_A_ROW * (len(broken) + 1)
            await anyio.sleep(DAY_S)

        one.change = None
        assert (await one.sync(stream)).is_complete
        assert one.rows(stream).keys() == set(keys)
