"""A row that went by wrong evidence, and has not changed since, is asked for and returns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async.sync.loading import ASKED_ROWS
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio


def naming(wrong: str) -> Callable[[Request, Answer], Answer]:
    """Return what names another row in the list of deleted conversations, beside those in it.

    A search by ids does not find it either.
    """

    def change(request: Request, answer: Answer) -> Answer:
        if b'"IN"' in (request.body or b"") and isinstance(answer, Reply):
            found: Any = msgspec.json.decode(answer.body)
            rows = [row for row in found["conversations"] if row["id"] != wrong]
            found |= {"conversations": rows, "total_count": len(rows)}
            return Reply(200, answer.headers, msgspec.json.encode(found))
        if "/conversations/deleted" not in request.url or not isinstance(answer, Reply):
            return answer
        body: Any = msgspec.json.decode(answer.body)
        body["conversations"] += [{**row, "id": wrong} for row in body["conversations"]]
        return Reply(200, answer.headers, msgspec.json.encode(body))

    return change


async def let_go_wrongly(one: World, **options: Any) -> tuple[str, str]:
    """Let a list name a row as deleted that is there; return its key, and that of one that went."""
    await one.sync("conversations")
    wrong, gone = list(await one.truth("conversations"))[:2]
    one.simulator.call("DELETE", f"/conversations/{gone}")
    await anyio.sleep(DAY_S)
    one.change = naming(wrong)
    await one.sync("conversations", **options)
    assert wrong not in one.rows("conversations")
    one.change = None
    return wrong, gone


async def test_a_row_that_went_by_wrong_evidence_returns(tmp_path: Path) -> None:
    """The list of deleted rows names one that is there, once; the row does not change."""
    async with world(tmp_path, conversations=6) as one:
        wrong, gone = await let_go_wrongly(one)
        await anyio.sleep(DAY_S)
        report = await one.sync("conversations")

        assert report.is_complete
        assert wrong in one.rows("conversations")
        assert gone not in one.rows("conversations")


async def test_a_row_returns_as_long_as_no_sweep_has_to_have_met_it(tmp_path: Path) -> None:
    """With a month between two sweeps, a row that went wrongly is asked for in all of it."""
    month_s = 30 * DAY_S
    async with world(tmp_path, conversations=6) as one:
        await let_go_wrongly(one, reconcile_within_s=month_s)
        await anyio.sleep(20 * DAY_S)
        assert (await one.sync("conversations", reconcile_within_s=month_s)).is_complete

        assert one.rows("conversations").keys() == (await one.truth("conversations")).keys()


async def test_of_many_rows_that_went_the_latest_are_asked_for(tmp_path: Path) -> None:
    """A page of them is asked for, whatever their ids are."""
    async with world(tmp_path, conversations=ASKED_ROWS + 6) as one:
        await one.sync("conversations")
        *others, wrong = sorted(await one.truth("conversations"))
        for key in others[:ASKED_ROWS]:
            one.simulator.call("DELETE", f"/conversations/{key}")
        await anyio.sleep(DAY_S)
        await one.sync("conversations")

        await anyio.sleep(DAY_S)
        one.change = naming(wrong)
        await one.sync("conversations")
        assert wrong not in one.rows("conversations")
        one.change = None
        await anyio.sleep(DAY_S)
        await one.sync("conversations")

        assert wrong in one.rows("conversations")


async def test_a_contact_returns_that_went_before_the_last_sweep(tmp_path: Path) -> None:
    """To unarchive it moves no time of it here, and the sweep came before."""
    async with world(tmp_path, contacts=6) as one:
        await one.sync("contacts")
        key = next(iter(await one.truth("contacts")))
        moved = one.simulator.call("GET", f"/contacts/{key}")["updated_at"]
        one.simulator.call("POST", f"/contacts/{key}/archive")
        await anyio.sleep(DAY_S)
        await one.sync("contacts")
        assert key not in one.rows("contacts")
        await anyio.sleep(10 * DAY_S)
        await one.sync("contacts", reconcile="now")

        one.simulator.call("POST", f"/contacts/{key}/unarchive")

        def unmoved(request: Request, answer: Answer) -> Answer:
            """Tell the time of its last change, by which a search for changes leaves it out."""
            if not isinstance(answer, Reply) or "/contacts" not in request.url:
                return answer
            body: Any = msgspec.json.decode(answer.body)
            if b'"updated_at"' in (request.body or b""):
                rows = [row for row in body["data"] if row["id"] != key]
                body |= {"data": rows, "total_count": len(rows)}
            for row in body.get("data", [body]):
                row["updated_at"] = moved if row.get("id") == key else row["updated_at"]
            return Reply(answer.status, answer.headers, msgspec.json.encode(body))

        one.change = unmoved
        await anyio.sleep(DAY_S)
        report = await one.sync("contacts", reconcile="never")

        assert report.is_complete
        assert key in one.rows("contacts")
