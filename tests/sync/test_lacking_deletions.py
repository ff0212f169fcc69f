"""A row that a list of deleted rows lacks once is known to be gone by the same run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import msgspec
import pytest

from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

SIZE = 10
Rows = list[dict[str, Any]]
Fault = Callable[["Told", int, Rows], Rows]


class Told:
    """The list of deleted conversations, the latest first, ten a page.

    Args:
        one: The workspace.
        fault: Changes the rows of a page, by its number.
        is_reversed: Whether the first that went comes first.
        counts: Whether it says how many rows there are.
        says_size: Whether it says how many rows a page has.
    """

    def __init__(
        self,
        one: World,
        fault: Fault,
        *,
        is_reversed: bool = False,
        counts: bool = True,
        says_size: bool = True,
    ) -> None:
        self._one = one
        self._fault = fault
        self._is_reversed = is_reversed
        self._counts = counts
        self._says_size = says_size
        self.pages: list[int] = []
        self.lacked = ""
        self.faults = 0

    def all(self) -> Rows:
        found = self._one.simulator.workspace.deleted_conversations
        rows = [dict(row) for row in found]
        return rows if self._is_reversed else rows[::-1]

    def lack(self, rows: Rows, place: int) -> Rows:
        """Leave a row out."""
        self.faults += 1
        self.lacked = str(rows[place]["id"])
        return [*rows[:place], *rows[place + 1 :]]

    def answer(self, request: Request, answer: Answer) -> Answer:
        url = urlsplit(request.url)
        if url.path != "/conversations/deleted":
            return answer
        number, rows = int(parse_qs(url.query).get("page", ["1"])[0]), self.all()
        self.pages.append(number)
        total = -(-len(rows) // SIZE)
        place: dict[str, Any] = {"type": "pages", "page": number, "total_pages": total}
        if self._says_size:
            place["per_page"] = SIZE
        if number < total:
            place["next"] = f"https://api.intercom.io/conversations/deleted?page={number + 1}"
        shown = self._fault(self, number, rows[SIZE * (number - 1) : SIZE * number])
        kind = "conversation.list"
        body: dict[str, Any] = {"type": kind, "conversations": shown, "pages": place}
        if self._counts:
            body["total_count"] = len(rows)
        headers = {"Content-Type": "application/json"}
        return Reply(200, headers, msgspec.json.encode(body))


def a_shorter_page(told: Told, number: int, rows: Rows) -> Rows:
    return rows if told.faults or number > 1 else told.lack(rows, 3)


def a_shorter_second_page(told: Told, number: int, rows: Rows) -> Rows:
    return rows if told.faults or number != 2 else told.lack(rows, 3)


def a_page_that_comes_twice(told: Told, number: int, rows: Rows) -> Rows:
    if told.faults or number != 2:
        return rows
    told.faults += 1
    told.lacked = str(rows[3]["id"])
    return told.all()[:SIZE]


def a_row_that_comes_twice(told: Told, number: int, rows: Rows) -> Rows:
    if told.faults or number != 2:
        return rows
    told.lack(rows, 3)
    return [told.all()[SIZE - 1], *rows[:3], *rows[4:]]


def a_full_page(told: Told, number: int, rows: Rows) -> Rows:
    """Leave a row out, and let the next one take its place."""
    if told.faults or number > 1:
        return rows
    return [*told.lack(rows, 3), told.all()[SIZE]]


async def let_go(one: World, count: int) -> None:
    """Delete conversations, a minute between two of them."""
    for key in list(await one.truth("conversations"))[:count]:
        one.simulator.call("DELETE", f"/conversations/{key}")
        await anyio.sleep(60)


def hide_counts(request: Request, answer: Answer) -> Answer:
    """Leave the counts out of searches."""
    if not request.url.endswith("/search") or not isinstance(answer, Reply):
        return answer
    body: dict[str, Any] = msgspec.json.decode(answer.body)
    body.pop("total_count", None)
    return Reply(answer.status, answer.headers, msgspec.json.encode(body))


@pytest.mark.parametrize("says_size", [True, False])
@pytest.mark.parametrize("is_reversed", [True, False])
@pytest.mark.parametrize(
    ("fault", "before", "tonight", "counts"),
    [
        (a_shorter_page, 30, 15, True),
        (a_shorter_page, 30, 25, False),
        (a_shorter_page, 0, 10, True),
        (a_shorter_second_page, 30, 25, True),
        (a_shorter_second_page, 30, 25, False),
        (a_page_that_comes_twice, 30, 25, True),
        (a_page_that_comes_twice, 30, 25, False),
        (a_row_that_comes_twice, 30, 25, True),
        (a_row_that_comes_twice, 30, 25, False),
    ],
)
@pytest.mark.parametrize("is_counted", [True, False])
async def test_what_a_list_shows_to_lack_comes_with_another_reading(
    fault: Fault,
    before: int,
    tonight: int,
    tmp_path: Path,
    *,
    counts: bool,
    is_reversed: bool,
    says_size: bool,
    is_counted: bool,
) -> None:
    """By a page that is shorter, a row that comes twice or a count: the rows need none."""
    async with world(tmp_path, conversations=120) as one:
        await let_go(one, before)
        await anyio.sleep(DAY_S)
        await one.sync("conversations")
        await anyio.sleep(DAY_S)
        await let_go(one, tonight)
        await anyio.sleep(2 * DAY_S)
        told = Told(one, fault, is_reversed=is_reversed, counts=counts, says_size=says_size)

        def change(request: Request, answer: Answer) -> Answer:
            told_answer = told.answer(request, answer)
            return told_answer if is_counted else hide_counts(request, told_answer)

        one.change = change
        report = await one.sync("conversations", reconcile_within_s=30 * DAY_S)
        one.change = None

        assert report.is_complete
        assert told.faults
        assert one.rows("conversations").keys() == set(await one.truth("conversations"))
        assert told.pages.count(1) >= 2
        # No sweep was needed.
        assert all(stream.kind == "changes" for stream in report.streams)


@pytest.mark.parametrize("come", [0, 3])
@pytest.mark.parametrize("is_still", [True, False])
@pytest.mark.parametrize(("before", "fault"), [(30, a_full_page), (0, a_shorter_page)])
async def test_what_a_list_hides_shows_by_the_count_of_all_rows(
    before: int, fault: Fault, tmp_path: Path, *, come: int, is_still: bool
) -> None:
    """The list has a full page nevertheless, or one page only, and does not count its rows.

    Neither rows that have come since the last run hide that, nor others that go meanwhile.
    """
    async with world(tmp_path, contacts=3, conversations=120) as one:
        await let_go(one, before)
        await anyio.sleep(DAY_S)
        await one.sync("conversations")
        await anyio.sleep(DAY_S)
        await let_go(one, 8)
        contact = str(one.simulator.workspace.contacts.value_at(0, "id"))
        for number in range(come):
            await one.intercom.conversations.create(contact_id=contact, body=f"new {number}")
        await anyio.sleep(2 * DAY_S)
        going = [] if is_still else [*await one.truth("conversations")][-1:]

        def lack(told: Told, number: int, rows: Rows) -> Rows:
            if told.faults and going:
                one.simulator.call("DELETE", f"/conversations/{going.pop()}")
                rows = told.all()[SIZE * (number - 1) : SIZE * number]
            return fault(told, number, rows)

        told = Told(one, lack, counts=before > 0)
        one.change = told.answer
        report = await one.sync("conversations", reconcile_within_s=30 * DAY_S)
        one.change = None

        assert report.is_complete
        assert told.faults
        assert not going
        assert one.rows("conversations").keys() == set(await one.truth("conversations"))
        assert all(stream.kind == "changes" for stream in report.streams)


async def test_pages_that_are_always_shorter_cost_one_more_reading(tmp_path: Path) -> None:
    """It is how this server cuts its lists: no run needs a sweep for it."""

    def cut(_: Told, number: int, rows: Rows) -> Rows:
        return rows[1:] if number == 1 else rows

    async with world(tmp_path, conversations=120) as one:
        await let_go(one, 30)
        await anyio.sleep(DAY_S)
        await one.sync("conversations")
        told = Told(one, cut)
        one.change = told.answer
        for _ in range(3):
            await anyio.sleep(DAY_S)
            told.pages.clear()
            report = await one.sync("conversations")
            assert report.is_complete
            assert told.pages == [1, 1]
            assert all(stream.kind == "changes" for stream in report.streams)


@pytest.mark.parametrize("is_reversed", [True, False])
async def test_a_list_that_lacks_what_it_counts_each_time_is_no_proof(
    tmp_path: Path, *, is_reversed: bool
) -> None:
    def lack(told: Told, _: int, rows: Rows) -> Rows:
        return told.lack(rows, 3)

    async with world(tmp_path, conversations=120) as one:
        await one.sync("conversations")
        await anyio.sleep(DAY_S)
        await let_go(one, SIZE)
        await anyio.sleep(2 * DAY_S)
        told = Told(one, lack, is_reversed=is_reversed)
        one.change = told.answer
        report = await one.sync("conversations", reconcile_within_s=30 * DAY_S)

        assert told.pages == [1, 1]
        assert report.is_complete
        assert told.lacked not in one.rows("conversations")
        assert all(stream.kind == "full" for stream in report.streams)


async def test_archived_contacts_that_no_list_names_cost_a_call_a_night(tmp_path: Path) -> None:
    """They are held and not counted until a sweep."""
    lists: list[str] = []
    async with world(tmp_path, contacts=2_000) as one:

        def untold(request: Request, answer: Answer) -> Answer:
            if "/contacts/deleted" not in request.url or not isinstance(answer, Reply):
                return answer
            lists.append(request.url)
            body: Any = msgspec.json.decode(answer.body)
            body |= {"data": [], "total_count": 0}
            return Reply(200, answer.headers, msgspec.json.encode(body))

        one.change = untold
        await one.sync("contacts")
        await anyio.sleep(DAY_S)
        lists.clear()
        await one.sync("contacts")
        assert len(lists) == 1
        for key in list(await one.truth("contacts"))[:5]:
            one.simulator.call("POST", f"/contacts/{key}/archive")
        for _ in range(4):
            await anyio.sleep(DAY_S)
            lists.clear()
            report = await one.sync("contacts")
            assert report.is_complete
            assert len(lists) == 2
            assert all(stream.kind == "changes" for stream in report.streams)
