"""A row that a search finds later than any should: others may be as late."""

from __future__ import annotations

from pathlib import Path

import anyio
import msgspec
import pytest

from intercom_async.simulator import Quirks
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

LOOKBACK_S = 900


def watermark(one: World) -> int:
    state = msgspec.json.decode((one.folder / "target" / "sync-state.json").read_bytes())
    return int(state["sync"]["streams"]["conversations"]["watermark"])


async def test_the_next_run_reads_from_there_again(tmp_path: Path) -> None:
    late: set[str] = set()

    def leave_out(request: Request, answer: Answer) -> Answer:
        """Let a search not find some rows yet."""
        if not isinstance(answer, Reply) or not request.url.endswith("/search"):
            return answer
        body = msgspec.json.decode(answer.body)
        kept = [row for row in body["conversations"] if row["id"] not in late]
        body |= {"conversations": kept, "total_count": len(kept)}
        return Reply(answer.status, answer.headers, msgspec.json.encode(body))

    async with world(tmp_path, conversations=3) as one:
        first, second, _ = list(await one.truth("conversations"))
        options = {"lookback_s": LOOKBACK_S, "reconcile": "never"}
        await one.sync("conversations", **options)
        await anyio.sleep(2 * LOOKBACK_S)
        one.change, late = leave_out, {first, second}
        await one.intercom.conversations.update(first, title="earlier")
        await anyio.sleep(1)
        await one.sync("conversations", **options)
        began = watermark(one)
        await anyio.sleep(LOOKBACK_S // 3)
        await one.intercom.conversations.update(second, title="later")
        await anyio.sleep(2 * LOOKBACK_S)
        late -= {first}
        found = await one.sync("conversations", **options)
        await anyio.sleep(LOOKBACK_S)
        late -= {second}
        last = await one.sync("conversations", **options)

        assert found.streams[0].lag_s > LOOKBACK_S
        assert any("may be too short" in note for note in found.notes)
        assert last.streams[0].rows == 1
        assert one.rows("conversations")[second]["title"] == "later"
        assert watermark(one) > began


async def test_a_row_that_fills_a_hole_is_not_late(tmp_path: Path) -> None:
    """It was the page that failed, and not the search that did not know it."""
    async with world(tmp_path, conversations=30) as one:
        broken = list(await one.truth("conversations"))[12]
        one.simulator.quirks = Quirks(poison={broken: "error"})
        first = await one.sync("conversations", lookback_s=LOOKBACK_S)
        one.simulator.quirks = Quirks()
        await anyio.sleep(3 * 86_400)
        healed = await one.sync("conversations", lookback_s=LOOKBACK_S, reconcile="never")

        assert len(first.failures) == 1
        assert await one.is_whole("conversations")
        assert (healed.streams[0].lag_s, healed.notes) == (0, ())


async def test_a_change_in_the_second_of_the_last_reading_is_not_late(tmp_path: Path) -> None:
    async with world(tmp_path, conversations=3) as one:
        first = next(iter(await one.truth("conversations")))
        options = {"lookback_s": LOOKBACK_S, "reconcile": "never"}
        await one.sync("conversations", **options)
        began = watermark(one)
        changed = await one.intercom.conversations.update(first, title="in that second")
        await anyio.sleep(2 * LOOKBACK_S)
        found = await one.sync("conversations", **options)

        assert changed.updated_at == began
        assert one.rows("conversations")[first]["title"] == "in that second"
        assert (found.streams[0].lag_s, found.notes) == (0, ())
        assert watermark(one) > began
