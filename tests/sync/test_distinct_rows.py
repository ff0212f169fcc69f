"""A list that gives rows of one moment in another order on each page comes whole, or is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import msgspec
import pytest

from intercom_async.clock import CLOCK
from intercom_async.simulator import Quirks
from intercom_async.sync.distinct_rows import SETTLED, DistinctRows
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .machine.search_index import STREAMS, SearchIndex
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

MANY = 700
"""Rows of one moment, on five pages."""


async def imported(one: World, stream: str, moments: int = 1) -> SearchIndex:
    """Let all rows be of a few moments, and searches place those of one as they like."""
    table = getattr(one.simulator.workspace, stream)
    keys = [*await one.truth(stream)]
    first = int(CLOCK.unix()) - 100 * DAY_S
    for number, key in enumerate(keys):
        row = table.change(key)
        row["created_at"] = row["updated_at"] = first + number % moments
    index = SearchIndex(late_s=0, is_stale=False, is_gone_late=False, zone="UTC", sorting="ties")
    for key, row in (await one.truth(stream)).items():
        index.note(stream, key, 0, row)
    return index


def searched(index: SearchIndex) -> Callable[[Request, Answer], Answer]:
    """Return what lets searches be answered by an index."""

    def change(request: Request, answer: Answer) -> Answer:
        path = urlsplit(request.url).path
        return index.answer(request, path, CLOCK.unix()) if path in STREAMS else answer

    return change


def with_a_row_twice(
    path: str, *, at: int, lacks: bool = False
) -> Callable[[Request, Answer], Answer]:
    """Return what lets the first row of one page stand in place of its eighth one.

    Or it lacks that one.
    """
    pages = -1

    def change(request: Request, answer: Answer) -> Answer:
        nonlocal pages
        if urlsplit(request.url).path != path or not isinstance(answer, Reply):
            return answer
        if answer.status != 200:
            return answer
        body: dict[str, Any] = msgspec.json.decode(answer.body)
        key = next(name for name in ("data", "conversations", "tickets", "activity_logs")
                   if name in body)  # fmt: skip
        if len(body[key]) < 20:
            return answer
        pages += 1
        if pages == at:
            body[key][7:8] = [] if lacks else body[key][:1]
        return Reply(answer.status, answer.headers, msgspec.json.encode(body))

    return change


@pytest.mark.anyio
@pytest.mark.parametrize("stream", ["contacts", "conversations"])
@pytest.mark.parametrize("moments", [1, 3])
async def test_rows_of_one_moment_in_any_order(stream: str, moments: int, tmp_path: Path) -> None:
    sizes = {"contacts": 40} | {stream: MANY}
    async with world(tmp_path, **sizes) as one:
        index = await imported(one, stream, moments)
        one.change = searched(index)
        report = await one.sync(stream)
        assert report.is_complete
        assert one.rows(stream).keys() == {*await one.truth(stream)}

        for key in await one.truth(stream):
            row = getattr(one.simulator.workspace, stream).change(key)
            row["updated_at"] = int(CLOCK.unix())
        for key, row in (await one.truth(stream)).items():
            index.note(stream, key, 0, row)
        await anyio.sleep(2 * 3_600)
        report = await one.sync(stream)
        assert report.is_complete
        assert await one.is_whole(stream)


@pytest.mark.anyio
@pytest.mark.parametrize("stream", ["contacts", "conversations"])
async def test_one_page_with_a_row_in_place_of_another(stream: str, tmp_path: Path) -> None:
    sizes = {"contacts": 40} | {stream: MANY}
    async with world(tmp_path, **sizes) as one:
        one.change = with_a_row_twice(f"/{stream}/search", at=2)
        report = await one.sync(stream)
        assert report.is_complete
        assert one.rows(stream).keys() == {*await one.truth(stream)}


@pytest.mark.anyio
@pytest.mark.parametrize("stream", ["contacts", "conversations"])
@pytest.mark.parametrize("page", [0, 1, 3])
async def test_one_change_in_place_of_another(stream: str, page: int, tmp_path: Path) -> None:
    sizes = {"contacts": 40} | {stream: MANY}
    async with world(tmp_path, **sizes) as one:
        await one.sync(stream)
        await anyio.sleep(DAY_S)
        for key in await one.truth(stream):
            getattr(one.simulator.workspace, stream).change(key)["updated_at"] = int(CLOCK.unix())
            await anyio.sleep(200)
        one.change = with_a_row_twice(f"/{stream}/search", at=page)
        report = await one.sync(stream, reconcile="never")
        assert report.is_complete
        assert await one.is_whole(stream)


@pytest.mark.anyio
@pytest.mark.parametrize("lacks", [False, True], ids=["repeated", "left out"])
@pytest.mark.parametrize("page", [4, 8, 11])
async def test_a_row_left_out_of_a_part_that_was_cut(
    page: int, tmp_path: Path, *, lacks: bool
) -> None:
    """A list that another chain goes on with is not read to its end, where its rows count."""
    async with world(tmp_path, contacts=3_000, latency_s=0.5, app_per_minute=10_000) as one:
        one.change = with_a_row_twice("/contacts/search", at=page, lacks=lacks)
        assert (await one.sync("contacts")).is_complete
        assert one.rows("contacts").keys() == {*await one.truth("contacts")}


@pytest.mark.anyio
async def test_a_row_that_goes_between_readings(tmp_path: Path) -> None:
    """It stands for none that no reading has brought."""
    async with world(tmp_path, contacts=5, conversations=MANY) as one:
        first, second, third, *_ = await one.truth("conversations")
        lists = 0

        def change(request: Request, answer: Answer) -> Answer:
            nonlocal lists
            if not isinstance(answer, Reply) or not request.url.endswith("/search"):
                return answer
            body: dict[str, Any] = msgspec.json.decode(answer.body)
            rows: list[dict[str, Any]] = body["conversations"]
            known = {row["id"]: row for row in rows}
            if {first, second} <= known.keys():
                lists += 1
                if lists == 1:
                    one.simulator.call("DELETE", f"/conversations/{third}")
                # Beside the first one, another one comes twice, and what was counted comes.
                rows[:] = [known[second] if row["id"] == first else row for row in rows]
            return Reply(answer.status, answer.headers, msgspec.json.encode(body))

        one.change = change
        report = await one.sync("conversations")
        assert first not in one.rows("conversations")
        assert not report.is_complete


@pytest.mark.anyio
async def test_a_row_that_never_comes_costs_few_readings(tmp_path: Path) -> None:
    async with world(tmp_path, conversations=MANY) as one:
        first, second, *_ = await one.truth("conversations")

        def change(_: Request, answer: Answer) -> Answer:
            if not isinstance(answer, Reply):
                return answer
            body: dict[str, Any] = msgspec.json.decode(answer.body)
            rows: list[dict[str, Any]] = body.get("conversations", [])
            known = {row["id"]: row for row in rows}
            if {first, second} <= known.keys():
                rows[:] = [known[second] if row["id"] == first else row for row in rows]
            return Reply(answer.status, answer.headers, msgspec.json.encode(body))

        one.change = change
        for _ in range(2):
            report = await one.sync("conversations")
            (failure,) = report.failures
            assert failure.reason == f"{MANY} rows were counted, and {MANY - 1} came"
            assert report.calls <= 10 + (1 + SETTLED) * (1 + MANY // 150)
            await anyio.sleep(DAY_S)

        one.change = None
        assert (await one.sync("conversations")).is_complete
        assert await one.is_whole("conversations")


async def logs(one: World) -> set[str]:
    pager = one.intercom.admins.list_activity_logs(created_at_after=0, per_page=250)
    return {str(log.id) for log in await pager.collect()}


@pytest.mark.anyio
async def test_log_entries_that_nothing_counts(tmp_path: Path) -> None:
    """One that comes twice is all that tells of one that is left out."""
    async with world(tmp_path) as one:
        one.change = with_a_row_twice("/admins/activity_logs", at=0)
        assert (await one.sync("activity_logs")).is_complete
        assert one.rows("activity_logs").keys() == await logs(one)


@pytest.mark.anyio
@pytest.mark.parametrize("is_nightly", [False, True])
async def test_an_entry_that_comes_after_the_last_page_pushed_none(
    tmp_path: Path, *, is_nightly: bool
) -> None:
    async with world(tmp_path, latency_s=2.0) as one:
        entries, count = one.simulator.workspace.activity, 400 if is_nightly else 1_200
        if is_nightly:
            await one.sync("activity_logs")
            await anyio.sleep(DAY_S)
        now = int(CLOCK.unix())
        for number in range(count):
            made_at = now - 60 * number - 3_700
            entries.append(dict(entries[0], id=f"new{len(entries)}", created_at=made_at))
        every, came = await logs(one), False
        twice = with_a_row_twice("/admins/activity_logs", at=1)

        def change(request: Request, answer: Answer) -> Answer:
            nonlocal came
            answer = twice(request, answer)
            if "activity_logs" in request.url and isinstance(answer, Reply) and not came:
                body: dict[str, Any] = msgspec.json.decode(answer.body)
                pages: dict[str, Any] = body.get("pages") or {}
                came = not pages.get("next")
                if came:
                    # In a later second than that in which the page was asked for.
                    entries.append(dict(entries[0], id="last", created_at=int(CLOCK.unix())))
            return answer

        one.change = change
        assert (await one.sync("activity_logs")).is_complete
        assert came
        assert every <= one.rows("activity_logs").keys()


@pytest.mark.anyio
@pytest.mark.parametrize("options", [{"full": True}, {"reconcile": "now"}], ids=str)
async def test_log_entries_are_read_again_where_it_is_asked_for(
    options: dict[str, Any], tmp_path: Path
) -> None:
    async with world(tmp_path) as one:
        one.change = with_a_row_twice("/admins/activity_logs", at=0, lacks=True)
        await one.sync("activity_logs")
        one.change = None
        every = await logs(one)
        assert len(every - one.rows("activity_logs").keys()) == 1

        # Entries that the server keeps no longer stay.
        kept = one.simulator.workspace.activity
        gone = kept.pop()
        await anyio.sleep(DAY_S)
        assert (await one.sync("activity_logs", **options)).is_complete
        assert one.rows("activity_logs").keys() == every | {str(gone["id"])}


@pytest.mark.anyio
@pytest.mark.parametrize("every", [1, 3])
async def test_entries_that_come_while_logs_are_read_are_no_doubt(
    every: int, tmp_path: Path
) -> None:
    """They push rows to the next page, which come twice; none is missing."""
    async with world(tmp_path) as one:
        entries = one.simulator.workspace.activity
        calls = 0

        def add(at: int) -> None:
            entries.append(dict(entries[0], id=f"new{len(entries)}", created_at=at))

        def change(request: Request, answer: Answer) -> Answer:
            nonlocal calls
            if "activity_logs" in request.url:
                calls += 1
                if calls % every == 0:
                    add(int(CLOCK.unix()))
            return answer

        now = int(CLOCK.unix())
        for number in range(1_500):
            add(now - 60 * number)
        one.change = change
        for _ in range(2):
            report = await one.sync("activity_logs")
            assert report.is_complete
            assert report.calls <= 15
            await anyio.sleep(DAY_S / 2)
            now = int(CLOCK.unix())
            for number in range(1_500):
                add(now + number)
            await anyio.sleep(DAY_S / 2)

        one.change = None
        assert (await one.sync("activity_logs")).is_complete
        assert one.rows("activity_logs").keys() == {str(row["id"]) for row in entries}


def with_one_that_goes(
    one: World, stream: str, later: int, inner: Callable[[Request, Answer], Answer]
) -> Callable[[Request, Answer], Answer]:
    """Return what deletes a row of the first page once some more pages were read."""
    pages, first = -1, list[str]()

    def change(request: Request, answer: Answer) -> Answer:
        nonlocal pages
        changed = inner(request, answer)
        if isinstance(changed, Reply) and request.url.endswith("/search"):
            body: dict[str, Any] = msgspec.json.decode(changed.body)
            rows: list[Any] = body.get("data") or body.get(stream) or []
            if len(rows) >= 20:
                pages += 1
                first.extend(row["id"] for row in rows if not pages)
                if pages == later:
                    one.simulator.call("DELETE", f"/{stream}/{first[5]}")
        return changed

    return change


@pytest.mark.anyio
@pytest.mark.parametrize("page", [4, 8, 11])
async def test_a_row_that_goes_stands_for_none_that_a_cut_part_lacks(
    page: int, tmp_path: Path
) -> None:
    async with world(tmp_path, contacts=3_000, latency_s=0.5, app_per_minute=10_000) as one:
        lacking = with_a_row_twice("/contacts/search", at=page, lacks=True)
        one.change = with_one_that_goes(one, "contacts", page + 2, lacking)
        assert (await one.sync("contacts")).is_complete
        assert one.rows("contacts").keys() >= {*await one.truth("contacts")}


@pytest.mark.anyio
@pytest.mark.parametrize("later", [1, 2])
async def test_a_row_that_goes_during_changes_stands_for_none(later: int, tmp_path: Path) -> None:
    async with world(tmp_path, contacts=MANY) as one:
        await one.sync("contacts")
        await anyio.sleep(DAY_S)
        for key in await one.truth("contacts"):
            one.simulator.workspace.contacts.change(key)["updated_at"] = int(CLOCK.unix())
            await anyio.sleep(20)
        await anyio.sleep(3 * DAY_S)
        twice = with_a_row_twice("/contacts/search", at=1)
        one.change = with_one_that_goes(one, "contacts", later, twice)
        report = await one.sync("contacts")
        assert report.is_complete
        one.change = None
        found, truth = one.rows("contacts"), await one.truth("contacts")
        assert [key for key in truth if found[key]["updated_at"] != truth[key]["updated_at"]] == []


@pytest.mark.anyio
async def test_a_row_that_cannot_be_read_beside_one_that_comes_twice(tmp_path: Path) -> None:
    """It is one hole: what proves the changes meets it as well."""
    async with world(tmp_path, contacts=MANY) as one:
        await one.sync("contacts")
        await anyio.sleep(DAY_S / 2)
        keys = list(await one.truth("contacts"))
        for key in keys:
            one.simulator.workspace.contacts.change(key)["updated_at"] = int(CLOCK.unix())
            await anyio.sleep(20)
        one.simulator.quirks = Quirks(poison={keys[MANY // 2]: "error"})
        one.change = with_a_row_twice("/contacts/search", at=0)
        for _ in range(2):
            report = await one.sync("contacts", reconcile="never")
            (failure,) = report.failures
            assert failure.what.startswith("updated_at from ")
            assert report.calls <= 100
            await anyio.sleep(600)


@pytest.mark.anyio
@pytest.mark.parametrize("pages", range(1, 6))
async def test_a_reading_that_is_stopped_among_rows_of_one_moment(
    pages: int, tmp_path: Path
) -> None:
    """What it has read comes again behind the place where it goes on, instead of other rows."""
    async with world(tmp_path, conversations=MANY) as one:
        index = await imported(one, "conversations")
        answered, stop = searched(index), anyio.Event()
        came = 0

        def change(request: Request, answer: Answer) -> Answer:
            nonlocal came
            came += "search" in request.url
            if came > pages:
                stop.set()
            return answered(request, answer)

        one.change = change
        await one.sync("conversations", stop=stop)
        one.change = answered
        assert (await one.sync("conversations")).is_complete
        assert one.rows("conversations").keys() == {*await one.truth("conversations")}


def test_rows_count_once_a_reading_and_in_all() -> None:
    rows = DistinctRows()
    assert rows.take(["a", "b", "b"], 1) == 4
    assert rows.take(["a", "c"], 0) == 2
    assert (rows.count, rows.repeated, rows.united) == (4, 2, 4)
    rows.begin_again()
    assert (rows.count, rows.repeated, rows.united) == (0, 0, 4)
    assert rows.take(["a", "d"], 0) == 2
    assert (rows.count, rows.repeated, rows.united) == (2, 0, 5)


def test_what_a_stopped_run_has_read_counts_and_comes_again() -> None:
    rows = DistinctRows(3)
    assert rows.take(["c", "d"], 0, known={"c"}) == 1
    assert (rows.goes_on, rows.count, rows.repeated) == (True, 4, 1)
    rows.begin_again()
    assert (rows.goes_on, rows.count, rows.repeated) == (False, 0, 0)
