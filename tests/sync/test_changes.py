"""A search for changes that answers that there are none, though rows have changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async.clock import CLOCK
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

SIZES = {"contacts": 12, "conversations": 12}
LISTS = {"contacts": "data", "conversations": "conversations"}
STREAMS = pytest.mark.parametrize("stream", LISTS)


def without_rows(stream: str, answer: Answer) -> Answer:
    if not isinstance(answer, Reply) or answer.status != 200:
        return answer
    empty: dict[str, Any] = {LISTS[stream]: [], "total_count": 0, "pages": None}
    body = msgspec.json.decode(answer.body) | empty
    return Reply(answer.status, answer.headers, msgspec.json.encode(body))


def hide(one: World, stream: str, times: int) -> None:
    """Let the next searches of a stream find nothing."""
    left = times

    def change(request: Request, answer: Answer) -> Answer:
        nonlocal left
        if f"/{stream}/search" not in request.url:
            return answer
        left -= 1
        return without_rows(stream, answer) if left >= 0 else answer

    one.change = change


async def change_one(one: World, stream: str) -> None:
    key = next(iter(await one.truth(stream)))
    changed = getattr(one.simulator.workspace, stream).change(key)
    changed["updated_at"] = int(CLOCK.unix())


@STREAMS
@pytest.mark.parametrize("times", [1, 2, 3, 1_000])
async def test_what_it_hides_is_read_or_named(stream: str, times: int, tmp_path: Path) -> None:
    async with world(tmp_path, **SIZES) as one:
        await one.sync(stream)
        await anyio.sleep(DAY_S)
        await change_one(one, stream)
        await anyio.sleep(DAY_S)
        hide(one, stream, times)
        report = await one.sync(stream)
        assert await one.is_whole(stream) if report.is_complete else report.failures
        one.change = None
        assert (await one.sync(stream)).is_complete
        assert await one.is_whole(stream)
