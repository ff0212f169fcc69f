"""Streams that are dropped go, and nothing else does; what cannot be meant is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from intercom_async.sync import Report, SyncConfigError, sync
from tests.support.virtual_time import anyio_backend
from .machine.steps import Form
from .machine.targets import make_sink, read
from .test_sync_model import World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

FORMS = ("jsonl", "parquet", "duckdb")


async def run(one: World, form: Form, *streams: str, **options: Any) -> Report:
    sink = make_sink(form, one.folder)
    return await sync(one.intercom, streams or None, sink=sink, **options)


@pytest.mark.parametrize("form", FORMS)
async def test_a_dropped_stream_is_not_read(form: Form, tmp_path: Path) -> None:
    """Without streams= those of the target are read: the dropped one said that it was complete."""
    pytest.importorskip("duckdb")
    async with world(tmp_path, contacts=20) as one:
        await run(one, form, "contacts", "tags")
        report = await run(one, form, drop_streams=["contacts"])

        assert {stream.name for stream in report.streams} == {"tags"}
        assert not read(form, tmp_path, ["contacts"])
        assert (await run(one, form, "contacts", "tags")).is_complete
        assert len(read(form, tmp_path, ["contacts"])["contacts"]) == 20


async def test_parts_come_back_after_they_were_dropped(tmp_path: Path) -> None:
    """The conversations that only lead to them are read again, as nothing tells what is there."""
    async with world(tmp_path, contacts=3, conversations=6) as one:
        await one.sync("conversation_parts", "tags")
        before = one.rows("conversation_parts")
        assert before
        await one.sync("tags", drop_streams=["conversation_parts"])
        report = await one.sync("conversation_parts", "tags", reconcile="never")

        assert report.is_complete
        assert one.rows("conversation_parts").keys() == before.keys()


@pytest.mark.parametrize(
    ("streams", "dropped", "reason"),
    [
        (("contacts", "tags"), ("contacts",), "to be read and to be dropped"),
        ((), ("contact",), "no stream 'contact'"),
        ((), ("contacts", "tags"), "name one to read"),
    ],
)
async def test_what_cannot_be_meant_is_refused(
    streams: tuple[str, ...], dropped: tuple[str, ...], reason: str, tmp_path: Path
) -> None:
    async with world(tmp_path, contacts=5) as one:
        await one.sync("contacts", "tags")
        with pytest.raises(SyncConfigError, match=reason):
            await one.sync(*streams, drop_streams=dropped)
        assert len(one.rows("contacts")) == 5


async def test_a_stream_that_is_not_in_the_target_may_be_dropped(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=5) as one:
        await one.sync("contacts")
        assert (await one.sync(drop_streams=["tags"])).is_complete
