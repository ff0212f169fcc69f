"""Parts that the API does not give are counted by conversation, which is named until it changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async.simulator import Quirks
from intercom_async.sync import child_reader
from intercom_async.sync.checkpoint import MOST_NAMED, MOST_TRUNCATED, StreamState
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

NAMES = ("conversations", "conversation_parts")
CAP = 3


async def beyond(one: World, cap: int) -> dict[str, int]:
    """Return of each conversation how many parts are beyond a number."""
    found: dict[str, int] = {}
    quirks, one.simulator.quirks = one.simulator.quirks, Quirks()
    for key in await one.truth("conversations"):
        parts = (await one.intercom.conversations.get(key)).conversation_parts
        assert parts is not None
        found[key] = max(0, len(parts.conversation_parts) - cap)
    one.simulator.quirks = quirks
    return {key: count for key, count in found.items() if count}


async def test_they_are_named_until_they_come_or_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_reader, "LONGEST_ANSWER", CAP)
    async with world(tmp_path, contacts=6, conversations=12, quirks=Quirks(max_parts=CAP)) as one:
        wanted = await beyond(one, CAP)
        assert len(wanted) > 2
        for _ in range(3):
            report = await one.sync(*NAMES)
            (parts,) = (each for each in report.streams if each.name == "conversation_parts")
            assert report.is_complete
            assert parts.truncated == wanted
            assert parts.missing == sum(wanted.values())
            (note,) = report.notes
            assert next(iter(parts.truncated)) in note
            assert f"{len(wanted)} conversations" in note
            await anyio.sleep(3_600)

        gone, whole, *_ = wanted
        await one.intercom.conversations.delete(gone)
        one.simulator.quirks = Quirks()
        one.simulator.call("PUT", f"/conversations/{whole}", {"title": "changed"})
        await anyio.sleep(DAY_S)
        report = await one.sync(*NAMES, reconcile="now")
        (parts,) = (each for each in report.streams if each.name == "conversation_parts")
        assert {gone, whole} & parts.truncated.keys() == set()


def counting(parts: str, count: str, *, is_doubled: bool) -> Callable[[Request, Answer], Answer]:
    """Return what makes an answer count only what it has, or nothing."""

    def counted(_: Request, answer: Answer) -> Answer:
        body: dict[str, Any] = msgspec.json.decode(answer.body) if isinstance(answer, Reply) else {}
        told = body.get(parts)
        if not told or not isinstance(answer, Reply):
            return answer
        if is_doubled:
            told[parts][1:2] = told[parts][:1]
        told["total_count"] = {"those that came": len(told[parts]), "null": None}.get(count, 0)
        if count == "absent":
            del told["total_count"]
        return Reply(200, answer.headers, msgspec.json.encode(body))

    return counted


async def with_many_parts(one: World, stream: str) -> None:
    """Read a stream whose rows have more parts than an answer is to have later."""
    await one.sync(stream)
    admin = one.simulator.call("GET", "/admins")["admins"][0]["id"]
    reply = {"message_type": "note", "type": "admin", "admin_id": admin, "body": "x"}
    for key in one.rows(stream):
        for _ in range(CAP):
            one.simulator.call("POST", f"/{stream}/{key}/reply", reply)
            await anyio.sleep(2)


@pytest.mark.parametrize("count", ["those that came", "null", "zero", "absent"])
@pytest.mark.parametrize("stream", ["conversations", "tickets"])
@pytest.mark.parametrize("is_doubled", [False, True])
async def test_older_ones_stay_whatever_the_longest_answer_counts(
    stream: str, count: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_doubled: bool
) -> None:
    parts = f"{stream.removesuffix('s')}_parts"
    names = (stream, parts)
    async with world(tmp_path, contacts=6, **{stream: 8}) as one:
        await with_many_parts(one, stream)
        assert (await one.sync(*names)).is_complete
        before = one.rows(parts).keys()
        wanted = await beyond(one, CAP) if stream == "conversations" else {}
        for key in one.rows(stream):
            one.simulator.call("PUT", f"/{stream}/{key}", {"title": "changed", "is_shared": False})
        await anyio.sleep(DAY_S)
        monkeypatch.setattr(child_reader, "LONGEST_ANSWER", CAP)
        one.simulator.quirks = Quirks(max_parts=CAP)
        one.change = counting(parts, count, is_doubled=is_doubled)
        for _ in range(2):
            report = await one.sync(*names, reconcile="now")
            assert one.rows(parts).keys() >= before
            (found,) = (each for each in report.streams if each.name == parts)
            assert is_doubled or (report.is_complete and found.truncated == wanted)
            await anyio.sleep(DAY_S)


def test_no_more_is_remembered_than_is_meant() -> None:
    state = StreamState()
    for number in range(MOST_TRUNCATED):
        assert state.note_truncated(str(number), number + 1) == 0

    assert state.note_truncated("more", 7) == 7
    assert state.note_truncated("5", 9) == 0
    assert len(state.truncated) == MOST_TRUNCATED
    assert list(state.most_truncated().values())[:2] == [MOST_TRUNCATED, MOST_TRUNCATED - 1]
    assert len(state.most_truncated()) == MOST_NAMED
    assert state.note_truncated("5", 0) == 0
    assert state.note_truncated("more", 7) == 0
