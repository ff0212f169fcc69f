"""A row that a search brings without its id, and that can be read by it: no search has left it out.

Whatever is in the search's answer in its place, it is no evidence that the row is archived.
"""

from __future__ import annotations

from collections.abc import Callable
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


def nothing(row: dict[str, Any]) -> None:
    del row


def without_its_id(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "id"}


@pytest.mark.parametrize("broken", [nothing, without_its_id], ids=lambda broken: broken.__name__)
@pytest.mark.parametrize("departed", [{}, {"hard_delete": True}, {"erase_deleted": True}], ids=str)
async def test_it_stays(
    broken: Callable[[dict[str, Any]], Any], departed: dict[str, bool], tmp_path: Path
) -> None:
    def changed(request: Request, answer: Answer) -> Answer:
        if not isinstance(answer, Reply) or not request.url.endswith("/contacts/search"):
            return answer
        body: dict[str, Any] = msgspec.json.decode(answer.body)
        body["data"] = [broken(row) if row["id"] == key else row for row in body["data"]]
        return Reply(answer.status, answer.headers, msgspec.json.encode(body))

    async with world(tmp_path, contacts=5) as one:
        key = next(iter(await one.truth("contacts")))
        await one.sync("contacts")
        await anyio.sleep(DAY_S)
        one.change = changed
        found = await one.sync("contacts", reconcile="now", **departed)

        assert not found.is_complete
        assert await one.is_whole("contacts")

        one.change = None
        await anyio.sleep(DAY_S)
        assert (await one.sync("contacts", reconcile="now", **departed)).is_complete
        assert await one.is_whole("contacts")
