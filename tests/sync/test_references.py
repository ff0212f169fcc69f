"""References that lead nowhere are counted until they lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import anyio
import msgspec
import pytest

from intercom_async.sync import STREAMS, Children, Report
from intercom_async.sync.key_table import Held, KeyTable
from intercom_async.sync.references import MOST_KEPT, Reference, References
from intercom_async.sync.views import views_file
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

TO_TAGS = Reference("tags", "data", "tags")

_DERIVED = re.compile(
    r"CREATE OR REPLACE VIEW (?P<view>\w+) AS\n"
    r"SELECT id AS \w+_id, unnest\(json_extract_string\((?P<field>\w+), "
    r"'\$(?:\.(?P<entries>\w+))?\[\*\](?:\.id)?'\)\) AS (?P<one>\w+)_id.*?\nFROM (?P<stream>\w+)",
    re.DOTALL,
)


class Derived(NamedTuple):
    """A view with one row for each reference."""

    view: str
    stream: str
    reference: Reference


def derived_views() -> list[Derived]:
    """Return the views that make rows of what a list of a row refers to."""
    text = views_file("duckdb").read_text(encoding="utf-8")
    several = {"company": "companies"}
    found = [
        Derived(
            one["view"],
            one["stream"],
            Reference(one["field"], one["entries"], several.get(one["one"], f"{one['one']}s")),
        )
        for one in _DERIVED.finditer(text)
    ]
    assert len(found) == text.count("unnest(") >= 7
    return found


def lost_in(derived: Derived) -> Callable[[Request, Answer], Answer]:
    """Return what lets the first row of a stream refer to a row that is not there."""
    stream, (field, entries) = derived.stream, (derived.reference.field, derived.reference.entries)

    def lose(request: Request, answer: Answer) -> Answer:
        path = urlsplit(request.url).path
        if not isinstance(answer, Reply) or f"/{stream}" not in path or answer.status != 200:
            return answer
        body: dict[str, Any] = msgspec.json.decode(answer.body)
        rows: list[dict[str, Any]] = body.get("data") or body.get(stream) or []
        for row in rows[:1]:
            if entries is None:
                row[field] = [*row[field], 404]
            else:
                held: dict[str, Any] = row.get(field) or {entries: []}
                row[field] = held | {entries: [*held[entries], {"id": "404"}]}
        return Reply(answer.status, answer.headers, msgspec.json.encode(body))

    return lose


def dangling(report: Report) -> dict[str, int]:
    return {stream.name: stream.dangling for stream in report.streams if stream.dangling}


@pytest.mark.parametrize("derived", derived_views(), ids=lambda derived: derived.view)
async def test_each_reference_of_a_derived_table_is_counted(
    derived: Derived, tmp_path: Path
) -> None:
    """Whether its row is new or has been there before what it refers to was read."""
    sizes = {"contacts": 12, "companies": 6, "conversations": 6, "tickets": 6}
    async with world(tmp_path, **sizes) as one:
        one.change = lost_in(derived)
        names = (derived.stream, derived.reference.to)
        for options in ({}, {}, {"full": True}):
            report = await one.sync(*names, **options)
            assert report.is_complete
            assert dangling(report) == {derived.stream: 1}
            assert "404" in report.notes[0]
            await anyio.sleep(DAY_S)


def test_each_list_of_references_is_a_derived_table() -> None:
    counted = {
        (stream.name, reference)
        for stream in STREAMS
        if not isinstance(stream.source, Children)
        for reference in stream.source.references
    }
    assert counted == {(one.stream, one.reference) for one in derived_views()}


async def test_lists_of_earlier_runs_are_counted_too(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=12, companies=6) as one:
        one.change = lost_in(next(each for each in derived_views() if each.view == "company_tags"))
        assert dangling(await one.sync("companies")) == {}
        assert dangling(await one.sync("companies", "tags")) == {"companies": 1}


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
    found = References((TO_TAGS,), {"tags": tags}, {"tags": ["7", "8"]}, ())
    found.note(b'{"tags": {"data": [{"id": "1"}, {"id": 2}, {"id": "3"}]}}')
    tags.put("3", Held(0, 0, 0, 1))
    tags.put("8", Held(0, 0, 0, 0))

    assert found.left() == {"tags": ["7", "2"]}


def test_a_list_of_ids_refers_as_a_list_of_objects_does() -> None:
    admins = KeyTable()
    admins.put("1", Held(0, 0, 0, 0))
    found = References((Reference("admin_ids", None, "admins"),), {"admins": admins}, {}, ())
    found.note(b'{"admin_ids": [1, "2"]}')
    found.note(b'{"admin_ids": [null, 3, {"id": "9"}, "4"]}')
    found.note(b'{"admin_ids": null}')

    assert found.left() == {"admins": ["2", "3", "4"]}


def test_an_entry_of_another_form_hides_none_beside_it() -> None:
    companies = Reference("companies", "data", "companies")
    found = References((TO_TAGS, companies), {"tags": KeyTable(), "companies": KeyTable()}, {}, ())
    found.note(
        b'{"tags": {"data": [null, {"id": "1"}, "vip", {"id": 2}]},'
        b' "companies": {"data": [{"id": "3"}]}}'
    )

    assert found.left() == {"tags": ["1", "2"], "companies": ["3"]}


@pytest.mark.parametrize(
    "body", [b"{}", b'{"tags": null}', b'{"tags": []}', b'{"tags": {"data": 3}}']
)
def test_a_row_of_another_shape_refers_to_nothing(body: bytes) -> None:
    found = References((TO_TAGS,), {"tags": KeyTable()}, {}, ())
    found.note(body)

    assert found.left() == {}


def test_no_more_is_kept_than_is_meant() -> None:
    found = References((TO_TAGS,), {"tags": KeyTable()}, {}, ())
    entries = [{"id": str(number)} for number in range(MOST_KEPT + 10)]
    found.note(msgspec.json.encode({"tags": {"data": entries}}))

    assert len(found.left()["tags"]) == MOST_KEPT
