"""Rows are compared with what they refer to, also those that came before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async.sync import (
    DuckDBSink,
    JsonlSink,
    ParquetSink,
    Report,
    Sink,
    references,
    referring,
    sync,
)
from intercom_async.sync.sinks.base import RowFields
from intercom_async.transport import Reply, Request
from tests.support.folder_objects import FolderObjects
from tests.support.virtual_time import anyio_backend
from .conftest import FORMATS
from .test_references import dangling
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio


def sink_of(form: str, folder: Path) -> Sink:
    """Return a sink that works in virtual time."""
    pytest.importorskip("duckdb" if form == "duckdb" else "pyarrow")
    if form == "duckdb":
        return DuckDBSink(folder / "target.duckdb", inline=True)
    if form == "parquet":
        return ParquetSink(folder / "target", file_bytes=2_000, inline=True)
    if form == "objects":
        return ParquetSink(FolderObjects(folder / "target"), file_bytes=2_000, inline=True)
    compression = "zstd" if form == "jsonl.zst" else None
    return JsonlSink(folder / "target", compression=compression, inline=True)


class CountingSink(JsonlSink):
    """Counts the tables whose rows it gives to be compared; it may stop the run by then."""

    def __init__(self, path: Path, stop: anyio.Event | None = None) -> None:
        super().__init__(path, inline=True)
        self.given: list[str] = []
        self._stop = stop

    def fields_of(self, name: str, fields: Sequence[str]) -> Iterator[RowFields]:
        self.given.append(name)
        if self._stop is not None:
            self._stop.set()
        yield from super().fields_of(name, fields)


async def given_by(one: World, *streams: str, **options: Any) -> tuple[dict[str, int], list[str]]:
    """Sync; return what leads nowhere, and the tables of which all rows were looked at."""
    sink = CountingSink(one.folder / "target")
    report = await sync(one.intercom, streams, sink=sink, **options)
    assert report.is_complete
    return dangling(report), sink.given


def without_companies(*hidden: int) -> Any:
    """Return what leaves some rows out of the list of companies."""

    def hide(request: Request, answer: Answer) -> Answer:
        if not isinstance(answer, Reply) or "/companies/list" not in request.url:
            return answer
        body = msgspec.json.decode(answer.body)
        rows = sorted(body["data"], key=lambda row: row["id"])
        body["data"] = [row for place, row in enumerate(rows) if place not in hidden]
        body["total_count"] -= len(rows) - len(body["data"])
        return Reply(answer.status, answer.headers, msgspec.json.encode(body))

    return hide


def lose_tag(key: str) -> Any:
    """Return what gives a contact a tag that is not there."""

    def lose(request: Request, answer: Answer) -> Answer:
        if not isinstance(answer, Reply) or "/contacts" not in request.url:
            return answer
        body: dict[str, Any] = msgspec.json.decode(answer.body)
        rows: list[dict[str, Any]] = body.get("data", [body])
        for row in rows:
            if row.get("id") == key and "tags" in row:
                row["tags"] = {"type": "list", "data": [{"id": "404"}], "total_count": 1}
        return Reply(answer.status, answer.headers, msgspec.json.encode(body))

    return lose


@pytest.mark.parametrize("form", FORMATS)
async def test_rows_are_compared_with_a_stream_that_comes_after_them(
    form: str, tmp_path: Path
) -> None:
    """Without a reading of them: a nightly run asks for what has changed alone."""
    async with world(tmp_path, contacts=12, companies=6) as one:

        async def night(*streams: str) -> Report:
            await anyio.sleep(DAY_S)
            return await sync(
                one.intercom, streams, sink=sink_of(form, tmp_path), reconcile="never"
            )

        await night("contacts")
        one.change = without_companies(0)
        added = await night("contacts", "companies")
        assert dangling(added) == {"contacts": 1}
        assert added.rows == added.streams[1].rows
        assert dangling(await night("contacts", "companies")) == {"contacts": 1}

        one.change = None
        assert dangling(await night("contacts", "companies")) == {}


async def test_they_are_compared_once(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=12, companies=6) as one:
        one.change = without_companies(0)
        assert await given_by(one, "contacts") == ({}, [])
        lost = {"contacts": 1}
        assert await given_by(one, "contacts", "companies") == (lost, ["contacts"])
        await anyio.sleep(DAY_S)
        # Without a change and without the stream, nothing is forgotten.
        assert await given_by(one, "contacts") == ({}, [])
        assert await given_by(one, "contacts", "companies", "tags") == (
            lost,
            ["contacts", "companies"],
        )
        assert await given_by(one, "contacts", "companies", "tags") == (lost, [])


async def test_rows_that_came_while_a_stream_was_left_out_are_compared_with_it(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, contacts=12) as one:
        key = next(iter(await one.truth("contacts")))
        assert await given_by(one, "contacts", "tags") == ({}, [])
        await anyio.sleep(DAY_S)
        one.change = lose_tag(key)
        await one.intercom.contacts.update(key, name="changed")
        await anyio.sleep(60)
        await given_by(one, "contacts", reconcile="never")
        await anyio.sleep(DAY_S)
        lost, given = await given_by(one, "contacts", "tags", reconcile="never")

        assert lost == {"contacts": 1}
        assert given == ["contacts"]


async def test_rows_are_compared_with_a_stream_that_was_dropped_and_comes_again(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, contacts=12, companies=6) as one:
        names = ("contacts", "companies")
        assert await given_by(one, *names) == ({}, [])
        await given_by(one, "contacts", drop_streams=["companies"])
        one.change = without_companies(0)
        await anyio.sleep(DAY_S)

        assert await given_by(one, *names, reconcile="never") == ({"contacts": 1}, ["contacts"])


async def test_what_rows_no_longer_refer_to_is_forgotten_with_the_next_sweep(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, contacts=12) as one:
        key = next(iter(await one.truth("contacts")))
        one.change = lose_tag(key)
        lost = {"contacts": 1}
        assert await given_by(one, "contacts", "tags") == (lost, [])
        one.change = None
        await anyio.sleep(DAY_S)
        await one.intercom.contacts.update(key, name="changed")
        await anyio.sleep(DAY_S)

        assert await given_by(one, "contacts", "tags", reconcile="now") == ({}, ["contacts"])


async def test_more_than_are_kept_are_counted_by_each_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first run looks for each company until their list has come."""
    async with world(tmp_path, contacts=40, companies=12) as one:
        monkeypatch.setattr(references, "MOST_KEPT", 4)
        monkeypatch.setattr(referring, "MOST_REMEMBERED", 1)
        one.change = without_companies(0, 1)
        names, lost = ("contacts", "companies"), {"contacts": 2}
        assert await given_by(one, *names) == (lost, ["contacts"])
        for _ in range(2):
            await anyio.sleep(DAY_S)
            assert await given_by(one, *names, reconcile="never") == (lost, ["contacts"])


async def test_a_run_that_is_stopped_meanwhile_leaves_it_to_the_next(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=12, companies=6) as one:
        names = ("contacts", "companies")
        await given_by(one, "contacts")
        one.change = without_companies(0)
        stop = anyio.Event()
        stopping = CountingSink(tmp_path / "target", stop)
        await sync(one.intercom, names, sink=stopping, stop=stop, reconcile="never")
        assert stopping.given == ["contacts"]

        assert await given_by(one, *names, reconcile="never") == ({"contacts": 1}, ["contacts"])
