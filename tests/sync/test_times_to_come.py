"""Rows made or changed on a day to come hide no other row, neither now nor later."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async.clock import CLOCK
from intercom_async.simulator import Quirks
from intercom_async.sync import child_reader
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

IN_2099 = 4_080_000_000
IN_2107 = 2**32 + 10**6
"""More than a key table's slot holds."""
CAP = 3

TIMES = [IN_2099, IN_2107, None, 0, -5, "soon"]
"""What a row may say of when it was made."""


def changing(
    key: str, field: str, value: object, *, without_date: bool = False
) -> Callable[[Request, Answer], Answer]:
    """Return what lets a row say another time in each answer that holds it."""

    def changed(value_of: Any) -> Any:
        is_list, is_object = (isinstance(value_of, kind) for kind in (list, dict))
        if is_list:
            return [changed(one) for one in value_of]
        if not is_object:
            return value_of
        found: dict[str, Any] = {name: changed(one) for name, one in value_of.items()}
        return found | {field: value} if found.get("id") == key else found

    def change(_: Request, answer: Answer) -> Answer:
        if not isinstance(answer, Reply) or answer.status != 200:
            return answer
        headers = dict(answer.headers)
        if without_date:
            headers = {name: one for name, one in headers.items() if name.lower() != "date"}
        body = changed(msgspec.json.decode(answer.body))
        return Reply(answer.status, headers, msgspec.json.encode(body))

    return change


@pytest.mark.parametrize("without_date", [False, True])
@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("place", [0, 3, -1])
async def test_a_log_entry_of_another_time_hides_no_other(
    place: int, time: object, tmp_path: Path, *, without_date: bool
) -> None:
    async with world(tmp_path, contacts=6) as one:
        logs = one.simulator.workspace.activity
        wrong = str(logs[place]["id"])
        one.change = changing(wrong, "created_at", time, without_date=without_date)
        await one.sync("activity_logs")
        assert one.rows("activity_logs").keys() == {str(row["id"]) for row in logs}
        for _ in range(3):
            await anyio.sleep(DAY_S)
            logs.append(logs[-1] | {"id": f"new-{len(logs)}", "created_at": int(CLOCK.unix())})
            await one.sync("activity_logs")
            assert one.rows("activity_logs").keys() == {str(row["id"]) for row in logs}


def parts_of(one: World, conversation: str) -> set[str]:
    rows = one.rows("conversation_parts").values()
    return {row["id"] for row in rows if row["conversation_id"] == conversation}


def reply(one: World, conversation: str) -> str:
    """Write a reply; return the id of its part."""
    admin = one.simulator.call("GET", "/admins")["admins"][0]["id"]
    body = {"message_type": "comment", "type": "admin", "admin_id": admin, "body": "hello"}
    found: Any = one.simulator.call("POST", f"/conversations/{conversation}/reply", body)
    return str(found["conversation_parts"]["conversation_parts"][-1]["id"])


def reply_to_ticket(one: World, ticket: str, number: int) -> str:
    """Write a reply, and another title; return the id of the reply's part."""
    admin = one.simulator.call("GET", "/admins")["admins"][0]["id"]
    body = {"message_type": "comment", "type": "admin", "admin_id": admin, "body": "hello"}
    found: Any = one.simulator.call("POST", f"/tickets/{ticket}/reply", body)
    title = {"ticket_attributes": {"_default_title_": f"title {number}"}}
    one.simulator.call("PUT", f"/tickets/{ticket}", title)
    return str(found["id"])


@pytest.mark.parametrize("is_old", [True, False])
@pytest.mark.parametrize("time", TIMES)
async def test_a_part_of_another_time_lets_no_other_go(
    time: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_old: bool
) -> None:
    """What is older than the oldest part of a truncated answer stays as it was last seen."""
    monkeypatch.setattr(child_reader, "LONGEST_ANSWER", CAP)
    async with world(tmp_path, contacts=3, conversations=1) as one:
        (key,) = await one.truth("conversations")
        old = [reply(one, key) for _ in range(2)]
        await anyio.sleep(60)
        if is_old:
            one.change = changing(old[0], "created_at", time)
        await one.sync("conversations", "conversation_parts")
        known = parts_of(one, key)
        assert known >= set(old)
        one.simulator.quirks = Quirks(max_parts=CAP)
        await anyio.sleep(DAY_S)
        new: list[str] = []
        for _ in range(CAP):
            await anyio.sleep(60)
            new.append(reply(one, key))
        if not is_old:
            one.change = changing(new[1], "created_at", time)
        report = await one.sync("conversations", "conversation_parts")

        assert parts_of(one, key) == known | set(new)
        assert report.is_complete


@pytest.mark.parametrize("time", TIMES)
async def test_parts_of_a_conversation_of_another_time_arrive(time: object, tmp_path: Path) -> None:
    async with world(tmp_path, contacts=3, conversations=3) as one:
        key, *_ = await one.truth("conversations")
        one.change = changing(key, "updated_at", time)
        await one.sync("conversations", "conversation_parts")
        for _ in range(3):
            await anyio.sleep(DAY_S)
            part = reply(one, key)
            assert (await one.sync("conversations", "conversation_parts")).is_complete
            assert part in parts_of(one, key)


@pytest.mark.parametrize("time", TIMES)
async def test_parts_of_a_ticket_of_another_time_arrive(time: object, tmp_path: Path) -> None:
    """A ticket does not count its parts: that its content is another one has to tell."""
    async with world(tmp_path, contacts=3, tickets=3) as one:
        key = str(one.simulator.workspace.tickets.value_at(1, "id"))
        one.change = changing(key, "updated_at", time)
        await one.sync("tickets", "ticket_parts")
        for number in range(3):
            await anyio.sleep(DAY_S)
            part = reply_to_ticket(one, key, number)
            assert (await one.sync("tickets", "ticket_parts")).is_complete
            assert part in one.rows("ticket_parts")


@pytest.mark.parametrize("field", ["created_at", "updated_at"])
@pytest.mark.parametrize("stream", ["contacts", "conversations"])
async def test_a_row_of_the_future_beside_a_broken_one_is_read(
    stream: str, field: str, tmp_path: Path
) -> None:
    """A page that fails is closed in on: the row that lies above its span arrives as well."""
    async with world(tmp_path, contacts=8, conversations=8) as one:
        keys = list(await one.truth(stream))
        ahead, broken = keys[0], keys[1]
        table = getattr(one.simulator.workspace, stream)
        table.change(ahead)[field] = IN_2099
        one.simulator.quirks = Quirks(poison={broken: "error"})
        report = await one.sync(stream)
        assert not report.is_complete
        assert one.rows(stream).keys() == set(keys) - {broken}
        assert one.rows(stream)[ahead][field] == IN_2099
