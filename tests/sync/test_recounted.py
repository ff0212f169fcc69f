"""A part brings the rows that were counted before it was read, whatever its own answers count."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import msgspec
import pytest

from intercom_async.sync import plan
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import Answer, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

FIRST, AGAIN = 1, 3
"""Searches of a first run: 0 counts its rows, 1 reads them, 2 counts them again, 3 reads again."""


def with_rows(count: int, at: Collection[int]) -> Callable[[Request, Answer], Answer]:
    """Return what lets some searches bring and count no more than some rows."""
    searches = -1

    def change(request: Request, answer: Answer) -> Answer:
        nonlocal searches
        if not isinstance(answer, Reply) or not request.url.endswith("/search"):
            return answer
        searches += 1
        if searches not in at:
            return answer
        body: dict[str, Any] = msgspec.json.decode(answer.body)
        (name,) = {"data", "conversations"} & body.keys()
        body |= {name: body[name][:count], "total_count": count}
        body["pages"] = dict(body["pages"], next=None, total_pages=1)
        return Reply(answer.status, answer.headers, msgspec.json.encode(body))

    return change


@pytest.mark.parametrize("count", [0, 3])
@pytest.mark.parametrize("stream", ["contacts", "conversations"])
async def test_one_answer_that_lacks_rows_and_does_not_count_them(
    stream: str, count: int, tmp_path: Path
) -> None:
    async with world(tmp_path, contacts=20, conversations=20) as one:
        one.change = with_rows(count, {FIRST})
        report = await one.sync(stream)

        assert report.is_complete
        assert one.rows(stream).keys() == {*await one.truth(stream)}


@pytest.mark.parametrize("count", [0, 3])
async def test_rows_that_are_counted_and_never_come_are_a_hole(count: int, tmp_path: Path) -> None:
    async with world(tmp_path, conversations=20) as one:
        one.change = with_rows(count, {FIRST, AGAIN})
        report = await one.sync("conversations")
        assert report.exit_code == 3
        (failure,) = report.failures
        assert failure.reason == f"20 rows were counted, and {count} came"

        one.change = None
        assert (await one.sync("conversations")).is_complete
        assert one.rows("conversations").keys() == {*await one.truth("conversations")}


async def test_rows_that_have_gone_since_cost_few_calls(tmp_path: Path) -> None:
    async with world(tmp_path, conversations=20) as one:
        gone = next(iter(await one.truth("conversations")))
        searches = 0

        def change(request: Request, answer: Answer) -> Answer:
            nonlocal searches
            if request.url.endswith("/search"):
                searches += 1
                if searches == 1:
                    one.simulator.call("DELETE", f"/conversations/{gone}")
            return answer

        one.change = change
        report = await one.sync("conversations")
        assert report.is_complete
        assert one.rows("conversations").keys() == {*await one.truth("conversations")}
        # One counts, one reads, one counts again, and one reads what has changed meanwhile. As one
        # row is missing, one counts where there is none, and one counts all.
        assert searches == 6


async def test_a_part_that_was_cut_off_another_one_is_not_counted_again(tmp_path: Path) -> None:
    """What is expected of it is half of what was left, which is no count."""
    async with world(tmp_path, contacts=3_000, latency_s=0.5, app_per_minute=10_000) as one:
        read: set[str] = set()
        again: list[str] = []

        def change(request: Request, answer: Answer) -> Answer:
            if request.url.endswith("/contacts/search"):
                asked: dict[str, Any] = msgspec.json.decode(request.body or b"{}")
                query = str(asked["query"])
                if asked["pagination"]["per_page"] > 1:
                    read.add(query)
                elif query in read:
                    again.append(query)
            return answer

        one.change = change
        report = await one.sync("contacts")
        assert report.is_complete
        planned = (await plan(one.intercom, ["contacts"])).streams[0].parts
        assert len(read) > len(planned or ()) + 1, "no part was cut off another one"
        assert not again


@pytest.mark.parametrize("readings", [1, 2, 3])
async def test_rows_that_go_during_each_reading_are_no_hole(readings: int, tmp_path: Path) -> None:
    """The first of two pages counts a row that has gone before the second one is asked for."""
    async with world(tmp_path, conversations=160) as one:
        keys = list(await one.truth("conversations"))
        gone: list[str] = []

        def change(request: Request, answer: Answer) -> Answer:
            body: Any = msgspec.json.decode(answer.body) if isinstance(answer, Reply) else {}
            is_first = len(body.get("conversations", ())) == 150
            if request.url.endswith("/search") and is_first and len(gone) < readings:
                gone.append(keys[-1 - len(gone)])
                one.simulator.call("DELETE", f"/conversations/{gone[-1]}")
            return answer

        one.change = change
        report = await one.sync("conversations")

        assert len(gone) == readings
        assert report.is_complete, report.failures


async def test_a_count_that_is_one_too_high_costs_a_second_reading(tmp_path: Path) -> None:
    """Nothing moves: a third reading would bring the same."""
    async with world(tmp_path, conversations=1_500) as one:
        planned = (await plan(one.intercom, ["conversations"])).streams[0].calls or 0

        def change(request: Request, answer: Answer) -> Answer:
            if not request.url.endswith("/search") or not isinstance(answer, Reply):
                return answer
            body: Any = msgspec.json.decode(answer.body)
            size = msgspec.json.decode(request.body or b"")["pagination"]["per_page"]
            body["total_count"] += size > 1 and body["total_count"] > 0
            return Reply(answer.status, answer.headers, msgspec.json.encode(body))

        one.change = change
        report = await one.sync("conversations")

        assert report.exit_code == 3
        assert report.calls < 3 * planned
