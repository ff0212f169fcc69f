"""Parts of a conversation are what one answer gives, where that answer agrees with itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async.sync.checkpoint import MANY_MISCOUNTED
from intercom_async.sync.report import Report
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

NAMES = ("conversations", "conversation_parts")
Conversation = dict[str, Any]


def rows_of(body: Conversation) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = body["conversation_parts"]["conversation_parts"]
    return rows


def without_the_first(body: Conversation) -> None:
    del rows_of(body)[0]


def one_counted_too_many(body: Conversation) -> None:
    body["conversation_parts"]["total_count"] += 1


def one_twice_for_another(body: Conversation) -> None:
    rows_of(body)[0] = dict(rows_of(body)[-1], author=None)


def none_of_those_counted(body: Conversation) -> None:
    rows_of(body).clear()


def an_empty_list(body: Conversation) -> None:
    body["conversation_parts"].update(conversation_parts=[], total_count=0)


def no_list(body: Conversation) -> None:
    del body["conversation_parts"]


def one_without_an_id(body: Conversation) -> None:
    del rows_of(body)[0]["id"]


def one_is_null(body: Conversation) -> None:
    body["conversation_parts"]["conversation_parts"][0] = None


def of_another(body: Conversation) -> None:
    body["id"] = "999999999"


def one_twice(body: Conversation) -> None:
    rows_of(body).append(dict(rows_of(body)[0]))


def not_counted(body: Conversation) -> None:
    body["conversation_parts"]["total_count"] = None


def counted_as_none(body: Conversation) -> None:
    body["conversation_parts"]["total_count"] = 0


def statistics_gone(body: Conversation) -> None:
    body["statistics"] = None


def redacted(body: Conversation) -> None:
    for row in rows_of(body):
        row.update(body=None, redacted=True)


def naming_another_parent(body: Conversation) -> None:
    for row in rows_of(body):
        row["conversation_id"] = "999999999"


def statistics_of_more(body: Conversation) -> None:
    """They count something else; the answer counts what it has."""
    body["statistics"]["count_conversation_parts"] += 2


def cut_and_counted_as_none(body: Conversation) -> None:
    del rows_of(body)[0]
    counted_as_none(body)


def cut_without_a_count(body: Conversation) -> None:
    del rows_of(body)[0]
    del body["conversation_parts"]["total_count"]


BROKEN = (
    without_the_first, one_counted_too_many, one_twice_for_another, none_of_those_counted,
    an_empty_list, no_list, one_without_an_id, one_is_null, of_another,
    cut_and_counted_as_none, cut_without_a_count,
)  # fmt: skip
WHOLE = (
    one_twice, not_counted, counted_as_none, statistics_gone, redacted, naming_another_parent,
    statistics_of_more,
)  # fmt: skip


def answering(change: Callable[[Conversation], None]) -> Callable[[Request, Answer], Answer]:
    """Return what changes each answer with the parts of a conversation."""

    def changed(request: Request, answer: Answer) -> Answer:
        is_one = request.method == "GET" and "/conversations/" in request.url
        if not is_one or not isinstance(answer, Reply) or answer.status != 200:
            return answer
        body: Conversation = msgspec.json.decode(answer.body)
        if not body.get("conversation_parts", {}).get("conversation_parts"):
            return answer
        change(body)
        return Reply(200, answer.headers, msgspec.json.encode(body))

    return changed


async def truth(one: World) -> dict[str, set[str]]:
    """Return the parts of each conversation."""
    found: dict[str, set[str]] = {}
    for key in await one.truth("conversations"):
        parts = (await one.intercom.conversations.get(key)).conversation_parts
        assert parts is not None
        found[key] = {part.id for part in parts.conversation_parts}
    return {key: parts for key, parts in found.items() if parts}


def held(one: World) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for part in one.rows("conversation_parts").values():
        found.setdefault(part["conversation_id"], set()).add(part["id"])
    return found


def touch(one: World) -> None:
    for key in held(one):
        one.simulator.call("PUT", f"/conversations/{key}", {"title": "changed"})


def missing(report: Report) -> int:
    (found,) = (each.missing for each in report.streams if each.name == "conversation_parts")
    return found


@pytest.mark.parametrize("change", BROKEN, ids=lambda change: change.__name__)
@pytest.mark.parametrize("is_first", [True, False], ids=["first", "later"])
async def test_an_answer_that_lacks_parts_is_a_hole(
    change: Callable[[Conversation], None], *, is_first: bool, tmp_path: Path
) -> None:
    """What stood before stays, and comes back whole with the next answer that is."""
    async with world(tmp_path, contacts=3, conversations=5) as one:
        wanted = await truth(one)
        if not is_first:
            await one.sync(*NAMES)
            await anyio.sleep(DAY_S)
            touch(one)
        one.change = answering(change)
        report = await one.sync(*NAMES)
        assert {failure.what for failure in report.failures} == wanted.keys()
        assert report.exit_code == 3
        if not is_first:
            assert held(one) == wanted
        assert one.rows("conversations").keys() == set(await one.truth("conversations"))

        one.change = None
        await anyio.sleep(DAY_S)
        touch(one)
        healed = await one.sync(*NAMES)
        assert healed.is_complete
        assert missing(healed) == 0
        assert held(one) == wanted


@pytest.mark.parametrize("change", WHOLE, ids=lambda change: change.__name__)
async def test_an_answer_that_lacks_none_is_whole(
    change: Callable[[Conversation], None], tmp_path: Path
) -> None:
    async with world(tmp_path, contacts=3, conversations=5) as one:
        wanted = await truth(one)
        one.change = answering(change)
        report = await one.sync(*NAMES)

        assert report.is_complete
        assert missing(report) == 0
        assert held(one) == wanted


@pytest.mark.parametrize(
    "change",
    [without_the_first, one_counted_too_many, cut_without_a_count],
    ids=lambda change: change.__name__,
)
async def test_what_never_comes_is_settled(
    change: Callable[[Conversation], None], tmp_path: Path
) -> None:
    """The same answer on another night is all there is: it is counted, and looked for weekly."""
    async with world(tmp_path, contacts=3, conversations=5) as one:
        wanted = await truth(one)
        one.change = answering(change)
        assert (await one.sync(*NAMES)).exit_code == 3
        assert (await one.sync(*NAMES)).exit_code == 3
        await anyio.sleep(DAY_S)
        for _ in range(2):
            report = await one.sync(*NAMES)
            assert report.is_complete
            assert missing(report) == len(wanted)
            await anyio.sleep(8 * DAY_S)

        one.change = None
        report = await one.sync(*NAMES)
        assert report.is_complete
        assert missing(report) == 0
        assert held(one) == wanted


@pytest.mark.parametrize("number", [5, 30])
async def test_statistics_that_always_count_more_are_no_holes_for_ever(
    number: int, tmp_path: Path
) -> None:
    """They may count what no answer has: each is a hole once, and those after many are none."""
    more = 2

    def counted(body: Conversation) -> None:
        not_counted(body)
        body["statistics"]["count_conversation_parts"] += more

    async with world(tmp_path, contacts=3, conversations=number) as one:
        wanted = await truth(one)
        one.change = answering(counted)
        report = await one.sync(*NAMES)
        assert len(report.failures) >= min(number, MANY_MISCOUNTED)
        assert held(one) == wanted
        assert (await one.sync(*NAMES)).failures == report.failures
        for _ in range(3):
            await anyio.sleep(DAY_S)
            assert missing(await one.sync(*NAMES)) == 2 * len(await truth(one))
            touch(one)
            key, contact = [*wanted][-1], (await one.intercom.contacts.list().collect())[0].id
            sender = {"type": "user", "id": contact}
            made = one.simulator.call("POST", "/conversations", {"from": sender, "body": "new"})
            reply = {"message_type": "comment", "type": "user", "intercom_user_id": contact}
            for each in (key, made["conversation_id"]):
                one.simulator.call("POST", f"/conversations/{each}/reply", {**reply, "body": "x"})
            await anyio.sleep(3_600)
            report = await one.sync(*NAMES)
            new = [made["conversation_id"]] if number < MANY_MISCOUNTED else []
            assert [failure.what for failure in report.failures] == new
            assert held(one) == await truth(one)

        more = 0
        await anyio.sleep(8 * DAY_S)
        report = await one.sync(*NAMES)
        assert report.is_complete
        assert missing(report) == 0


async def test_a_conversation_without_parts_that_tells_no_count_is_whole(tmp_path: Path) -> None:
    """Its statistics count its first message as one, which is no part that may be missing."""

    def changed(request: Request, answer: Answer) -> Answer:
        is_one = request.method == "GET" and "/conversations/" in request.url
        if not is_one or not isinstance(answer, Reply) or answer.status != 200:
            return answer
        body: Conversation = msgspec.json.decode(answer.body)
        body["conversation_parts"] = {"conversation_parts": [], "total_count": 0}
        body["statistics"] = told[-1]
        return Reply(200, answer.headers, msgspec.json.encode(body))

    async with world(tmp_path, contacts=3, conversations=5) as one:
        told: list[dict[str, int] | None] = [{"count_conversation_parts": 1}]
        one.change = changed
        assert (await one.sync(*NAMES)).is_complete
        for statistics in (None, told[0]):
            told.append(statistics)
            await anyio.sleep(DAY_S)
            for key in await one.truth("conversations"):
                one.simulator.call("PUT", f"/conversations/{key}", {"title": "changed"})
            report = await one.sync(*NAMES)
            assert report.is_complete
            assert missing(report) == 0


def row_count(one: World, key: str) -> int:
    """Return how many parts a conversation says it has when it is read by its id."""
    row: dict[str, Any] = one.simulator.call("GET", f"/conversations/{key}")
    statistics: dict[str, int] = row.get("statistics") or {}
    return statistics.get("count_conversation_parts") or 0


async def test_parts_of_another_count_are_read_again_though_no_time_tells(tmp_path: Path) -> None:
    more, read = 0, list[str]()

    def counted(request: Request, answer: Answer) -> Answer:
        read.extend(request.url.rpartition("/")[2:] if request.method == "GET" else ())
        if not isinstance(answer, Reply) or not request.url.endswith("/search"):
            return answer
        body = msgspec.json.decode(answer.body)
        for row in body["conversations"]:
            row["statistics"] = {"count_conversation_parts": row_count(one, row["id"]) + more}
        return Reply(answer.status, answer.headers, msgspec.json.encode(body))

    async with world(tmp_path, conversations=3) as one:
        one.change = counted
        await one.sync("conversations", "conversation_parts")
        await anyio.sleep(DAY_S)
        read.clear()
        await one.sync("conversations", "conversation_parts", reconcile="now")
        assert not {*read} & {*await one.truth("conversations")}
        more = 1
        read.clear()
        await one.sync("conversations", "conversation_parts", reconcile="now")
        assert {*await one.truth("conversations")} <= {*read}


@pytest.mark.parametrize("is_short", [False, True])
@pytest.mark.parametrize("form", ["%s", "%s.0", " %s.0 "])
@pytest.mark.parametrize("is_text", [False, True])
@pytest.mark.parametrize("stream", ["conversations", "tickets"])
async def test_a_count_of_parts_is_read_in_any_form(
    stream: str, form: str, tmp_path: Path, *, is_text: bool, is_short: bool
) -> None:
    parts = f"{stream.removesuffix('s')}_parts"
    short = set[str]()

    def change(_: Request, answer: Answer) -> Answer:
        body: dict[str, Any] = msgspec.json.decode(answer.body) if isinstance(answer, Reply) else {}
        if not isinstance(answer, Reply) or not body.get(parts, {}).get(parts):
            return answer
        statistics: dict[str, Any] = body.get("statistics") or {}
        for told, name in ((body[parts], "total_count"), (statistics, "count_conversation_parts")):
            if name in told:
                text = form % told[name]
                told[name] = text if is_text else msgspec.json.decode(text)
        if is_short:
            del body[parts][parts][0]
            short.add(body["id"])
        return Reply(200, answer.headers, msgspec.json.encode(body))

    async with world(tmp_path, contacts=3, **{stream: 4}) as one:
        one.change = change
        report = await one.sync(stream, parts)
        assert {failure.what for failure in report.failures} == short
        assert one.rows(parts) or is_short


@pytest.mark.parametrize("count", [b'"many"', b"true", b"[]", b"{}", b"-1", b"1%030d" % 0])
async def test_a_total_of_parts_that_is_none_is_left_alone(count: bytes, tmp_path: Path) -> None:
    def change(request: Request, answer: Answer) -> Answer:
        if not isinstance(answer, Reply) or not request.url.rpartition("/")[2].isdigit():
            return answer
        body = re.sub(rb'"total_count":\d+}', b'"total_count":%b}' % count, answer.body)
        return Reply(answer.status, answer.headers, body)

    async with world(tmp_path, contacts=3, conversations=4) as one:
        wanted = await truth(one)
        one.change = change
        for _ in range(2):
            report = await one.sync(*NAMES)
            assert report.is_complete, report.failures
            assert held(one) == wanted
            assert missing(report) == 0
            await anyio.sleep(DAY_S)


@pytest.mark.parametrize("count", [-5, 2**64, 10**30])
async def test_a_count_of_parts_that_is_none_is_left_alone(count: int, tmp_path: Path) -> None:
    async with world(tmp_path, conversations=3, contacts=2) as one:

        def change(_: Request, answer: Answer) -> Answer:
            if not isinstance(answer, Reply):
                return answer
            told = b'"count_conversation_parts":%d' % count
            body = re.sub(rb'"count_conversation_parts":\d+', told, answer.body)
            return Reply(answer.status, answer.headers, body)

        one.change = change
        for _ in range(2):
            report = await one.sync("conversations", "conversation_parts")
            assert report.is_complete, report.failures
        assert one.rows("conversation_parts")
