"""What a progress says that a stream is at."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from intercom_async.sync import Progress
from tests.support.virtual_time import anyio_backend
from .test_sync_model import world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio


async def test_what_is_not_read_is_not_done(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=3_000, latency_s=0.2) as one:
        told: list[Progress] = []
        stop = anyio.Event()

        def tell(progress: Progress) -> None:
            told.append(progress)
            if one.simulator.requests > 15:
                stop.set()

        report = await one.sync("contacts", "tags", stop=stop, on_progress=tell)

        assert report.was_stopped
        assert {stream.name: stream.phase for stream in told[-1].streams} == {
            "contacts": "waiting",
            "tags": "done",
        }
