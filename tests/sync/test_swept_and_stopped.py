"""What a sweep has found is not lost by a stop, and does not count for a later sweep."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anyio
import msgspec
import pytest

from intercom_async.sync import policy
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio


async def stopped(one: World, *streams: str, at: Callable[[Request], bool]) -> None:
    """Sweep, and stop at a request, which fails."""
    stop = anyio.Event()
    before = one.change

    def change(request: Request, answer: Answer) -> Answer:
        if at(request):
            stop.set()
            return Reply(503, {}, b"{}")
        return answer if before is None else before(request, answer)

    one.change = change
    assert (await one.sync(*streams, reconcile="now", stop=stop)).was_stopped
    one.change = before


async def test_what_an_earlier_sweep_has_met_may_have_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "CHEAP_S", 0.0)
    streams = ("tickets", "conversations")
    async with world(tmp_path, contacts=3, conversations=4, tickets=6, latency_s=0.2) as one:
        await anyio.sleep(3 * DAY_S)
        assert (await one.sync(*streams)).is_complete
        talk, gone = (min(one.rows(stream)) for stream in ("conversations", "tickets"))
        one.simulator.call("DELETE", f"/conversations/{talk}")
        await anyio.sleep(DAY_S)
        # Its sweep of tickets has ended; it is stopped while it judges conversations.
        await stopped(one, *streams, at=lambda asked: asked.url.endswith(f"/conversations/{talk}"))
        one.simulator.call("DELETE", f"/tickets/{gone}")
        await anyio.sleep(2 * DAY_S)
        pages = 0

        def is_second_page(request: Request) -> bool:
            nonlocal pages
            is_list = request.url.endswith("/tickets/search")
            pages += is_list and b"created_at" in (request.body or b"")
            return pages == 2

        await stopped(one, *streams, at=is_second_page)
        await anyio.sleep(600)
        report = await one.sync(*streams, reconcile="never")
        assert report.is_complete, report.failures
        assert gone not in one.rows("tickets")


async def test_a_part_that_only_its_count_tells_is_read_after_a_stop(tmp_path: Path) -> None:
    streams = ("conversations", "conversation_parts")
    async with world(tmp_path, contacts=5, conversations=20, latency_s=0.5) as one:
        await anyio.sleep(40 * DAY_S)
        assert (await one.sync(*streams)).is_complete
        key = sorted(await one.truth("conversations"), key=int)[3]
        before = one.simulator.call("GET", f"/conversations/{key}")["updated_at"]
        await anyio.sleep(2 * DAY_S)
        admin = one.simulator.call("GET", "/admins")["admins"][0]["id"]
        note = {"message_type": "note", "type": "admin", "admin_id": admin, "body": "a note"}
        one.simulator.call("POST", f"/conversations/{key}/reply", note)
        parts = one.simulator.call("GET", f"/conversations/{key}")["conversation_parts"]
        wanted = {str(part["id"]) for part in parts["conversation_parts"]}
        await anyio.sleep(2 * DAY_S)

        def unmoved(request: Request, answer: Answer) -> Answer:
            """Let the conversation show its older time, and stand at its place."""
            is_it = "/conversations" in request.url and isinstance(answer, Reply)
            if not is_it or not isinstance(answer, Reply) or answer.status != 200:
                return answer
            found = msgspec.json.decode(answer.body)
            if b'"field":"updated_at","operator"' in (request.body or b""):
                kept = [row for row in found["conversations"] if row["id"] != key]
                found["total_count"] -= len(found["conversations"]) - len(kept)
                found["conversations"] = kept
            for row in found.get("conversations", [found]):
                if row.get("id") == key:
                    row["updated_at"] = before
            return Reply(200, answer.headers, msgspec.json.encode(found))

        one.change = unmoved
        await stopped(one, *streams, at=lambda asked: f"/conversations/{key}" in asked.url)
        report = await one.sync(*streams)
        assert report.is_complete, report.failures
        lines = (tmp_path / "target" / "conversation_parts.jsonl").read_bytes().splitlines()
        rows = [msgspec.json.decode(line) for line in lines]
        assert wanted <= {row["id"] for row in rows if row["conversation_id"] == key}
