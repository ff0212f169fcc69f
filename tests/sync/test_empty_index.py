"""A search that finds nothing at all, though each row can be read by its id."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio


def without_deletions(request: Request, answer: Answer) -> Answer:
    """Refuse the list of deleted contacts, which is of a later version."""
    if "/contacts/deleted" not in request.url:
        return answer
    body = b'{"type":"error.list","errors":[{"code":"intercom_version_invalid","message":"no"}]}'
    return Reply(400, {"Content-Type": "application/json"}, body)


def without_rows(request: Request, answer: Answer) -> Answer:
    """Let the searches of contacts find nothing, as an index does that is being rebuilt."""
    if not isinstance(answer, Reply) or "/contacts/search" not in request.url:
        return answer
    body = msgspec.json.decode(answer.body) | {"data": [], "total_count": 0, "pages": None}
    return Reply(answer.status, answer.headers, msgspec.json.encode(body))


@pytest.mark.parametrize("options", [{}, {"full": True}, {"reconcile": "now"}])
@pytest.mark.parametrize("lookback_s", [0, 3_600])
@pytest.mark.parametrize("has_deletion_lists", [True, False])
async def test_it_takes_no_row_away(
    options: dict[str, Any], lookback_s: int, *, has_deletion_lists: bool, tmp_path: Path
) -> None:
    usual = None if has_deletion_lists else without_deletions
    async with world(tmp_path, contacts=12) as one:
        one.change = usual
        await one.sync("contacts")
        await anyio.sleep(DAY_S)

        one.change = lambda request, answer: without_rows(
            request, answer if usual is None else usual(request, answer)
        )
        report = await one.sync("contacts", lookback_s=lookback_s, **options)
        assert await one.is_whole("contacts")
        assert not report.is_complete

        one.change = usual
        await anyio.sleep(DAY_S)
        report = await one.sync("contacts", lookback_s=lookback_s)
        assert report.is_complete
        assert await one.is_whole("contacts")


async def test_where_all_are_archived_it_is_right(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=12) as one:
        one.change = without_deletions
        await one.sync("contacts")
        for key in one.rows("contacts"):
            await one.intercom.contacts.archive(key)
        await anyio.sleep(DAY_S)
        assert (await one.sync("contacts")).is_complete
        assert one.rows("contacts") == {}
