"""A row whose time of change goes back with new content is read by its id, or from two readings."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async.sync import STREAMS, JsonlSink, Listing, Report, Stream, sync
from intercom_async.sync.doubtful_rows import MOST_BY_ID
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

BACK_S = 1_000
SIZES = {"contacts": 4, "conversations": 4, "companies": 4, "tickets": 4}
KNOWN = {stream.name: stream for stream in STREAMS}
LISTED = KNOWN["companies"].source
assert isinstance(LISTED, Listing)
WITHOUT_ID = Stream("companies", dataclasses.replace(LISTED, get=None))
"""Companies that cannot be read by their ids."""


class Shown:
    """What answers show of some rows.

    Args:
        one: The workspace.
        stream: Which rows.
        keys: Those whose time has gone back.
    """

    def __init__(self, one: World, stream: str, keys: set[str]) -> None:
        self.stream = stream
        self.keys = keys
        self.by_id: list[str] = []
        """Those that were read by their ids."""
        self.lists = 0
        self.is_shown: Callable[[bool], bool] = lambda _: True
        """Say whether an answer shows the earlier state: to a read by id, or of a page."""
        one.change = self.change

    def change(self, request: Request, answer: Answer) -> Answer:
        if not isinstance(answer, Reply) or answer.status != 200 or self.stream not in request.url:
            return answer
        body: dict[str, Any] = msgspec.json.decode(answer.body)
        name = next((name for name in ("data", self.stream) if name in body), None)
        rows: list[dict[str, Any]] = [body] if name is None else body[name]
        by_id = name is None
        self.lists += not by_id
        self.by_id.extend([str(body.get("id"))] * by_id)
        for row in rows if self.is_shown(by_id) else ():
            if row.get("id") in self.keys:
                row["updated_at"] -= BACK_S
                row["custom_attributes"] = {"state": "other"}
        return Reply(answer.status, answer.headers, msgspec.json.encode(body))


def states(one: World, stream: str) -> set[str]:
    """Return the keys of the rows of which the target has the other content."""
    rows = one.rows(stream).items()
    return {key for key, row in rows if row.get("custom_attributes") == {"state": "other"}}


async def synced(one: World, stream: Stream, **options: Any) -> Report:
    sink = JsonlSink(one.folder / "target", inline=True)
    return await sync(one.intercom, [stream], sink=sink, **options)


@pytest.mark.parametrize("options", [{}, {"full": True}, {"reconcile": "now"}], ids=str)
@pytest.mark.parametrize(
    "stream",
    [*(KNOWN[name] for name in SIZES), WITHOUT_ID],
    ids=[*SIZES, "companies without a read by id"],
)
async def test_content_of_an_earlier_time_is_taken(
    stream: Stream, options: dict[str, Any], tmp_path: Path
) -> None:
    """A record was restored: a call more, or a reading of the list."""
    name = stream.name
    async with world(tmp_path, **SIZES) as one:
        await synced(one, stream)
        keys = set(list(one.rows(name))[1:2])
        await anyio.sleep(8 * DAY_S)  # the row has not changed lately: a sweep meets it
        shown = Shown(one, name, keys)
        report = await synced(one, stream, **options)
        lists, by_id = shown.lists, len(shown.by_id)
        again = await synced(one, stream, **options)

        assert report.is_complete
        assert again.is_complete
        assert states(one, name) == keys
        assert again.rows == 0 or name == "conversations"
        assert by_id == (0 if stream is WITHOUT_ID else 1)
        assert stream is not WITHOUT_ID or lists == 2


@pytest.mark.parametrize(
    "stream",
    [KNOWN["contacts"], KNOWN["companies"], WITHOUT_ID],
    ids=["contacts", "companies", "companies without a read by id"],
)
async def test_an_older_answer_of_a_page_changes_nothing(stream: Stream, tmp_path: Path) -> None:
    """An index, or one of two servers, is behind: the row stays as it was read last."""
    name = stream.name
    async with world(tmp_path, **SIZES) as one:
        await synced(one, stream)
        await anyio.sleep(DAY_S)
        shown = Shown(one, name, set(await one.truth(name)))
        shown.is_shown = lambda by_id: not by_id and (name == "contacts" or shown.lists == 1)
        report = await synced(one, stream, reconcile="now")
        one.change = None
        taken = states(one, name)
        again = await synced(one, stream)

        assert shown.lists >= 1
        assert report.is_complete
        assert again.is_complete
        assert taken == set()
        assert await one.is_whole(name)


async def test_pages_far_behind_do_not_cost_a_call_for_each_row(tmp_path: Path) -> None:
    """What is not read by its id is named, until a sweep has met it as it is."""
    async with world(tmp_path, contacts=MOST_BY_ID + 60) as one:
        await one.sync("contacts")
        await anyio.sleep(DAY_S)
        shown = Shown(one, "contacts", set(await one.truth("contacts")))
        shown.is_shown = lambda by_id: not by_id
        behind = await one.sync("contacts", reconcile="now")
        one.change = None
        after = await one.sync("contacts", reconcile="never")

        assert len(shown.by_id) == MOST_BY_ID
        assert [failure.what for failure in behind.failures] == ["the list"]
        assert "went back" in behind.failures[0].reason
        assert after.is_complete
        assert await one.is_whole("contacts")


async def test_a_night_takes_what_a_second_server_has_changed(tmp_path: Path) -> None:
    """Its clock is behind that of the one that made the change before."""
    async with world(tmp_path, conversations=3) as one:
        await one.sync("conversations")
        key = next(iter(await one.truth("conversations")))
        await anyio.sleep(DAY_S)
        await one.intercom.conversations.update(key, title="first")

        def ahead(request: Request, answer: Answer) -> Answer:
            if not isinstance(answer, Reply) or "/conversations" not in request.url:
                return answer
            body: dict[str, Any] = msgspec.json.decode(answer.body)
            for row in body.get("conversations", [body]):
                if row.get("id") == key:
                    row["updated_at"] += 5
            return Reply(answer.status, answer.headers, msgspec.json.encode(body))

        one.change = ahead
        await one.sync("conversations", reconcile="never")
        one.change = None
        assert one.rows("conversations")[key]["title"] == "first"
        await anyio.sleep(3)
        await one.intercom.conversations.update(key, title="second")
        await anyio.sleep(DAY_S)
        report = await one.sync("conversations", reconcile="never")

        assert report.is_complete
        assert one.rows("conversations")[key]["title"] == "second"


async def test_parts_are_read_again_when_the_time_goes_back(tmp_path: Path) -> None:
    """They are of another version of their conversation, though of an earlier time."""
    async with world(tmp_path, conversations=3) as one:
        names = ("conversations", "conversation_parts")
        await one.sync(*names)
        key = next(iter(await one.truth("conversations")))
        await anyio.sleep(DAY_S)
        shown = Shown(one, "conversations", {key})
        report = await one.sync(*names, reconcile="now")

        assert report.is_complete
        assert shown.by_id == [key, key]
        shown.by_id.clear()
        assert (await one.sync(*names, reconcile="now")).is_complete
        assert shown.by_id == []
