"""A page of changes that lacks a row, where no count tells: all of them are read once more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import msgspec
import pytest

from intercom_async.clock import CLOCK
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .machine.search_index import SearchIndex
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

Rows = list[dict[str, Any]]
Touch = Callable[[str], None]


class ByNumbers(SearchIndex):
    """Gives rows in the order that is asked for, in pages that begin behind a number of rows."""

    def __init__(self) -> None:
        super().__init__(
            late_s=0, is_stale=False, is_gone_late=False, zone="UTC", sorting="ties"
        )  # fmt: skip

    def _place(self, row: dict[str, Any], field: str) -> tuple[int, str]:
        return row[field], str(row["id"])


def with_changes(
    stream: str, spoil: Callable[[int, Rows], None], index: SearchIndex | None = None
) -> Callable[[Request, Answer], Answer]:
    """Return what spoils pages of changes, each with its number."""
    pages = 0

    def change(request: Request, answer: Answer) -> Answer:
        nonlocal pages
        path = urlsplit(request.url).path
        if path != f"/{stream}/search" or not isinstance(answer, Reply):
            return answer
        answer = answer if index is None else index.answer(request, path, CLOCK.unix())
        asked: dict[str, Any] = msgspec.json.decode(request.body or b"{}")
        if asked.get("sort", {}).get("field") != "updated_at":
            return answer
        body: dict[str, Any] = msgspec.json.decode(answer.body)
        rows: Rows = body["data" if stream == "contacts" else stream]
        pages += len(rows) > 20
        spoil(pages if len(rows) > 20 else 0, rows)
        return Reply(answer.status, answer.headers, msgspec.json.encode(body))

    return change


async def change_most(one: World, touch: Touch, keys: list[str]) -> None:
    """Let some rows change before a run, and all others before the next one."""
    await one.sync("contacts")
    await anyio.sleep(DAY_S + 6 * 3_600)
    for at, key in enumerate(keys):
        touch(key)
        await anyio.sleep(30)
        if at == 200:
            await anyio.sleep(3 * 3_600)
            await one.sync("contacts")
    await anyio.sleep(2 * 3_600)


def toucher(one: World, stream: str, index: SearchIndex | None = None) -> Touch:
    table = getattr(one.simulator.workspace, stream)

    def touch(key: str) -> None:
        row = table.change(key)
        row["updated_at"] = int(CLOCK.unix())
        if index is not None:
            index.note(stream, key, CLOCK.unix(), dict(row))

    return touch


async def stale(one: World, stream: str) -> list[str]:
    found, truth = one.rows(stream), await one.truth(stream)
    return [key for key in truth if found.get(key, truth[key])["updated_at"]
            != truth[key]["updated_at"]]  # fmt: skip


@pytest.mark.parametrize("page", [2, 9, 10, 12])
async def test_a_page_in_front_of_an_order_that_was_shown(page: int, tmp_path: Path) -> None:
    """Changes by days end where the next ones are older: rows that lie below are counted, too."""
    async with world(tmp_path, contacts=2_000) as one:
        lost: list[str] = []

        def spoil(number: int, rows: Rows) -> None:
            if number == page and not lost:
                lost.append(rows.pop(7)["id"])

        await change_most(one, toucher(one, "contacts"), [*await one.truth("contacts")])
        one.change = with_changes("contacts", spoil)
        report = await one.sync("contacts")
        assert lost
        assert report.is_complete
        assert await stale(one, "contacts") == []


@pytest.mark.parametrize("page", [3, 10])
@pytest.mark.parametrize("moves", [0, 1])
async def test_a_row_in_place_of_its_neighbour(page: int, moves: int, tmp_path: Path) -> None:
    """A row that changes meanwhile pushes others across the edge of a page, and not inside one."""
    async with world(tmp_path, contacts=2_000) as one:
        touch, keys = toucher(one, "contacts"), [*await one.truth("contacts")]
        lost: list[str] = []

        def spoil(number: int, rows: Rows) -> None:
            if number == page and not lost:
                lost.append(rows[7]["id"])
                rows[7] = rows[6]
                for key in keys[len(keys) - moves :]:
                    touch(key)

        await change_most(one, touch, keys)
        one.change = with_changes("contacts", spoil)
        report = await one.sync("contacts", reconcile="never")
        assert lost
        assert report.is_complete
        assert await stale(one, "contacts") == []


@pytest.mark.parametrize("is_short", [True, False])
async def test_a_second_pass_that_is_read_again_leaves_the_first_to_be_proven(
    tmp_path: Path, *, is_short: bool
) -> None:
    """It is of today only: the first one was of yesterday, too, and lacks a row of that day."""
    async with world(tmp_path, contacts=1_200) as one:
        touch, keys = toucher(one, "contacts"), [*await one.truth("contacts")]
        await one.sync("contacts")
        for begin, end, clock_s in ((0, 400, 12 * 3_600), (400, 700, 1_000)):
            await anyio.sleep(DAY_S - int(CLOCK.unix()) % DAY_S + clock_s)
            for key in keys[begin:end]:
                touch(key)
                await anyio.sleep(10)
        await anyio.sleep(2 * 3_600)
        lost, spoilt = list[str](), False

        def spoil(_: int, rows: Rows) -> None:
            nonlocal spoilt
            if rows and rows[-1]["id"] == keys[0] and not lost:
                lost.append(rows[7]["id"])
                rows[7] = rows[0]
            elif lost and not spoilt:
                spoilt = True
                if is_short:
                    rows.pop()
                else:
                    one.simulator.call("DELETE", f"/contacts/{keys[402]}")

        one.change = with_changes("contacts", spoil)
        report = await one.sync("contacts", reconcile="never")
        assert spoilt
        assert report.is_complete
        assert await stale(one, "contacts") == []


async def test_pages_that_are_always_short_cost_a_second_pass(tmp_path: Path) -> None:
    """A server may look for rows by its index, and leave out those of them that are no more."""
    async with world(tmp_path, contacts=2_000) as one:
        await change_most(one, toucher(one, "contacts"), [*await one.truth("contacts")])
        some = [*await one.truth("contacts")][900:910]

        def spoil(number: int, rows: Rows) -> None:
            rows[:] = [row for row in rows if not number or row["id"] not in some]

        one.change = with_changes("contacts", spoil)
        report = await one.sync("contacts", reconcile="never")
        assert report.calls <= 40


@pytest.mark.parametrize("page", [3, 9])
async def test_a_row_that_goes_shifts_the_pages_of_a_pass(page: int, tmp_path: Path) -> None:
    async with world(tmp_path, contacts=2_000) as one:
        index, gone = ByNumbers(), list[str]()
        touch = toucher(one, "contacts", index)
        keys = [*await one.truth("contacts")]
        for key, row in (await one.truth("contacts")).items():
            index.note("contacts", key, 0, row)

        def spoil(number: int, rows: Rows) -> None:
            if number == page and not gone:
                gone.append(rows[3]["id"])
                one.simulator.call("DELETE", f"/contacts/{gone[0]}")
                index.note("contacts", gone[0], CLOCK.unix(), None)

        one.change = with_changes("contacts", lambda _, __: None, index)
        await change_most(one, touch, keys)
        one.change = with_changes("contacts", spoil, index)
        report = await one.sync("contacts", reconcile="never")
        assert gone
        assert report.is_complete
        assert await stale(one, "contacts") == []


@pytest.mark.parametrize("lacks", [True, False], ids=["a page lacks a row", "pages shift"])
async def test_one_that_goes_as_one_comes_while_changes_are_read_upward(
    tmp_path: Path, *, lacks: bool
) -> None:
    """The count stays as it was; so does that of what has come."""
    stream = "conversations"
    async with world(tmp_path, contacts=5, conversations=700, latency_s=4.0) as one:
        index = None if lacks else ByNumbers()
        contact, *_ = await one.truth("contacts")
        keys, gone = [*await one.truth(stream)][:400], list[str]()
        for key, row in (await one.truth(stream)).items():
            if index is not None:
                index.note(stream, key, 0, row)

        def spoil(number: int, rows: Rows) -> None:
            if number != 1 or gone:
                return
            if lacks:
                rows.pop(7)
            gone.append(rows[3]["id"])
            one.simulator.call("DELETE", f"/conversations/{gone[0]}")
            sender = {"type": "user", "id": contact}
            made = one.simulator.call("POST", "/conversations", {"from": sender, "body": "new"})
            if index is not None:
                index.note(stream, gone[0], CLOCK.unix(), None)
                toucher(one, stream, index)(made["conversation_id"])

        one.change = with_changes(stream, lambda _, __: None, index)
        await one.sync(stream)
        await anyio.sleep(DAY_S)
        for key in keys:
            toucher(one, stream, index)(key)
            await anyio.sleep(20)
        await anyio.sleep(2 * DAY_S)
        one.change = with_changes(stream, spoil, index)
        report = await one.sync(stream)
        assert gone
        assert report.is_complete
        assert await stale(one, stream) == []


async def test_a_row_that_comes_late_in_a_pass_stands_for_no_other(tmp_path: Path) -> None:
    """One changes as its pass is read, and stands on the last page; another one came twice there.

    As many came as were counted, and the next pass, which is one page, has what changed since.
    """
    async with world(tmp_path, contacts=331) as one:
        touch, keys = toucher(one, "contacts"), [*await one.truth("contacts")]
        await one.sync("contacts")
        await anyio.sleep(2 * DAY_S)
        for key in keys[:-1]:
            touch(key)
            await anyio.sleep(20)
        await anyio.sleep(2 * DAY_S)
        lost = list[str]()

        def spoil(number: int, rows: Rows) -> None:
            if number == 2:
                touch(keys[-1])
            elif number == 3 and not lost:
                lost.append(rows[7]["id"])
                rows[7] = rows[6]
                rows.insert(3, one.simulator.call("GET", f"/contacts/{keys[-1]}"))

        one.change = with_changes("contacts", spoil)
        report = await one.sync("contacts", reconcile="never")
        assert lost
        assert report.is_complete
        assert await stale(one, "contacts") == []
