"""A watermark that lies in the future, as two clocks that agreed and were wrong had left it."""

from __future__ import annotations

from pathlib import Path

import anyio
import msgspec
import pytest

from tests.support.virtual_time import anyio_backend
from .test_sync_model import World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

HOUR_S, DAY_S = 3_600, 86_400


def move_watermark(one: World, seconds: int) -> None:
    path = one.folder / "target" / "sync-state.json"
    state = msgspec.json.decode(path.read_bytes())
    state["sync"]["streams"]["conversations"]["watermark"] += seconds
    path.write_bytes(msgspec.json.encode(state))


async def test_it_hides_no_change_until_it_has_come(tmp_path: Path) -> None:
    async with world(tmp_path, conversations=3) as one:
        first = next(iter(await one.truth("conversations")))
        await one.sync("conversations", reconcile="never")
        move_watermark(one, DAY_S)
        await anyio.sleep(2 * HOUR_S)
        await one.intercom.conversations.update(first, title="before it comes")
        await anyio.sleep(2 * HOUR_S)
        found = await one.sync("conversations", reconcile="never")
        after = await one.sync("conversations", reconcile="never")

        assert any("a time that is still to come" in note for note in found.notes)
        assert after.notes == ()
        assert one.rows("conversations")[first]["title"] == "before it comes"
