"""A time of change that is still to come is believed once it was read twice."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async.sync import STREAMS, JsonlSink, Ranged, Stream, sync
from intercom_async.sync.doubtful_rows import MOST_BY_ID
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

AHEAD_S = 2 * 365 * DAY_S
"""Longer than the oldest row is old; the margins of a clock grow with the years that it idles."""
ROWS = MOST_BY_ID + 60


def ahead(calls: list[str], *, by_id: bool) -> Callable[[Request, Answer], Answer]:
    """Return what lets rows say that they changed on a day to come: in lists, or by id as well.

    Args:
        calls: Takes the paths of reads by id.
        by_id: Whether a read by id says the same.
    """

    def moved(row: dict[str, Any]) -> dict[str, Any]:
        return row | {"updated_at": row["updated_at"] + AHEAD_S}

    def change(request: Request, answer: Answer) -> Answer:
        path = request.url.removeprefix("https://api.intercom.io")
        is_search = path.endswith("/search")
        is_one = request.method == "GET" and path.count("/") == 2 and "/deleted" not in path
        calls.extend([path] * is_one)
        if not isinstance(answer, Reply) or answer.status != 200 or not (is_search or is_one):
            return answer
        body: dict[str, Any] = msgspec.json.decode(answer.body)
        if is_search:
            name = next(name for name in ("data", "conversations", "tickets") if name in body)
            body[name] = [moved(row) for row in body[name]]
        elif by_id:
            body = moved(body)
        return Reply(answer.status, answer.headers, msgspec.json.encode(body))

    return change


def times(one: World, stream: str) -> dict[str, int]:
    return {key: row["updated_at"] for key, row in one.rows(stream).items()}


def true_times(one: World, stream: str) -> dict[str, int]:
    answers = {key: one.simulator.call("GET", f"/{stream}/{key}") for key in one.rows(stream)}
    return {key: answer["updated_at"] for key, answer in answers.items()}


@pytest.mark.parametrize("stream", ["contacts", "conversations", "tickets"])
async def test_a_time_to_come_of_a_list_is_read_by_id(stream: str, tmp_path: Path) -> None:
    """What is in the target is right at once, and stays so when the moment has passed."""
    async with world(tmp_path, contacts=3, conversations=3, tickets=3) as one:
        calls: list[str] = []
        one.change = ahead(calls, by_id=False)
        report = await one.sync(stream, reconcile="never")
        one.change = None

        assert report.is_complete
        assert len(calls) == len(one.rows(stream)) == 3
        assert times(one, stream) == true_times(one, stream)
        await anyio.sleep(AHEAD_S + DAY_S)
        await one.sync(stream, reconcile="never")
        assert times(one, stream) == true_times(one, stream)


async def test_a_time_to_come_that_is_said_twice_is_kept(tmp_path: Path) -> None:
    async with world(tmp_path, conversations=3) as one:
        calls: list[str] = []
        one.change = ahead(calls, by_id=True)
        first = await one.sync("conversations")
        truth = true_times(one, "conversations")
        read = len(calls)
        second = await one.sync("conversations")

        assert first.is_complete
        assert second.is_complete
        assert times(one, "conversations") == {key: at + AHEAD_S for key, at in truth.items()}
        assert read == len(calls) == len(truth)


@pytest.mark.parametrize(("stream", "again"), [("contacts", 0), ("conversations", MOST_BY_ID)])
async def test_many_times_to_come_cost_no_call_each(
    stream: str, again: int, tmp_path: Path
) -> None:
    """Where all rows have one, as by a clock that is wrong, a sweep reads them once more.

    A conversation that is read by its id shows more than in a list: there, it has changed again.
    """
    async with world(tmp_path, contacts=ROWS, conversations=ROWS) as one:
        calls: list[str] = []
        one.change = ahead(calls, by_id=True)
        first = await one.sync(stream)
        read = len(calls)
        second = await one.sync(stream, reconcile="never")

        assert not first.is_complete
        assert [failure.what for failure in first.failures] == ["the list"]
        assert "still to come" in first.failures[0].reason
        assert read == MOST_BY_ID
        assert len(calls) == read + again
        assert second.is_complete


async def test_times_to_come_of_rows_without_ids_are_swept(tmp_path: Path) -> None:
    """A stream that cannot be read by id is read whole once more by the next run."""
    known = next(stream for stream in STREAMS if stream.name == "conversations")
    assert isinstance(known.source, Ranged)
    stream = Stream("conversations", dataclasses.replace(known.source, get=None))
    async with world(tmp_path, conversations=3) as one:

        async def synced() -> bool:
            sink = JsonlSink(tmp_path / "target", inline=True)
            report = await sync(one.intercom, [stream], sink=sink, reconcile="never")
            return report.is_complete

        one.change = ahead([], by_id=False)
        assert not await synced()
        one.change = None
        assert await synced()
        assert times(one, "conversations") == true_times(one, "conversations")
