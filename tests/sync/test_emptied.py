"""Streams of which all rows have gone, more than are read one by one in doubt."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from intercom_async.sync import Report
from intercom_async.sync.reconcile import MANY
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

ROWS = MANY + 30
STREAMS = ("contacts", "conversations", "tickets", "tags")
LISTS = ("/contacts/search", "/conversations/search", "/tickets/search", "/tags")


@asynccontextmanager
async def full(folder: Path, stream: str) -> AsyncGenerator[World]:
    """Give a workspace with many rows of one stream, and with a few contacts."""
    sizes = {"contacts": 3} | ({} if stream == "tags" else {stream: ROWS})
    async with world(folder, **sizes) as one:
        for number in range(ROWS if stream == "tags" else 0):
            one.simulator.call("POST", "/tags", {"name": f"tag {number}"})
        yield one


async def synced(one: World, stream: str) -> Report:
    return await one.sync(stream, lookback_s=0, reconcile="now")


def without_rows(request: Request, answer: Answer) -> Answer:
    """Let lists and searches come empty."""
    path = request.url.partition("?")[0]
    if not path.endswith(LISTS):
        return answer
    name = path.split("/")[3]
    key = name.encode() if name in ("conversations", "tickets") else b"data"
    body = b'{"type":"list","%b":[],"total_count":0,"pages":{}}' % key
    return Reply(200, {"Content-Type": "application/json"}, body)


def without_search(request: Request, answer: Answer) -> Answer:
    """Let searches fail."""
    return Reply(500, {}, b"{}") if request.url.endswith("/search") else answer


@pytest.mark.parametrize("stream", STREAMS)
async def test_a_stream_of_which_all_has_gone_is_known(tmp_path: Path, stream: str) -> None:
    """A read by id proves it of each row; a hole would be named by each run, for good."""
    async with full(tmp_path, stream) as one:
        assert (await synced(one, stream)).is_complete
        for key in one.rows(stream):
            one.simulator.call("DELETE", f"/{stream}/{key}")
        report = await synced(one, stream)

        assert report.is_complete, report.failures
        assert one.rows(stream) == {}


async def test_all_contacts_are_known_to_be_archived_once_a_search_finds_another(
    tmp_path: Path,
) -> None:
    """An archived contact can be read by its id: until then, the search may be at fault."""
    async with full(tmp_path, "contacts") as one:
        await synced(one, "contacts")
        rows = one.rows("contacts")
        for key in rows:
            one.simulator.call("POST", f"/contacts/{key}/archive")
        await anyio.sleep(60)
        named = await synced(one, "contacts")
        assert "the list" in {failure.what for failure in named.failures}
        assert one.rows("contacts").keys() == rows.keys()
        made = one.simulator.call("POST", "/contacts", {"email": "ada@example.com"})
        await anyio.sleep(60)
        healed = await synced(one, "contacts")

        assert healed.is_complete, healed.failures
        assert [*one.rows("contacts")] == [made["id"]]


@pytest.mark.parametrize("stream", STREAMS)
async def test_lists_that_come_empty_cost_few_calls_and_no_row(tmp_path: Path, stream: str) -> None:
    async with full(tmp_path, stream) as one:
        await synced(one, stream)
        rows = one.rows(stream)
        one.change = without_rows
        await anyio.sleep(60)
        failed = await synced(one, stream)
        one.change = None
        assert failed.exit_code == 3
        assert failed.calls < MANY + 40
        assert one.rows(stream).keys() == rows.keys()
        healed = await synced(one, stream)

        assert healed.is_complete, healed.failures
        assert one.rows(stream).keys() == rows.keys()


async def test_a_stream_that_was_refused_and_has_emptied_since_is_healed(tmp_path: Path) -> None:
    """No search finds a change then: the sweep that proves it shows that nothing refuses it."""
    async with full(tmp_path, "tickets") as one:
        await one.sync("tickets")
        one.change = without_search
        refused = await one.sync("tickets", reconcile="never")
        one.change = None
        assert [failure.what for failure in refused.failures] == ["all of it"]
        for key in one.rows("tickets"):
            one.simulator.call("DELETE", f"/tickets/{key}")
        await anyio.sleep(2 * DAY_S)
        healed = await one.sync("tickets", reconcile="never")

        assert healed.is_complete, healed.failures
        assert one.rows("tickets") == {}
