"""What goes wrong is tried again, then named; the rest is complete."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from intercom_async import Intercom, RetryPolicy
from intercom_async.errors import ConnectionLostError
from intercom_async.simulator import Simulator
from intercom_async.sync import JsonlSink, sync
from intercom_async.transport import HttpTransport
from intercom_async.transport.base import Reply, Request
from .conftest import COMPANIES, TALKS, TICKETS, listed, make_sink, once, read_target

pytestmark = [pytest.mark.anyio, pytest.mark.once]

QUICK = RetryPolicy(base_s=0.01, cap_s=0.05)


class Failing(HttpTransport):
    """A network that loses the answers to some requests."""

    def __init__(self, is_lost: Callable[[Request], bool]) -> None:
        super().__init__()
        self.is_lost = is_lost

    async def exchange(self, request: Request, on_sent: Callable[[], None]) -> Reply:
        if self.is_lost(request):
            raise ConnectionLostError("lost by the test", call=request.name)
        return await super().exchange(request, on_sent)


async def test_faults_at_random_lose_nothing(
    simulator: Simulator, intercom: Intercom, tmp_path: Path
) -> None:
    names = ["contacts", "companies", "conversations", "conversation_parts", "tickets"]
    simulator.faults.add(rate=0.05, status=503)
    simulator.faults.add(rate=0.02, drop="after")
    simulator.faults.add(path="/tickets", status=403)

    async with Intercom(simulator.token, base_url=simulator.url, retry=QUICK) as client:
        report = await sync(client, names, sink=make_sink("jsonl", tmp_path))

    assert not report.is_complete
    assert report.retries > 0
    assert [(failure.stream, failure.what) for failure in report.failures] == [
        ("tickets", "all of it")
    ]
    assert "403" in report.failures[0].reason
    simulator.faults.clear()
    contacts = once(read_target("jsonl", tmp_path, "contacts"))
    assert contacts == await listed(intercom.contacts.list(per_page=150))
    assert len(once(read_target("jsonl", tmp_path, "conversations"))) == TALKS
    assert len(once(read_target("jsonl", tmp_path, "companies"))) == COMPANIES


async def test_a_stream_that_was_refused_comes_with_the_next_run(
    simulator: Simulator, intercom: Intercom, tmp_path: Path
) -> None:
    simulator.faults.add(path="/tickets", status=403)
    first = await sync(intercom, ["contacts", "tickets"], sink=make_sink("jsonl", tmp_path))
    simulator.faults.clear()

    second = await sync(intercom, ["contacts", "tickets"], sink=make_sink("jsonl", tmp_path))

    assert [stream.is_complete for stream in first.streams] == [True, False]
    assert second.is_complete
    assert [stream.kind for stream in second.streams] == ["changes", "full"]
    assert len(once(read_target("jsonl", tmp_path, "tickets"))) == TICKETS


async def test_a_parent_that_is_gone_leaves_a_tombstone(intercom: Intercom, tmp_path: Path) -> None:
    some = (await intercom.conversations.list().collect(limit=1))[0].id
    await sync(intercom, ["conversation_parts"], sink=make_sink("jsonl", tmp_path))
    await intercom.conversations.delete(some)

    report = await sync(
        intercom, ["conversation_parts"], sink=make_sink("jsonl", tmp_path), reconcile="now"
    )

    assert report.is_complete
    parts = once(read_target("jsonl", tmp_path, "conversation_parts"))
    assert some not in {part["conversation_id"] for part in parts.values()}
    stones = once(read_target("jsonl", tmp_path, "tombstones"))
    assert [stone["record_id"] for stone in stones.values()] == [some]
    assert [stone["reason"] for stone in stones.values()] == ["deleted"]


async def test_children_that_cannot_be_read_are_named(
    simulator: Simulator, intercom: Intercom, tmp_path: Path
) -> None:
    some = (await intercom.conversations.list().collect(limit=1))[0].id
    simulator.faults.add(path=f"/conversations/{some}", status=500)
    async with Intercom(simulator.token, base_url=simulator.url, retry=QUICK) as client:
        first = await sync(client, ["conversation_parts"], sink=make_sink("jsonl", tmp_path))
    simulator.faults.clear()

    second = await sync(intercom, ["conversation_parts"], sink=make_sink("jsonl", tmp_path))

    assert [(failure.stream, failure.what) for failure in first.failures] == [
        ("conversation_parts", some)
    ]
    assert second.is_complete
    parts = once(read_target("jsonl", tmp_path, "conversation_parts"))
    assert some in {part["conversation_id"] for part in parts.values()}


@pytest.mark.parametrize("wrong", [0, 7, 10**6, None])
async def test_numbers_that_are_wrong_lose_nothing(
    wrong: int | None, simulator: Simulator, intercom: Intercom, tmp_path: Path
) -> None:
    class Liar(HttpTransport):
        async def exchange(self, request: Request, on_sent: Callable[[], None]) -> Reply:
            reply = await super().exchange(request, on_sent)
            if "search" not in request.url:
                return reply
            body = msgspec.json.decode(reply.body)
            body["total_count"] = wrong
            return Reply(reply.status, reply.headers, msgspec.json.encode(body))

    async with Intercom(simulator.token, base_url=simulator.url, transport=Liar()) as client:
        report = await sync(client, ["contacts"], sink=JsonlSink(tmp_path / "target"))

    assert report.is_complete
    contacts = once(read_target("jsonl", tmp_path, "contacts"))
    assert contacts == await listed(intercom.contacts.list(per_page=150))
