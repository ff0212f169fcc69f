"""Rows that change or come while changes are read stand for none that is left out."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async.sync import STREAMS, JsonlSink, Ranged, Report, Stream, sync
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

ROWS = 7
PER_PAGE = 3


class MovingChanges:
    """Lets a row change once the first page of changes is read, and sends it before others.

    Args:
        one: The workspace.
        moved: The row; None where a new one comes instead.
        hidden: A row that no page of changes in their order has, if there is one.
    """

    def __init__(self, one: World, moved: str | None, hidden: str | None = None) -> None:
        self._one, self._moved, self._hidden = one, moved, hidden
        self._has_moved = False

    def __call__(self, request: Request, answer: Answer) -> Answer:
        body = request.body or b""
        is_upward = b'"ascending"' in body and b'"updated_at"' in body
        if not request.url.endswith("/search") or not is_upward or not isinstance(answer, Reply):
            return answer
        found: Any = msgspec.json.decode(answer.body)
        rows = [row for row in found["conversations"] if row["id"] != self._hidden]
        if self._has_moved and self._hidden is None:
            rows.sort(key=lambda row: row["id"] != self._moved)
        found["conversations"] = rows
        if not self._has_moved and len(rows) == PER_PAGE:
            self._has_moved = True
            self._change_one()
        return Reply(answer.status, answer.headers, msgspec.json.encode(found))

    def _change_one(self) -> None:
        simulator = self._one.simulator
        if self._moved is not None:
            simulator.call("PUT", f"/conversations/{self._moved}", {"title": "again"})
            return
        contact: Any = simulator.call("GET", "/contacts")["data"][0]
        sender = {"type": "user", "id": contact["id"]}
        simulator.call("POST", "/conversations", {"from": sender, "body": "new"})


async def changes(
    one: World, folder: Path, hidden: int | None = None, *, moves: bool = True
) -> tuple[Report, list[str]]:
    """Read all rows, change each, and read the changes, of which the first one moves meanwhile.

    Or a new row comes meanwhile.
    """
    known = next(stream for stream in STREAMS if stream.name == "conversations")
    assert isinstance(known.source, Ranged)
    stream = Stream("conversations", dataclasses.replace(known.source, per_page=PER_PAGE))
    keys = sorted(await one.truth("conversations"))

    async def read() -> Report:
        sink = JsonlSink(folder / "target", inline=True)
        return await sync(one.intercom, [stream], sink=sink, reconcile="never")

    await read()
    await anyio.sleep(DAY_S)
    for key in keys:
        one.simulator.call("PUT", f"/conversations/{key}", {"title": "changed"})
        await anyio.sleep(60)
    one.change = MovingChanges(
        one, keys[0] if moves else None, None if hidden is None else keys[hidden]
    )
    report = await read()
    one.change = None
    return report, keys


def titles(one: World) -> dict[str, str]:
    return {key: row["title"] for key, row in one.rows("conversations").items()}


async def test_a_row_that_moved_is_no_row_too_many(tmp_path: Path) -> None:
    """The list came out of order as well: as many rows are looked for as there are."""
    async with world(tmp_path, contacts=3, conversations=ROWS) as one:
        report, keys = await changes(one, tmp_path)

        assert [failure.what for failure in report.failures] == []
        assert titles(one) == dict.fromkeys(keys, "changed") | {keys[0]: "again"}


@pytest.mark.parametrize("moves", [True, False], ids=["moved", "new"])
async def test_a_row_that_moved_or_came_stands_for_no_other(tmp_path: Path, *, moves: bool) -> None:
    """The list leaves a row out, and comes to as many as it counted by one that came meanwhile."""
    async with world(tmp_path, contacts=3, conversations=ROWS) as one:
        report, keys = await changes(one, tmp_path, hidden=4, moves=moves)

        assert titles(one)[keys[4]] == "changed" or not report.is_complete
