"""What is known of rows takes memory only while they are read."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest

from intercom_async.sync import JsonlSink, sync
from intercom_async.sync.key_table import GONE, Held, KeyTable
from tests.support.virtual_time import anyio_backend
from .test_sync_model import world

__all__ = ("anyio_backend",)


def held_keys() -> int:
    """Return how many keys all tables of this process hold."""
    gc.collect()
    return sum(len(each) for each in gc.get_objects() if isinstance(each, KeyTable))


class Counting(JsonlSink):
    """Counts what is held as a run begins to publish."""

    held = -1

    def publish(self, *args: Any, **options: Any) -> None:
        self.held = held_keys()
        super().publish(*args, **options)


def test_a_table_forgets() -> None:
    table = KeyTable()
    for number in range(1_000):
        table.put(str(number), Held(number, 1, 2, GONE))
    assert len(table) == table.count(having=GONE) == 1_000
    table.forget()
    assert (len(table), table.get("7")) == (0, None)
    table.put("7", Held(1, 2, 3, 0))
    assert table.get("7") == Held(1, 2, 3, 0)


@pytest.mark.anyio
async def test_a_merge_has_the_memory_of_what_was_read(tmp_path: Path) -> None:
    """What each of the two knows of a million rows takes 50 MB."""
    before = held_keys()
    async with world(tmp_path, contacts=200, conversations=20) as one:
        sink = Counting(tmp_path / "target", inline=True)
        for _ in range(2):
            report = await sync(one.intercom, sink=sink)
            assert report.is_complete
            assert sink.held <= before
        assert await one.is_whole("contacts")
