"""A list of deleted rows may name a row that came back, or that never went: a search tells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async.clock import CLOCK
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio


def naming(keys: dict[str, int | None]) -> Callable[[Request, Answer], Answer]:
    """Return what names more rows in lists of deleted ones, each with when it went or none."""

    def change(request: Request, answer: Answer) -> Answer:
        if "/deleted" not in request.url or not isinstance(answer, Reply):
            return answer
        body: Any = msgspec.json.decode(answer.body)
        name = "data" if "data" in body else "conversations"
        more = [
            {"id": key, "status": "archived", **({} if at is None else {"deleted_at": at})}
            for key, at in keys.items()
        ]
        body[name] = more + [row for row in body[name] if str(row["id"]) not in keys]
        body["total_count"] = len(body[name])
        return Reply(200, answer.headers, msgspec.json.encode(body))

    return change


@pytest.mark.parametrize("is_changed", [True, False])
@pytest.mark.parametrize("is_dated", [True, False])
@pytest.mark.parametrize("is_seen_gone", [True, False])
async def test_a_contact_that_came_back_stays(
    tmp_path: Path, *, is_changed: bool, is_dated: bool, is_seen_gone: bool
) -> None:
    """It stays although it is named each night, whether a run has seen it gone or not."""
    async with world(tmp_path, contacts=6) as one:
        await one.sync("contacts")
        key = next(iter(await one.truth("contacts")))
        one.simulator.call("POST", f"/contacts/{key}/archive")
        named = {key: int(CLOCK.unix()) if is_dated else None}
        if is_seen_gone:
            await anyio.sleep(DAY_S)
            await one.sync("contacts")
            assert key not in one.rows("contacts")
        await anyio.sleep(DAY_S / 2)
        one.simulator.call("POST", f"/contacts/{key}/unarchive")
        if is_changed:
            await one.intercom.contacts.update(key, name="back again")
        one.change = naming(named)
        for _ in range(3):
            await anyio.sleep(DAY_S)
            assert (await one.sync("contacts")).is_complete
            assert key in one.rows("contacts")
        assert await one.is_whole("contacts")


@pytest.mark.parametrize("is_dated", [True, False])
@pytest.mark.parametrize("stream", ["contacts", "conversations"])
async def test_a_row_that_is_named_and_found_stays(
    stream: str, tmp_path: Path, *, is_dated: bool
) -> None:
    """It has never gone: the list is wrong, and no run says complete without it."""
    async with world(tmp_path, contacts=6, conversations=6) as one:
        await one.sync(stream)
        key = next(iter(await one.truth(stream)))
        one.change = naming({key: int(CLOCK.unix()) + DAY_S // 2 if is_dated else None})
        for _ in range(3):
            await anyio.sleep(DAY_S)
            assert (await one.sync(stream)).is_complete
            assert key in one.rows(stream)


async def night(one: World, stream: str) -> int:
    """Return the calls of a night's run."""
    await anyio.sleep(DAY_S)
    report = await one.sync(stream)
    assert report.is_complete
    return report.calls


@pytest.mark.parametrize("stream", ["contacts", "conversations"])
async def test_what_has_gone_is_asked_for_once(stream: str, tmp_path: Path) -> None:
    """A page of rows costs one search; the nights after it ask for what went as for any row."""
    async with world(tmp_path, contacts=80, conversations=80) as one:
        await one.sync(stream)
        quiet = await night(one, stream)
        gone = list(await one.truth(stream))[:50]
        for key in gone:
            one.simulator.call("DELETE", f"/{stream}/{key}")
        assert await night(one, stream) == quiet + 1
        assert not one.rows(stream).keys() & set(gone)
        # What went lately is searched each night, in one call.
        assert [await night(one, stream) for _ in range(2)] == [quiet + 1, quiet + 1]


async def test_what_search_still_finds_goes_by_the_next_run(tmp_path: Path) -> None:
    """A search finds it for a while after it went: no run says that it had gone before H."""
    async with world(tmp_path, contacts=6) as one:
        await one.sync("contacts")
        await anyio.sleep(DAY_S)
        key = next(iter(await one.truth("contacts")))
        one.change = naming({key: None})
        await one.sync("contacts")
        assert key in one.rows("contacts")
        one.simulator.call("POST", f"/contacts/{key}/archive")
        await night(one, "contacts")

        assert key not in one.rows("contacts")


async def test_a_row_that_changed_as_it_went_is_asked_for(tmp_path: Path) -> None:
    """By the clock that dates what goes it went before its last change: the search tells."""
    async with world(tmp_path, conversations=6) as one:
        await one.sync("conversations")
        key = next(iter(await one.truth("conversations")))
        await anyio.sleep(DAY_S)
        one.simulator.call("PUT", f"/conversations/{key}", {"title": "changed"})
        await one.sync("conversations")
        one.simulator.call("DELETE", f"/conversations/{key}")
        one.change = naming({key: int(CLOCK.unix()) - 60})
        await night(one, "conversations")

        assert key not in one.rows("conversations")
