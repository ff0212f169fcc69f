"""Rows that cannot be read by their ids go once two sweeps and a search by ids leave them out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_earlier_times import SIZES, synced
from .test_searched_again import asks_by_id, holding, without_id
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio


Change = Callable[[Request, Answer], Answer]


def hides(keys: set[str], *, of_searches_by_id: bool) -> Change:
    """Return what leaves rows out of answers: of pages, or also of searches by ids."""

    def change(request: Request, answer: Answer) -> Answer:
        is_by_id = asks_by_id(request) and not of_searches_by_id
        if not isinstance(answer, Reply) or "/search" not in request.url or is_by_id:
            return answer
        body: dict[str, Any] = msgspec.json.decode(answer.body)
        name = next(name for name in ("data", "conversations", "tickets") if name in body)
        rows = [row for row in body[name] if row["id"] not in keys]
        body["total_count"] = max(0, body["total_count"] - len(keys))
        body[name] = rows
        return Reply(answer.status, answer.headers, msgspec.json.encode(body))

    return change


def refusing(status: int, otherwise: Change) -> Change:
    """Return what refuses searches by ids, and changes all other answers in another way."""

    def change(request: Request, answer: Answer) -> Answer:
        if asks_by_id(request):
            return Reply(status, {}, b'{"type":"error.list","errors":[{"code":"bad"}]}')
        return otherwise(request, answer)

    return change


def stones(one: World) -> list[tuple[str, str, str]]:
    rows = one.rows("tombstones").values()
    return [(row["record_id"], row["reason"], row["evidence"]) for row in rows]


@pytest.mark.parametrize("options", [{}, {"full": True}, {"reconcile": "now"}], ids=str)
@pytest.mark.parametrize("name", ["contacts", "conversations", "tickets"])
async def test_a_deleted_row_goes_in_the_run_that_misses_it(
    name: str, options: dict[str, Any], tmp_path: Path
) -> None:
    async with holding(name, tmp_path) as (one, stream, keys):
        for key in keys:
            one.simulator.call("DELETE", f"/{name}/{key}")
        report = await synced(one, stream, **options)
        again = await synced(one, stream, **options)

        assert report.is_complete
        assert report.streams[0].removed == 1
        assert not keys & one.rows(name).keys()
        assert stones(one) == [(*keys, "deleted", "two sweeps and a search by id")]
        assert again.is_complete


async def test_a_row_that_was_a_suspect_is_none_when_it_goes(tmp_path: Path) -> None:
    """A search that failed has left it named."""
    async with holding("contacts", tmp_path) as (one, stream, keys):
        hide = hides(keys, of_searches_by_id=True)
        one.change = refusing(422, hide)
        report = await synced(one, stream, reconcile="now")
        assert {failure.what for failure in report.failures} == keys
        assert keys <= one.rows("contacts").keys()
        one.change = hide
        assert (await synced(one, stream, reconcile="now")).is_complete
        assert not keys & one.rows("contacts").keys()
        one.change = None
        assert (await synced(one, stream, reconcile="now")).is_complete
        assert keys <= one.rows("contacts").keys()


async def test_where_ids_cannot_be_searched_two_sweeps_decide(tmp_path: Path) -> None:
    async with holding("contacts", tmp_path) as (one, stream, keys):
        one.change = refusing(400, hides(keys, of_searches_by_id=True))
        assert (await synced(one, stream, reconcile="now")).is_complete
        assert stones(one) == [(*keys, "deleted", "two sweeps")]


async def test_where_ids_cannot_be_searched_one_sweep_proves_nothing(tmp_path: Path) -> None:
    async with holding("contacts", tmp_path) as (one, stream, keys):
        hide, first = hides(keys, of_searches_by_id=True), list[Request]()

        def once(request: Request, answer: Answer) -> Answer:
            if first:
                return answer
            first.extend([request] * (b'"per_page":150' in (request.body or b"")))
            return hide(request, answer)

        one.change = refusing(400, once)
        assert (await synced(one, stream, reconcile="now")).is_complete
        assert first
        assert keys <= one.rows("contacts").keys()


async def test_what_one_sweep_or_the_search_finds_stays(tmp_path: Path) -> None:
    async with holding("contacts", tmp_path) as (one, stream, keys):
        one.change = hides(keys, of_searches_by_id=False)
        assert (await synced(one, stream, reconcile="now")).is_complete
        assert keys <= one.rows("contacts").keys()


async def test_what_has_just_changed_is_a_suspect_for_a_run(tmp_path: Path) -> None:
    """A search may lag: it goes once it would have to be found."""
    stream = without_id("contacts")
    async with world(tmp_path, **SIZES) as one:
        key = next(iter(await one.truth("contacts")))
        await anyio.sleep(DAY_S)
        await one.intercom.contacts.update(key, name="changed")
        await synced(one, stream)
        one.change = hides({key}, of_searches_by_id=True)
        report = await synced(one, stream, reconcile="now")
        assert [failure.what for failure in report.failures] == [key]
        await anyio.sleep(DAY_S)
        assert (await synced(one, stream, reconcile="now")).is_complete
        assert key not in one.rows("contacts")
