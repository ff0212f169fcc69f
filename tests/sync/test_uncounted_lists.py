"""Lists that say no count and come empty: two agreeing readings show that they have no rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anyio
import msgspec
import pytest

from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

UNCOUNTED = {
    "tags": b'{"type":"list","data":[]}',
    "segments": b'{"type":"segment.list","segments":[]}',
    "admins": b'{"type":"admin.list","admins":[]}',
    "teams": b'{"type":"team.list","teams":[]}',
    "data_attributes": b'{"type":"list","data":[]}',
    "subscription_types": b'{"type":"list","data":[]}',
}


def empty_at_first(stream: str, times: int) -> Callable[[Request, Answer], Answer]:
    """Return what lets the first readings of a list come empty."""
    left = [times]

    def change(request: Request, answer: Answer) -> Answer:
        path = request.url.removeprefix("https://api.intercom.io").partition("?")[0]
        if path != f"/{stream}" or not left[0]:
            return answer
        left[0] -= 1
        return Reply(200, {"Content-Type": "application/json"}, UNCOUNTED[stream])

    return change


def listed(one: World, stream: str) -> set[str]:
    answer = one.simulator.call("GET", f"/{stream}")
    return {str(row["id"]) for row in answer.get("data") or answer[stream]}


@pytest.mark.parametrize("stream", UNCOUNTED)
async def test_a_first_list_that_comes_empty_once_is_read_again(
    stream: str, tmp_path: Path
) -> None:
    async with world(tmp_path, contacts=3) as one:
        there = listed(one, stream)
        one.change = empty_at_first(stream, 1)
        report = await one.sync(stream)

        assert there
        assert report.is_complete, report.failures
        assert len(one.rows(stream)) == len(there)


async def test_an_empty_list_is_read_twice_by_later_runs_too(tmp_path: Path) -> None:
    """A target without rows cannot tell that any are missing."""
    async with world(tmp_path, contacts=3) as one:
        for key in listed(one, "tags"):
            one.simulator.call("DELETE", f"/tags/{key}")
        assert (await one.sync("tags")).is_complete
        assert one.rows("tags") == {}
        made = one.simulator.call("POST", "/tags", {"name": "VIP"})
        await anyio.sleep(DAY_S)
        one.change = empty_at_first("tags", 1)
        report = await one.sync("tags")

        assert report.is_complete, report.failures
        assert [*one.rows("tags")] == [made["id"]]


def null_at_first(stream: str, times: int) -> Callable[[Request, Answer], Answer]:
    """Return what lets null stand in place of the rows of the first readings of a list."""
    left = [times]

    def change(request: Request, answer: Answer) -> Answer:
        path = request.url.removeprefix("https://api.intercom.io").partition("?")[0]
        if path != f"/{stream}" or not left[0]:
            return answer
        left[0] -= 1
        body = UNCOUNTED[stream].replace(b"[]", b"null")
        return Reply(200, {"Content-Type": "application/json"}, body)

    return change


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("stream", UNCOUNTED)
async def test_null_in_place_of_a_list_is_no_empty_list(
    stream: str, *, is_first: bool, tmp_path: Path
) -> None:
    async with world(tmp_path, contacts=3) as one:
        if not is_first:
            await one.sync(stream)
        there = len(listed(one, stream))
        one.change = null_at_first(stream, 2)
        report = await one.sync(stream)
        assert report.is_complete, report.failures
        assert len(one.rows(stream)) == there

        one.change = null_at_first(stream, 99)
        report = await one.sync(stream)
        assert [failure.what for failure in report.failures] == ["the list"]
        assert len(one.rows(stream)) == there


@pytest.mark.parametrize("times", [1, 3, 999])
async def test_null_in_place_of_the_rows_of_a_search_is_no_empty_answer(
    times: int, tmp_path: Path
) -> None:
    async with world(tmp_path, contacts=20) as one:
        left = times

        def change(request: Request, answer: Answer) -> Answer:
            nonlocal left
            if not request.url.endswith("/contacts/search") or not left:
                return answer
            left -= 1
            body = b'{"type":"list","data":null,"total_count":0,"pages":{"type":"pages"}}'
            return Reply(200, {"Content-Type": "application/json"}, body)

        one.change = change
        report = await one.sync("contacts")
        assert report.is_complete is (times < 999), report.failures
        one.change = None
        assert times < 999 or (await one.sync("contacts")).is_complete
        assert one.rows("contacts").keys() == {*await one.truth("contacts")}


def without(stream: str, keys: set[str]) -> Callable[[Request, Answer], Answer]:
    """Return what leaves rows out of a list."""

    def change(request: Request, answer: Answer) -> Answer:
        path = request.url.removeprefix("https://api.intercom.io").partition("?")[0]
        if path != f"/{stream}" or not isinstance(answer, Reply):
            return answer
        body = msgspec.json.decode(answer.body)
        name = "data" if "data" in body else stream
        body[name] = [row for row in body[name] if str(row["id"]) not in keys]
        return Reply(200, answer.headers, msgspec.json.encode(body))

    return change


async def test_what_leaves_out_rows_that_are_there_may_leave_out_new_ones(tmp_path: Path) -> None:
    """A row that is known is named by its id; of others, nothing but the list is known."""
    async with world(tmp_path, contacts=3) as one:
        assert (await one.sync("tags")).is_complete
        known = min(one.rows("tags"))
        made = one.simulator.call("POST", "/tags", {"name": "VIP"})
        for _ in range(2):
            await anyio.sleep(DAY_S)
            one.change = without("tags", {known, made["id"]})
            report = await one.sync("tags")
            assert {failure.what for failure in report.failures} == {known, "the list"}
            assert report.exit_code == 3

        one.change = None
        assert (await one.sync("tags")).is_complete
        assert made["id"] in one.rows("tags")
