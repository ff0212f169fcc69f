"""A list of deleted rows that moves while its pages are read tells of each row, or is no proof."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import msgspec
import pytest

from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio


class Departed:
    """Contacts that went, as a list with two rows a page tells them: the first that went first.

    Args:
        one: The workspace.
        is_dated: Whether it tells when each went.
        moves: Called before a page with how many were asked for by then.
    """

    def __init__(self, one: World, moves: Callable[[int], None], *, is_dated: bool) -> None:
        self._one = one
        self._moves = moves
        self._is_dated = is_dated
        self.at: dict[str, int] = {}
        self.pages = 0

    def archive(self, key: str) -> None:
        self._one.simulator.call("POST", f"/contacts/{key}/archive")
        self.at[key] = int(self._one.simulator.clock.now())

    def return_(self, key: str) -> None:
        self._one.simulator.call("POST", f"/contacts/{key}/unarchive")
        del self.at[key]

    def answer(self, request: Request, answer: Answer) -> Answer:
        url = urlsplit(request.url)
        if not url.path.endswith("/contacts/deleted"):
            return answer
        self.pages += 1
        self._moves(self.pages)
        page = int(parse_qs(url.query).get("page", ["1"])[0])
        rows: list[dict[str, Any]] = [{"id": key, "status": "archived"} for key in self.at]
        for row in rows if self._is_dated else ():
            row["deleted_at"] = self.at[row["id"]]
        total = -(-len(rows) // 2)
        place = {"type": "pages", "page": page, "per_page": 2, "total_pages": total}
        if page < total:
            place["next"] = f"https://api.intercom.io/contacts/deleted?page={page + 1}"
        body = {"data": rows[2 * page - 2 : 2 * page], "total_count": len(rows), "pages": place}
        headers = {"Content-Type": "application/json"}
        return Reply(200, headers, msgspec.json.encode({"type": "list", **body}))


@pytest.mark.parametrize("is_dated", [True, False])
@pytest.mark.parametrize("is_moving", [True, False])
async def test_a_row_that_moves_to_a_page_that_was_read(
    *, is_moving: bool, is_dated: bool, tmp_path: Path
) -> None:
    """The first of the list returns and another one goes, so that its count stays."""
    async with world(tmp_path, contacts=40) as one:
        keys = sorted(await one.truth("contacts"))

        def move(pages: int) -> None:
            if is_moving and pages == 2:
                gone.return_(keys[0])
                gone.archive(keys[4])

        gone = Departed(one, move, is_dated=is_dated)
        for key in keys[:2]:
            gone.archive(key)
        await anyio.sleep(5 * DAY_S)
        assert (await one.sync("contacts")).is_complete
        for key in keys[2:4]:
            gone.archive(key)
        one.change = gone.answer
        await anyio.sleep(DAY_S)
        report = await one.sync("contacts")

        assert report.is_complete
        assert not one.rows("contacts").keys() & set(keys[2:4])
        # A list that tells when its rows went shows that none came while it was read. Else it is
        # read until a reading names no other row; and once more, with a new count of all rows,
        # where one went after these were counted.
        readings = 4 if is_moving else 1 if is_dated else 2
        assert gone.pages == 2 * readings


async def test_a_quiet_list_without_dates_is_read_once(tmp_path: Path) -> None:
    """It names the rows that it named before: none has taken the place of another."""
    async with world(tmp_path, contacts=300) as one:
        gone = Departed(one, lambda _: None, is_dated=False)
        for key in sorted(await one.truth("contacts"))[:24]:
            gone.archive(key)
        one.change = gone.answer
        await one.sync("contacts")
        await anyio.sleep(DAY_S)
        await one.sync("contacts")
        for _ in range(2):
            await anyio.sleep(DAY_S)
            gone.pages = 0
            assert (await one.sync("contacts")).is_complete
            assert gone.pages == 12
