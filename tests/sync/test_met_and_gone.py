"""Rows that a sweep has met and that have gone since: then none shows that a search works."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, cast

import anyio
import pytest

from intercom_async.sync import STREAMS, JsonlSink, Ranged, Report, sync
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import Answer, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

PAGE, ROWS = 10, 12
"""A page, and some that a sweep which is stopped behind it has not met."""


async def test_a_sweep_that_met_nothing_but_them_is_made_once_more(tmp_path: Path) -> None:
    stop = anyio.Event()
    pages = 0
    contacts = next(stream for stream in STREAMS if stream.name == "contacts")
    source = dataclasses.replace(cast("Ranged", contacts.source), per_page=PAGE)
    contacts = dataclasses.replace(contacts, source=source)

    def stop_behind_a_page(request: Request, answer: Answer) -> Answer:
        nonlocal pages
        if isinstance(answer, Reply) and request.url.endswith("/search"):
            pages += answer.body.count(b'"type":"contact"') == PAGE
            if pages:
                stop.set()
        return answer

    async def synced(**options: Any) -> Report:
        sink = JsonlSink(tmp_path / "target", inline=True)
        return await sync(one.intercom, [contacts], sink=sink, lookback_s=0, **options)

    async with world(tmp_path, contacts=ROWS) as one:
        await synced(reconcile="now")
        await anyio.sleep(60)
        one.change = stop_behind_a_page
        stopped = await synced(reconcile="now", stop=stop)
        one.change = None
        for key in one.rows("contacts"):
            one.simulator.call("POST", f"/contacts/{key}/archive")
        await anyio.sleep(60)
        found = await synced(reconcile="never")

        assert stopped.was_stopped
        assert found.is_complete, found.failures
        assert one.rows("contacts") == {}
