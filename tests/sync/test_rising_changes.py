"""Changes are read upward in lists that end in the past: what each answer may do to them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import msgspec
import pytest

from intercom_async.clock import CLOCK
from intercom_async.sync import Report
from intercom_async.sync.rising_changes import MOST_LISTS
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_short_pages import ByNumbers, toucher
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

STREAM = "conversations"


class Page:
    """A page of changes, the earliest first, on its way to the client."""

    def __init__(self, asked: dict[str, Any], body: dict[str, Any]) -> None:
        self.body = body
        self.rows: list[dict[str, Any]] = body[STREAM]
        self.query: dict[str, Any] = asked["query"]
        self.is_closed = b'"<"' in msgspec.json.encode(self.query)
        self.is_last = not body["pages"].get("next")

    def be_empty(self) -> None:
        """Give no row, and count none."""
        self.rows.clear()
        self.body["total_count"] = 0
        self.body["pages"].pop("next", None)

    def lose_one(self) -> None:
        """Leave out a row that was counted."""
        del self.rows[7]


Spoil = Callable[[Page], object]
"""Changes a page; true where the server fails instead."""


def spoilt(
    index: ByNumbers | None, spoil: Spoil, orders: Collection[str] = ("ascending",)
) -> Callable[[Request, Answer], Answer]:
    """Return what changes pages of changes, by default those that come the earliest first."""

    def change(request: Request, answer: Answer) -> Answer:
        path = urlsplit(request.url).path
        if path != f"/{STREAM}/search" or not isinstance(answer, Reply):
            return answer
        if index is not None:
            answer = index.answer(request, path, CLOCK.unix())
        asked: dict[str, Any] = msgspec.json.decode(request.body or b"{}")
        sort = asked.get("sort", {})
        if sort.get("field") != "updated_at" or sort["order"] not in orders:
            return answer
        page = Page(asked, msgspec.json.decode(answer.body))
        if spoil(page) is True:
            return Reply(500, {}, b"")
        return Reply(answer.status, answer.headers, msgspec.json.encode(page.body))

    return change


async def changed(one: World, count: int, rest_s: int, index: ByNumbers | None = None) -> list[str]:
    """Read all rows; let some of them change a day later, and return the keys of all."""
    rows = await one.truth(STREAM)
    if index is not None:
        for key, row in rows.items():
            index.note(STREAM, key, 0, row)
    one.change = spoilt(index, lambda _: None)
    await one.sync(STREAM)
    await anyio.sleep(DAY_S)
    for key in [*rows][:count]:
        toucher(one, STREAM, index)(key)
        await anyio.sleep(20)
    await anyio.sleep(rest_s)
    return [*rows]


async def read(
    one: World, spoil: Spoil, index: ByNumbers | None = None, *, unread: str = "", **options: Any
) -> Report:
    """Read the changes; but for a row that cannot be read, each is as new as it was before."""
    before = {key: row["updated_at"] for key, row in (await one.truth(STREAM)).items()}
    one.change = spoilt(index, spoil, ("ascending", "descending") if unread else ("ascending",))
    report = await one.sync(STREAM, reconcile="never", **options)
    one.change = None
    found, truth = one.rows(STREAM), await one.truth(STREAM)
    late = [key for key in before if key in truth and found[key]["updated_at"] < before[key]]
    assert set(late) <= {unread}
    return report


@pytest.mark.parametrize("fault", ["a page is short", "the list is empty"])
async def test_nothing_counts_changes(fault: str, tmp_path: Path) -> None:
    """A page that is short tells of what it lacks, and no list is read that could be empty."""
    async with world(tmp_path, contacts=5, conversations=900) as one:
        await changed(one, 800, 600)
        pages = 0

        def spoil(page: Page) -> None:
            nonlocal pages
            pages += 1
            page.body.pop("total_count", None)
            if pages == 2 and fault == "a page is short":
                page.lose_one()
            elif page.is_closed:
                page.be_empty()

        assert (await read(one, spoil)).is_complete
        assert pages > 2


@pytest.mark.parametrize("failures", [9, 11, 999])
async def test_an_empty_list_before_one_that_fails(failures: int, tmp_path: Path) -> None:
    """A list that was empty once is asked again, whatever comes behind it."""
    async with world(tmp_path, contacts=5, conversations=900) as one:
        keys = await changed(one, 800, 600)
        was_empty, failed = False, 0

        def spoil(page: Page) -> bool:
            nonlocal was_empty, failed
            if page.is_closed and not was_empty:
                was_empty = True
                page.be_empty()
            elif was_empty and failed < failures and keys[795] in {row["id"] for row in page.rows}:
                failed += 1
                return True
            return False

        await read(one, spoil, unread=keys[795])
        assert was_empty
        assert failed
        await one.sync(STREAM, reconcile="never")
        found, truth = one.rows(STREAM), await one.truth(STREAM)
        assert {key: found[key]["updated_at"] for key in truth} == {
            key: row["updated_at"] for key, row in truth.items()
        }


@pytest.mark.parametrize("coming", [50, 200, 400])
async def test_an_empty_list_while_many_change(coming: int, tmp_path: Path) -> None:
    """As many rows change just then as the list lacks: they stand for none of it."""
    async with world(tmp_path, contacts=5, conversations=900) as one:
        keys = await changed(one, 160, DAY_S)
        was_empty = False

        def spoil(page: Page) -> None:
            nonlocal was_empty
            if page.is_closed and not was_empty:
                was_empty = True
                page.be_empty()
                for key in keys[400 : 400 + coming]:
                    toucher(one, STREAM)(key)

        assert (await read(one, spoil)).is_complete
        assert was_empty


@pytest.mark.parametrize("fault", ["moved", "page is short", "last page is short", "twice"])
@pytest.mark.parametrize("lookback_s", [3_600, 14_400])
async def test_rows_that_changed_before_and_after_h(
    lookback_s: int, fault: str, tmp_path: Path
) -> None:
    """They come with what has changed since H, where one goes as an old one changes."""
    async with world(tmp_path, contacts=5, conversations=900) as one:
        index = ByNumbers() if fault == "moved" else None
        keys = await changed(one, 500, DAY_S, index)
        touch = toucher(one, STREAM, index)
        for key in keys[:400]:
            touch(key)
            await anyio.sleep(lookback_s / 500)
        pages, gone, lost = 0, "", index is not None

        def spoil(page: Page) -> None:
            nonlocal pages, gone, lost
            pages += not page.is_closed
            if page.is_closed or pages < 2 or len(page.rows) < 9:
                return
            if gone and fault == "last page is short" and page.is_last and not lost:
                lost = True
                page.lose_one()
            if gone:
                return
            if fault in ("page is short", "twice"):
                lost = True
                page.rows[7] = page.rows[6]
                del page.rows[7 if fault == "page is short" else len(page.rows) :]
            gone = page.rows[3]["id"]
            one.simulator.call("DELETE", f"/conversations/{gone}")
            if index is not None:
                index.note(STREAM, gone, 0, None)
            touch(keys[850])

        report = await read(one, spoil, index, lookback_s=lookback_s)
        assert report.is_complete
        assert gone


async def test_rows_that_change_as_changes_are_read(tmp_path: Path) -> None:
    """Without a lookback, those of yesterday come with what changes now."""
    async with world(tmp_path, contacts=5, conversations=900, latency_s=0.5) as one:
        index = ByNumbers()
        keys = await changed(one, 500, DAY_S, index)
        touch, gone, has_moved = toucher(one, STREAM, index), "", False

        def spoil(page: Page) -> None:
            nonlocal gone, has_moved
            if page.is_closed and not has_moved:
                has_moved = True
                for key in keys[100:500]:
                    touch(key)
            elif not page.is_closed and has_moved and not gone and len(page.rows) > 3:
                gone = page.rows[3]["id"]
                one.simulator.call("DELETE", f"/conversations/{gone}")
                index.note(STREAM, gone, 0, None)
                touch(keys[850])

        assert (await read(one, spoil, index, lookback_s=0)).is_complete
        assert gone


@pytest.mark.parametrize("short", [2, 5, 11])
async def test_a_short_page_before_one_that_fails(short: int, tmp_path: Path) -> None:
    """Nothing counts what lies behind a page that fails; what lies before it is read again."""
    async with world(tmp_path, contacts=5, conversations=2_600) as one:
        await changed(one, 2_500, 600)
        pages = failed = 0

        def spoil(page: Page) -> bool:
            nonlocal pages, failed
            pages += 1
            if pages == short:
                page.lose_one()
            if pages > 12 and failed < 12:
                failed += 1
                return True
            return False

        await read(one, spoil)
        assert failed


async def test_changes_that_never_become_a_page(tmp_path: Path) -> None:
    """As many change with each call as a page has: the run ends, and the next one has them."""
    async with world(tmp_path, contacts=5, conversations=900, latency_s=2.0) as one:
        keys = await changed(one, 400, DAY_S)
        calls, begun = 0, set[int]()

        def spoil(page: Page) -> None:
            nonlocal calls
            calls += 1
            if not page.is_closed:
                begun.add(page.query["value"][0]["value"])
            if calls < 200:
                for key in keys[400:700]:
                    toucher(one, STREAM)(key)

        report = await read(one, spoil)
        assert len(begun) == MOST_LISTS + 1
        # Behind these lists come the passes that begin with the newest.
        assert report.calls < 250
        assert (await one.sync(STREAM)).is_complete
