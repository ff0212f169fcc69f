"""A row changes while changes are read upward, and another one goes: it stands for none."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from tests.support.virtual_time import anyio_backend
from .test_short_pages import ByNumbers, Rows, stale, toucher, with_changes
from .test_sync_model import DAY_S, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

FULL = 150
"""Rows of a page that another one follows."""


class Fault:
    """Lets an old row change and another one go with a page of changes, and leaves one out.

    Args:
        one: The workspace.
        kind: What leaves it out.
        page: The page.
        old: The row that changes.
    """

    def __init__(self, one: World, kind: str, page: int, old: str) -> None:
        self._one, self._kind, self._page, self._old = one, kind, page, old
        self.index = ByNumbers() if kind == "moved" else None
        self.gone: str | None = None
        self.lost: str | None = None

    def spoil(self, number: int, rows: Rows) -> None:
        """Change the rows of a page."""
        if number == self._page and self.gone is None:
            self.gone = rows[3]["id"]
            if self._kind != "last page is short":
                self._leave_out(rows)
            self._one.simulator.call("DELETE", f"/conversations/{self.gone}")
            if self.index is not None:
                self.index.note("conversations", str(self.gone), 0, None)
            toucher(self._one, "conversations", self.index)(self._old)
        elif self.gone is not None and self.lost is None and len(rows) < FULL:
            self._leave_out(rows)

    def _leave_out(self, rows: Rows) -> None:
        if self.index is None:
            self.lost = rows[7]["id"]
            rows[7] = rows[6]
            if self._kind != "twice":
                del rows[7]


@pytest.mark.parametrize("page", [1, 2, 3])
@pytest.mark.parametrize("kind", ["moved", "last page is short", "page is short", "twice"])
async def test_an_old_row_changes_as_one_goes(kind: str, page: int, tmp_path: Path) -> None:
    """The count stays as it was, and a further fault leaves a row out: no sum shows it."""
    async with world(tmp_path, contacts=5, conversations=700) as one:
        rows = await one.truth("conversations")
        keys = [*rows]
        fault = Fault(one, kind, page, keys[650])
        if fault.index is not None:
            for key, row in rows.items():
                fault.index.note("conversations", key, 0, row)
        one.change = with_changes("conversations", lambda _, __: None, fault.index)
        await one.sync("conversations")
        await anyio.sleep(DAY_S)
        for key in keys[:400]:
            toucher(one, "conversations", fault.index)(key)
            await anyio.sleep(20)
        await anyio.sleep(2 * DAY_S)
        one.change = with_changes("conversations", fault.spoil, fault.index)
        report = await one.sync("conversations", reconcile="never")
        assert fault.gone
        assert fault.lost or fault.index
        assert report.is_complete
        assert await stale(one, "conversations") == []
