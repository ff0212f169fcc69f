"""A row that goes as another one comes leaves the count as it was: it stands for no third one."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import msgspec
import pytest

from intercom_async.clock import CLOCK
from intercom_async.sync.distinct_rows import DistinctRows
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .machine.search_index import STREAMS, SearchIndex
from .test_distinct_rows import MANY, imported, searched, with_a_row_twice
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)


class Exchange:
    """Lets one row come twice in place of another, and after some calls one go as one comes."""

    def __init__(self, one: World, stream: str, index: SearchIndex, contact: str) -> None:
        self._one = one
        self._stream = stream
        self._index = index
        self._contact = contact
        self._made = ""
        self.lost: str = ""
        self.goes: str = ""
        self.after: int = 0
        self.calls: int = 0

    def make(self) -> None:
        """Make a row that no search finds yet."""
        sender = {"type": "user", "id": self._contact}
        body = {"from": sender, "body": "new", "email": "new@example.com"}
        made = self._one.simulator.call("POST", f"/{self._stream}", body)
        self._made = made.get("conversation_id") or made["id"]

    def answer(self, request: Request, answer: Answer) -> Answer:
        """Answer a call."""
        changed = searched(self._index)(request, answer)
        if urlsplit(request.url).path not in STREAMS or not isinstance(changed, Reply):
            return changed
        self.calls += 1
        if self.calls == self.after:
            self._come_and_go()
        body: dict[str, Any] = msgspec.json.decode(changed.body)
        rows: list[dict[str, Any]] = body.get("data") or body.get(self._stream) or []
        if len(rows) > 1:
            other = next(row for row in rows if row["id"] != self.lost)
            rows[:] = [other if row["id"] == self.lost else row for row in rows]
        return Reply(changed.status, changed.headers, msgspec.json.encode(body))

    def _come_and_go(self) -> None:
        stream, now = self._stream, CLOCK.unix()
        self._one.simulator.call("DELETE", f"/{stream}/{self.goes}")
        self._index.note(stream, self.goes, now, None)
        if not self._made:
            self.make()
        table = getattr(self._one.simulator.workspace, stream)
        self._index.note(stream, self._made, now, dict(table.change(self._made)))


@pytest.mark.anyio
@pytest.mark.parametrize("late_s", [0, 120])
@pytest.mark.parametrize(
    ("stream", "after"),
    [("contacts", 3), ("contacts", 12), ("conversations", 17), ("conversations", 21)],
)
async def test_among_changes_of_one_moment(
    stream: str, after: int, late_s: int, tmp_path: Path
) -> None:
    """Between two readings as well as during one; the one that comes may be found late."""
    sizes = {"contacts": 5} | {stream: MANY}
    async with world(tmp_path, **sizes) as one:
        table = getattr(one.simulator.workspace, stream)
        index = await imported(one, stream)
        contact, *_ = await one.truth("contacts")
        keys = [*await one.truth(stream)]
        exchange = Exchange(one, stream, index, contact)
        exchange.lost, exchange.goes, exchange.after = keys[7], keys[20 + after], after

        one.change = searched(index)
        await one.sync(stream)
        await anyio.sleep(DAY_S)
        for key in keys:
            table.change(key)["updated_at"] = int(CLOCK.unix())
        for key, row in (await one.truth(stream)).items():
            index.note(stream, key, CLOCK.unix(), row)
        await anyio.sleep(2 * DAY_S)
        if late_s:
            exchange.make()
            await anyio.sleep(late_s)
        one.change = exchange.answer
        report = await one.sync(stream, reconcile="never")
        assert exchange.calls > after
        found, truth = one.rows(stream), await one.truth(stream)
        assert found[exchange.lost]["updated_at"] < truth[exchange.lost]["updated_at"]
        assert not report.is_complete


@pytest.mark.anyio
@pytest.mark.parametrize("page", [4, 8, 11])
async def test_rows_with_old_times_stand_for_none_that_a_cut_part_lacks(
    page: int, tmp_path: Path
) -> None:
    """The first count has neither of them: what it shows is not all there is."""
    async with world(tmp_path, contacts=3_000, latency_s=0.5, app_per_minute=10_000) as one:
        lacking, pages = with_a_row_twice("/contacts/search", at=page, lacks=True), 0
        before = {*await one.truth("contacts")}

        def change(request: Request, answer: Answer) -> Answer:
            nonlocal pages
            pages += request.url.endswith("/search")
            if pages == 2:
                pages += 1
                for number in range(2):
                    email = f"old{number}@example.com"
                    made = one.simulator.call("POST", "/contacts", {"email": email})
                    row = one.simulator.workspace.contacts.change(made["id"])
                    row["created_at"] = row["updated_at"] = int(CLOCK.unix()) - 500 * DAY_S
            return lacking(request, answer)

        one.change = change
        assert (await one.sync("contacts")).is_complete
        assert not before - one.rows("contacts").keys()


def test_readings_before_a_row_went_are_forgotten() -> None:
    rows = DistinctRows()
    rows.expect(4)
    rows.take(["a", "b", "b"], 0)
    rows.begin_again()
    rows.take(["a", "c", "c", "new"], 0)
    rows.note_new(["new"])
    rows.take_count(5, at=10)
    assert (rows.has_shrunk, rows.united) == (False, 4)

    rows.begin_again()
    rows.take(["a", "newer"], 0)
    rows.note_new(["newer", "a"])
    rows.take_count(5, at=20)
    assert (rows.has_shrunk, rows.united) == (True, 2)
    # What came in a reading that is forgotten was counted nevertheless.
    rows.begin_again()
    rows.take(["b"], 0)
    rows.note_new(["b"])
    rows.take_count(5, at=30)
    assert (rows.has_shrunk, rows.united) == (False, 1)


def test_what_a_reading_lacks_is_known_by_name() -> None:
    rows = DistinctRows(most_named=2)
    rows.take(["a", "b"], 0)
    rows.begin_again(is_alike=False)
    rows.take(["c"], 0)
    assert {*(rows.lacking() or ())} == {"a", "b"}
    assert rows.known() is None
    rows.begin_again()
    rows.take(["a", "d"], 0)
    assert rows.known() == "a"
    assert rows.lacking() is None, "a key beyond those that are kept is not known"
    assert {*rows.named()} == {"a", "b", "d"}
