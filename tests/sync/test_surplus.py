"""Rows that no change tells of come with the next run, as the server counts more than are held."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async.clock import CLOCK
from intercom_async.simulator import Quirks
from intercom_async.sync import plan
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import DAY_S, Answer, World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

STREAMS = ("contacts", "conversations", "conversation_parts")
ROWS = 40
LONG_AGO_S = 300 * DAY_S


async def import_conversation(one: World, number: int) -> None:
    """Bring one from elsewhere with the time that it had there."""
    contact = one.simulator.workspace.contacts.value_at(number, "id")
    await one.intercom.conversations.create(
        contact_id=str(contact),
        body="from elsewhere",
        created_at=int(CLOCK.unix()) - LONG_AGO_S - number,
    )


async def add_contact(one: World, number: int) -> None:
    """Add one whose times are long ago."""
    made = await one.intercom.contacts.create(email=f"old{number}@example.com")
    row = one.simulator.workspace.contacts.change(str(made.id))
    row["created_at"] = row["updated_at"] = int(CLOCK.unix()) - LONG_AGO_S


async def unarchive_contact(one: World, number: int) -> None:
    """Take one back that went before 150 others, without a new time."""
    contacts, table = one.intercom.contacts, one.simulator.workspace.contacts
    key = str(table.value_at(number, "id"))
    before = table.find(key)
    assert before is not None
    others = [await contacts.create(email=f"{number}-{nth}@example.com") for nth in range(155)]
    await one.sync(*STREAMS)
    await anyio.sleep(DAY_S)
    await contacts.archive(key)
    await anyio.sleep(2 * 3_600)
    await one.sync(*STREAMS)
    for other in others:
        await contacts.archive(str(other.id))
    await anyio.sleep(DAY_S)
    await one.sync(*STREAMS)
    await anyio.sleep(DAY_S)
    await contacts.unarchive(key)
    table.change(key)["updated_at"] = before["updated_at"]


Come = Callable[[World, int], Awaitable[None]]


@pytest.mark.parametrize("come", [import_conversation, add_contact, unarchive_contact])
async def test_a_row_without_a_new_time_comes_with_the_next_run(come: Come, tmp_path: Path) -> None:
    async with world(tmp_path, contacts=ROWS, conversations=ROWS) as one:
        assert (await one.sync(*STREAMS)).is_complete
        for number in range(2):
            await anyio.sleep(DAY_S)
            await come(one, number)
            report = await one.sync(*STREAMS)
            assert report.is_complete
            assert await one.is_whole("contacts", "conversations")


def count_more(request: Request, answer: Answer) -> Answer:
    """Let searches count five contacts too many."""
    if not (isinstance(answer, Reply) and request.url.endswith("/contacts/search")):
        return answer
    body: dict[str, Any] = msgspec.json.decode(answer.body)
    if "total_count" in body:
        body["total_count"] += 5
    return Reply(answer.status, answer.headers, msgspec.json.encode(body))


async def test_a_count_that_is_right_again_hides_no_row(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=ROWS) as one:
        await one.sync("contacts")
        one.change = count_more
        await anyio.sleep(DAY_S)
        await one.sync("contacts")
        one.change = None
        await anyio.sleep(DAY_S)
        await one.sync("contacts")
        for number in range(3):
            await anyio.sleep(DAY_S)
            await add_contact(one, number)
            assert (await one.sync("contacts")).is_complete
            assert await one.is_whole("contacts"), number


async def test_what_is_counted_wrongly_costs_one_sweep(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=2_000) as one:
        await one.sync("contacts")

        one.change = count_more
        prices: list[int] = []
        for _ in range(5):
            await anyio.sleep(DAY_S)
            before = one.simulator.requests
            report = await one.sync("contacts")
            prices.append(one.simulator.requests - before)
            assert any("counts" in note for note in report.notes)
        assert prices[0] > 14
        assert max(prices[1:]) <= 8, prices

        one.change = None
        await anyio.sleep(DAY_S)
        assert not (await one.sync("contacts")).notes
        # Rows that do come are not hidden by those that were counted once.
        await add_contact(one, 0)
        assert (await one.sync("contacts")).is_complete
        assert await one.is_whole("contacts")


@pytest.mark.parametrize("lag_s", [0.0, 1_500.0])
async def test_rows_that_come_and_go_cost_no_sweep(lag_s: float, tmp_path: Path) -> None:
    async with world(tmp_path, contacts=2_000, quirks=Quirks(search_lag_s=lag_s)) as one:
        await one.sync("contacts")
        keys = list(await one.truth("contacts"))
        for night in range(4):
            await anyio.sleep(DAY_S)
            for key in keys[10 * night : 10 * night + 10]:
                await one.intercom.contacts.delete(key)
            for number in range(5):
                await one.intercom.contacts.create(email=f"new{night}-{number}@example.com")
            planned = await plan(one.intercom, ["contacts"])
            before = one.simulator.requests
            report = await one.sync("contacts")
            assert report.is_complete
            assert one.simulator.requests - before <= planned.changed_calls + 6


@pytest.mark.parametrize("status", [400, 404, 422])
async def test_a_search_that_fails_refuses_no_stream(status: int, tmp_path: Path) -> None:
    """Which of the rows that went are counted still is not known then: a sweep tells."""
    async with world(tmp_path, contacts=ROWS) as one:
        await one.sync("contacts")
        await anyio.sleep(DAY_S)
        for key in list(await one.truth("contacts"))[:3]:
            await one.intercom.contacts.delete(key)
        for number in range(5):
            await add_contact(one, number)
        searches = 0

        def fail_the_second(request: Request, answer: Answer) -> Answer:
            nonlocal searches
            searches += b'"IN"' in (request.body or b"")
            if searches != 2 or b'"IN"' not in (request.body or b""):
                return answer
            return Reply(status, {}, b'{"type":"error.list","errors":[{"code":"no"}]}')

        one.change = fail_the_second
        report = await one.sync("contacts")
        one.change = None
        assert searches >= 2
        assert report.is_complete
        assert await one.is_whole("contacts")


BRING = {"contacts": add_contact, "conversations": import_conversation}


def add_new(one: World, stream: str, name: str) -> None:
    """Add a row of this moment."""
    body: dict[str, Any] = {"email": f"{name}@example.com"}
    if stream == "conversations":
        key = one.simulator.workspace.contacts.value_at(0, "id")
        body = {"from": {"type": "user", "id": key}, "body": name}
    one.simulator.call("POST", f"/{stream}", body)


@pytest.mark.parametrize("stream", BRING)
@pytest.mark.parametrize("happens", ["comes", "goes"])
async def test_what_happens_meanwhile_hides_no_row(
    stream: str, happens: str, tmp_path: Path
) -> None:
    """Each night another row comes or goes, a call later: it stands for none, then or later."""
    async with world(tmp_path, contacts=ROWS, conversations=ROWS) as one:
        await one.sync(stream)
        left, keys = 0, list(await one.truth(stream))

        def happen(_: Request, answer: Answer) -> Answer:
            nonlocal left
            left -= 1
            if not left and happens == "goes":
                one.simulator.call("DELETE", f"/{stream}/{keys.pop()}")
            elif not left:
                add_new(one, stream, f"new{keys.pop()}")
            return answer

        for number in range(1, 13):
            await anyio.sleep(DAY_S)
            before = await one.truth(stream)
            await BRING[stream](one, number)
            brought = (await one.truth(stream)).keys() - before.keys()
            one.change, left = happen, number
            report = await one.sync(stream)
            one.change = None
            assert report.is_complete
            assert brought <= one.rows(stream).keys(), number


async def test_rows_that_come_all_the_time_cost_no_sweep(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=2_000) as one:
        await one.sync("contacts")
        await anyio.sleep(DAY_S)
        add_new(one, "contacts", "before")
        made = 0

        def add_another(request: Request, answer: Answer) -> Answer:
            nonlocal made
            if request.url.endswith("/contacts/search"):
                made += 1
                add_new(one, "contacts", f"new{made}")
            return answer

        one.change = add_another
        report = await one.sync("contacts")
        assert report.is_complete
        assert 2 < made < 14


@pytest.mark.parametrize("number", [8, 16])
async def test_days_that_become_others_while_they_are_read_hide_no_row(
    number: int, tmp_path: Path
) -> None:
    """A span read by the days of one zone ends before the next one begins by those of another."""
    async with world(tmp_path, contacts=3_000, quirks=Quirks(day_zone="America/New_York")) as one:
        calls = 0

        def change(_: Request, answer: Answer) -> Answer:
            nonlocal calls
            calls += 1
            if calls == number:
                one.simulator.quirks = Quirks(day_zone="Pacific/Auckland")
            return answer

        one.change = change
        report = await one.sync("contacts")
        assert report.is_complete
        assert calls > number
        assert await one.is_whole("contacts")
