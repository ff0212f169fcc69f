"""Rows that cannot be read by id are searched by their ids until two readings show the same."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from intercom_async.sync import Ranged, Stream
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_earlier_times import KNOWN, SIZES, Shown, states, synced
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio


def without_id(name: str) -> Stream:
    """Return a stream of rows that cannot be read by their ids."""
    source = KNOWN[name].source
    assert isinstance(source, Ranged)
    return Stream(name, dataclasses.replace(source, get=None, deletions=None, embedded=()))


@asynccontextmanager
async def holding(name: str, folder: Path) -> AsyncGenerator[tuple[World, Stream, set[str]]]:
    """Sync a stream; a week later, give it with the keys of a row that is held."""
    stream = without_id(name)
    async with world(folder, **SIZES) as one:
        await synced(one, stream)
        keys = set(list(one.rows(name))[1:2])
        await anyio.sleep(8 * DAY_S)
        yield one, stream, keys


def asks_by_id(request: Request) -> bool:
    return b'"IN"' in (request.body or b"")


@pytest.mark.parametrize("options", [{}, {"full": True}, {"reconcile": "now"}], ids=str)
@pytest.mark.parametrize("name", ["contacts", "conversations", "tickets"])
async def test_content_of_an_earlier_time_is_taken(
    name: str, options: dict[str, Any], tmp_path: Path
) -> None:
    async with holding(name, tmp_path) as (one, stream, keys):
        shown = Shown(one, name, keys)
        report = await synced(one, stream, **options)
        again = await synced(one, stream, **options)

        assert report.is_complete
        assert again.is_complete
        assert states(one, name) == keys
        assert again.rows == 0
        assert not shown.by_id


async def test_an_older_answer_of_a_page_changes_nothing(tmp_path: Path) -> None:
    """A search by ids shows the row as it is held: the page was behind."""
    stream = without_id("contacts")
    async with world(tmp_path, **SIZES) as one:
        await synced(one, stream)
        await anyio.sleep(DAY_S)
        shown = Shown(one, "contacts", set(one.rows("contacts")))
        searched: list[Request] = []

        def change(request: Request, answer: Answer) -> Answer:
            searched.extend([request] * asks_by_id(request))
            return answer if asks_by_id(request) else shown.change(request, answer)

        one.change = change
        report = await synced(one, stream, reconcile="now")

        assert report.is_complete
        assert shown.lists
        assert len(searched) == 1
        assert states(one, "contacts") == set()


async def test_a_search_that_fails_leaves_them_named(tmp_path: Path) -> None:
    stream = without_id("contacts")
    async with world(tmp_path, **SIZES) as one:
        await synced(one, stream)
        keys = set(list(one.rows("contacts"))[1:2])
        await anyio.sleep(DAY_S)
        shown = Shown(one, "contacts", keys)

        def change(request: Request, answer: Answer) -> Answer:
            if asks_by_id(request):
                return Reply(400, {}, b'{"type":"error.list","errors":[{"code":"bad"}]}')
            return shown.change(request, answer)

        one.change = change
        report = await synced(one, stream, reconcile="now")
        assert {failure.what for failure in report.failures} == keys
        one.change = shown.change
        assert (await synced(one, stream)).is_complete
        assert states(one, "contacts") == keys


async def test_rows_with_lists_inside_them_are_named(tmp_path: Path) -> None:
    """A search does not tell whether their lists are whole: the whole stream is read again."""
    source = KNOWN["contacts"].source
    assert isinstance(source, Ranged)
    stream = Stream("contacts", dataclasses.replace(source, get=None, deletions=None))
    async with world(tmp_path, **SIZES) as one:
        await synced(one, stream)
        keys = set(list(one.rows("contacts"))[1:2])
        await anyio.sleep(DAY_S)
        Shown(one, "contacts", keys)
        report = await synced(one, stream, reconcile="now")
        assert [failure.what for failure in report.failures] == ["the list"]
        one.change = None
        assert (await synced(one, stream)).is_complete
