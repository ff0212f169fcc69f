"""A run whose patience ends in the middle of a reading ends as well."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from intercom_async.errors import ConnectError
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

READ_BY_ID = 3
"""Rows that are read by their ids before the server is down for good."""


async def test_a_run_ends_while_archived_contacts_are_judged(tmp_path: Path) -> None:
    """Their readings are cancelled while they hand over that the run ended."""
    async with world(tmp_path, contacts=60, latency_s=0.05) as one:
        await anyio.sleep(2 * DAY_S)
        await one.sync("contacts")
        keys = sorted(one.rows("contacts"))[:14]
        for key in keys:
            one.simulator.call("POST", f"/contacts/{key}/archive")
        await anyio.sleep(2 * DAY_S)
        reads = 0

        def change(request: Request, answer: Answer) -> Answer:
            nonlocal reads
            path = request.url.partition("?")[0]
            if path.endswith("/contacts/deleted"):
                return Reply(404, {}, b"{}")
            if reads >= READ_BY_ID:
                return ConnectError("the test's server is down", call=path)
            reads += request.method == "GET" and path.rpartition("/")[2] in keys
            return answer

        one.change = change
        with anyio.fail_after(7_200):
            report = await one.sync("contacts", reconcile="now", patience_s=60)
        assert report.exit_code == 3
        one.change = None
        assert (await one.sync("contacts", reconcile="now")).is_complete
