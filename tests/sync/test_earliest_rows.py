"""Rows from the first days of UNIX time and from before it are rows as all others are."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from intercom_async.sync import plan
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, World, world

__all__ = ("anyio_backend",)

pytestmark = [pytest.mark.anyio, pytest.mark.once]

STREAMS = ("contacts", "conversations", "tickets")
TIMES = [-5 * 365 * DAY_S, -5, 0, 1, DAY_S - 1, 2 * DAY_S - 1, 2 * DAY_S, 3 * DAY_S]
"""When rows were made that an import has dated, in UNIX seconds."""
ZONES = ["Etc/UTC", "Asia/Tokyo", "America/New_York"]


def date(one: World, count: int) -> None:
    """Let some rows of each stream say an early time."""
    for stream in STREAMS:
        table = getattr(one.simulator.workspace, stream)
        for place, moment in enumerate(TIMES):
            key = str(table.value_at(place * (count // len(TIMES)), "id"))
            table.change(key)["created_at"] = moment


@pytest.mark.parametrize("count", [16, 1_600])
@pytest.mark.parametrize("zone", ZONES)
async def test_each_of_them_comes_and_stays(zone: str, count: int, tmp_path: Path) -> None:
    sizes = dict.fromkeys(STREAMS, count)
    async with world(tmp_path, **sizes, timezone=zone, latency_s=0.2) as one:
        date(one, count)
        planned = await plan(one.intercom, STREAMS)
        assert {stream.name: stream.rows for stream in planned.streams} == sizes

        for options in ({}, {"reconcile": "now"}, {"full": True}):
            report = await one.sync(*STREAMS, **options)
            assert report.is_complete
            for stream in STREAMS:
                table = getattr(one.simulator.workspace, stream)
                ids = {str(table.value_at(number, "id")) for number in range(count)}
                assert one.rows(stream).keys() == ids
            await anyio.sleep(DAY_S)
