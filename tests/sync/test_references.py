"""References that lead nowhere are counted until they lead somewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import msgspec
import pytest

from intercom_async.sync import Report
from intercom_async.sync.key_table import Held, KeyTable
from intercom_async.sync.references import MOST_KEPT, Reference, References
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

TO_TAGS = Reference("tags", "data", "tags")


def dangling(report: Report) -> dict[str, int]:
    return {stream.name: stream.dangling for stream in report.streams if stream.dangling}


async def test_a_company_that_is_in_no_list_is_counted(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=12, companies=6) as one:
        hidden: list[str] = []

        def hide(request: Request, answer: Answer) -> Answer:
            if not isinstance(answer, Reply) or "/companies/list" not in request.url:
                return answer
            body = msgspec.json.decode(answer.body)
            hidden[:] = [body["data"].pop()["id"]]
            body["total_count"] -= 1
            return Reply(answer.status, answer.headers, msgspec.json.encode(body))

        names = ("contacts", "companies")
        assert dangling(await one.sync("contacts")) == {}
        one.change = hide
        assert (await one.sync(*names)).is_complete
        for options in ({"full": True}, {}, {}):
            report = await one.sync(*names, **options)
            assert report.is_complete
            assert dangling(report) == {"contacts": 1}
            assert hidden[0] in report.notes[0]
            await anyio.sleep(DAY_S)

        one.change = None
        assert dangling(await one.sync(*names)) == {}


@pytest.mark.parametrize("hard_delete", [False, True])
async def test_what_is_known_to_be_gone_is_no_lost_reference(
    *, hard_delete: bool, tmp_path: Path
) -> None:
    """With `hard_delete` nothing but its tombstone says so."""
    async with world(tmp_path, contacts=12, companies=6) as one:
        names = ("contacts", "companies")

        async def run(**options: Any) -> Report:
            await anyio.sleep(DAY_S)
            report = await one.sync(*names, hard_delete=hard_delete, **options)
            assert report.is_complete
            assert dangling(report) == {}
            return report

        def gone() -> set[str]:
            return {stone["record_id"] for stone in one.rows("tombstones").values()}

        await run()
        away = next(iter(one.rows("companies")))
        paths = (f"/companies/{away}", "/companies/list")

        def hide(request: Request, answer: Answer) -> Answer:
            if not isinstance(answer, Reply) or not urlsplit(request.url).path.endswith(paths):
                return answer
            if request.url.endswith(paths[0]):
                body = b'{"type":"error.list","errors":[{"code":"not_found","message":"no"}]}'
                return Reply(404, {"Content-Type": "application/json"}, body)
            found = msgspec.json.decode(answer.body)
            found["data"] = [row for row in found["data"] if row["id"] != away]
            found["total_count"] -= 1
            return Reply(answer.status, answer.headers, msgspec.json.encode(found))

        one.change = hide
        report = await run()
        assert [stream.removed for stream in report.streams] == [0, 1]
        for options in ({"full": True}, {}):
            report = await run(**options)
            assert [stream.removed for stream in report.streams] == [0, 0]
        assert gone() == {away}

        one.change = None
        await run()
        assert away in one.rows("companies")
        assert gone() == set()


async def test_what_a_stopped_run_has_read_refers_to_something(tmp_path: Path) -> None:
    """The run that goes on with it does not read its contacts again, and counts what they lack."""
    async with world(tmp_path, contacts=12, companies=6) as one:
        stop = anyio.Event()

        def hide(request: Request, answer: Answer) -> Answer:
            if not isinstance(answer, Reply) or "/companies/list" not in request.url:
                return answer
            stop.set()
            body = msgspec.json.decode(answer.body)
            body["data"].pop()
            body["total_count"] -= 1
            return Reply(answer.status, answer.headers, msgspec.json.encode(body))

        one.change = hide
        assert (await one.sync("contacts", "companies", stop=stop)).was_stopped
        report = await one.sync("contacts", "companies", reconcile="never")

        assert report.is_complete
        assert dangling(report) == {"contacts": 1}


async def test_what_is_not_read_yet_is_no_lost_reference(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=3_000, conversations=200, latency_s=0.2) as one:
        stop = anyio.Event()

        def stop_soon(request: Request, answer: Answer) -> Answer:
            if "/conversations/search" in request.url and one.simulator.requests > 5:
                stop.set()
            return answer

        one.change = stop_soon
        report = await one.sync("contacts", "conversations", stop=stop)
        assert report.was_stopped
        assert report.rows
        assert dangling(report) == {}
        assert report.notes == ()


def test_what_is_there_or_gone_is_no_lost_reference() -> None:
    tags = KeyTable()
    tags.put("1", Held(0, 0, 0, 0))
    found = References((TO_TAGS,), {"tags": tags}, {"tags": ["7", "8"]})
    found.note(b'{"tags": {"data": [{"id": "1"}, {"id": 2}, {"id": "3"}]}}')
    tags.put("3", Held(0, 0, 0, 1))
    tags.put("8", Held(0, 0, 0, 0))

    assert found.left() == {"tags": ["7", "2"]}


def test_an_entry_of_another_form_hides_none_beside_it() -> None:
    companies = Reference("companies", "data", "companies")
    found = References((TO_TAGS, companies), {"tags": KeyTable(), "companies": KeyTable()}, {})
    found.note(
        b'{"tags": {"data": [null, {"id": "1"}, "vip", {"id": 2}]},'
        b' "companies": {"data": [{"id": "3"}]}}'
    )

    assert found.left() == {"tags": ["1", "2"], "companies": ["3"]}


@pytest.mark.parametrize(
    "body", [b"{}", b'{"tags": null}', b'{"tags": []}', b'{"tags": {"data": 3}}']
)
def test_a_row_of_another_shape_refers_to_nothing(body: bytes) -> None:
    found = References((TO_TAGS,), {"tags": KeyTable()}, {})
    found.note(body)

    assert found.left() == {}


def test_no_more_is_kept_than_is_meant() -> None:
    found = References((TO_TAGS,), {"tags": KeyTable()}, {})
    entries = [{"id": str(number)} for number in range(MOST_KEPT + 10)]
    found.note(msgspec.json.encode({"tags": {"data": entries}}))

    assert len(found.left()["tags"]) == MOST_KEPT
