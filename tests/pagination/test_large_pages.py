"""A page of some megabytes lets others run while it is decoded, and is the page it always was."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Any

import msgspec
import pytest

from intercom_async import DecodeError, NotFoundError
from intercom_async.clock import CLOCK
from intercom_async.codec.pieces import BATCH_BYTES, LARGE_BYTES
from intercom_async.transport.base import Reply
from tests.support.scripted_client import Client, failure, reply

pytestmark = pytest.mark.anyio

RANDOM = Random(24)
LENGTHS = [RANDOM.choice([10, 500, 20_000]) for _ in range(300)]
"""Bytes of the text in each row; two megabytes together."""


def contacts(lengths: list[int]) -> list[dict[str, Any]]:
    return [
        {"type": "contact", "id": str(number), "name": "x" * length}
        for number, length in enumerate(lengths)
    ]


def page(rows: list[Any], following: str | None = None) -> Reply:
    pages = {"type": "pages", "next": {"page": 2, "starting_after": following}}
    body = {"type": "list", "data": rows, "pages": pages if following else None}
    return reply(200, body)


class LoopSteps:
    """What a caller's struct has decoded in each turn of the loop that others had."""

    def __init__(self) -> None:
        self.sizes: list[int] = [0]

    def row_type(self) -> Any:
        """Make a struct that notes how much text each of its rows had."""

        def note(row: Any) -> None:
            self.sizes[-1] += len(row.name)

        return msgspec.defstruct(
            "Noted", [("id", str), ("name", str)], namespace={"__post_init__": note}
        )

    @asynccontextmanager
    async def counted(self) -> AsyncGenerator[None]:
        """Begin a turn as often as the loop lets another task run."""

        async def begin() -> None:
            while True:
                self.sizes.append(0)
                await CLOCK.sleep(0)

        task = asyncio.create_task(begin())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_a_large_page_is_decoded_in_several_turns_of_the_loop(client: Client) -> None:
    steps = LoopSteps()
    async with client(page(contacts(LENGTHS))) as intercom:
        contacts_here = intercom.contacts.list().as_(steps.row_type())
        async with steps.counted():
            found = (await contacts_here.page()).items
    assert [len(row.name) for row in found] == LENGTHS
    assert sum(steps.sizes) == sum(LENGTHS)
    assert max(steps.sizes) <= BATCH_BYTES
    assert sum(size > 0 for size in steps.sizes) < 3 * sum(LENGTHS) / BATCH_BYTES


async def test_a_page_with_odd_rows_is_repaired_in_several_turns(client: Client) -> None:
    rows: list[Any] = contacts(LENGTHS)
    rows[100] = {"type": "contact", "name": "without an id"}
    rows[200] = {"type": "contact", "id": "200", "name": 7}
    steps = LoopSteps()
    async with client(page(rows)) as intercom:
        contacts_here = intercom.contacts.list().as_(steps.row_type())
        async with steps.counted():
            found = await contacts_here.page()
    assert [row.id for row in found.items] == [str(n) for n in range(300) if n != 100]
    assert found.items[199].name == "7"
    assert [msgspec.json.decode(row) for row in found.unreadable] == [rows[100]]
    assert max(steps.sizes) <= BATCH_BYTES


async def test_a_row_longer_than_a_batch_is_one_by_itself(client: Client) -> None:
    lengths = [10, 3 * BATCH_BYTES, 10, 2 * BATCH_BYTES]
    steps = LoopSteps()
    async with client(page(contacts(lengths))) as intercom, steps.counted():
        found = await intercom.contacts.list().as_(steps.row_type()).page()
    assert [len(row.name) for row in found.items] == lengths
    assert max(steps.sizes) == 3 * BATCH_BYTES


async def test_a_small_page_is_decoded_in_one_turn(client: Client) -> None:
    lengths = [1_000] * (LARGE_BYTES // 1_100)
    steps = LoopSteps()
    async with client(page(contacts(lengths))) as intercom, steps.counted():
        await intercom.contacts.list().as_(steps.row_type()).page()
    assert [size for size in steps.sizes if size] == [sum(lengths)]


async def test_large_pages_lead_on_as_others_do(client: Client) -> None:
    first, second = page(contacts(LENGTHS), "a"), page(contacts(LENGTHS[:200]))
    async with client(first, second, second, first, second) as intercom:
        pager = intercom.contacts.list()
        pages = [each async for each in pager.pages()]
        (rest,) = [each async for each in pager.resume(pages[0].checkpoint).pages()]
        raw = await pager.raw().collect()
    assert [len(each.items) for each in pages] == [300, 200]
    assert rest.items == pages[1].items
    assert [len(msgspec.json.decode(row)["name"]) for row in raw] == LENGTHS + LENGTHS[:200]


async def test_a_large_answer_that_is_no_page_is_read_whole(client: Client) -> None:
    contact = {"type": "contact", "id": "7", "name": "x" * 2 * LARGE_BYTES}
    async with client(reply(200, contact)) as intercom:
        assert len((await intercom.contacts.get("7")).name or "") == 2 * LARGE_BYTES


async def test_large_answers_that_are_refused_raise_what_small_ones_do(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    class Strict(msgspec.Struct):
        id: str
        weight: int

    long = "x" * 2 * LARGE_BYTES
    broken = reply(200, b'{"type":"list","data":[' + b" " * LARGE_BYTES)
    with caplog.at_level(logging.DEBUG, "intercom_async"):
        async with client(
            failure(404, "not_found", long), page(contacts(LENGTHS)), *[broken] * 9
        ) as intercom:
            with pytest.raises(NotFoundError):
                await intercom.contacts.list().page()
            with pytest.raises(DecodeError, match=r"Page\[Strict\]") as mistaken:
                await intercom.contacts.list().as_(Strict).page()
            with pytest.raises(DecodeError, match="the body is not JSON"):
                await intercom.contacts.list().page()
    assert mistaken.value.path == "$.data[0].weight"
    assert "answered 200" in caplog.text


async def test_a_call_that_is_cancelled_while_it_decodes_leaves_nothing_behind(
    client: Client,
) -> None:
    steps = LoopSteps()
    async with client(*[page(contacts(LENGTHS))] * 2) as intercom:
        reading = asyncio.create_task(intercom.contacts.list().as_(steps.row_type()).page())
        while steps.sizes == [0]:
            await CLOCK.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert 0 < steps.sizes[0] <= 2 * BATCH_BYTES
        assert len((await intercom.contacts.list().page()).items) == len(LENGTHS)
