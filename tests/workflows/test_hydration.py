"""Full objects for a stream: each once, in the order asked for, with nothing left running."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, strategies as st

from intercom_async import ConfigError, Intercom
from intercom_async.clock import CLOCK
from intercom_async.errors import ForbiddenError, NotFoundError
from intercom_async.fields import EventFields
from intercom_async.models import Conversation
from intercom_async.transport import MemoryTransport
from intercom_async.transport.base import Reply, Request
from intercom_async.workflows.concurrency import fan_out
from intercom_async.workflows.hydration import MAX_PARTS, Hydrated
from tests.support.scripted_client import Client, failure, reply
from tests.support.virtual_time import run_virtual

pytestmark = pytest.mark.anyio

Answer = Callable[[str], Reply]


EMPTY: list[Any] = []


def conversation(number: str, parts: int = 1, **more: Any) -> dict[str, Any]:
    kept = [{"id": str(part)} for part in range(min(parts, MAX_PARTS))]
    return {
        "type": "conversation",
        "id": number,
        "conversation_parts": {"conversation_parts": kept, "total_count": parts},
        **more,
    }


def found(number: str) -> Reply:
    return reply(200, conversation(number))


class Server:
    """Answers single conversations, and knows how many were asked for at once."""

    def __init__(self, answer: Answer | None = None, slow: dict[str, float] | None = None) -> None:
        self._answer = answer or found
        self._slow = slow or {}
        self.under_way = 0
        self.most = 0
        self.asked: list[str] = []

    async def __call__(self, request: Request) -> Reply:
        number = request.url.rpartition("/")[2]
        self.asked.append(number)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await CLOCK.sleep(self._slow.get(number, 1.0))
            return self._answer(number)
        finally:
            self.under_way -= 1


def ids(stream: list[Hydrated[Conversation]]) -> list[str]:
    return [each.id for each in stream]


async def everything(intercom: Intercom, source: Any, **how: Any) -> list[Hydrated[Conversation]]:
    return [each async for each in intercom.conversations.hydrate(source, **how)]


async def test_each_item_of_a_list_comes_once_with_its_parts(client: Client) -> None:
    listed = {"conversations": [{"id": str(number)} for number in range(20)]}
    server = Server()

    async def answer(request: Request) -> Reply:
        return reply(200, listed) if request.url.endswith("s") else await server(request)

    async with client(answer) as intercom:
        found = await everything(intercom, intercom.conversations.list())

    assert sorted(ids(found), key=int) == [str(number) for number in range(20)]
    assert all(each.item and each.item.conversation_parts for each in found)
    assert all(each.missing_parts == 0 for each in found)


async def test_no_more_requests_are_in_flight_than_workers(client: Client) -> None:
    server = Server()
    async with client(server) as intercom:
        await everything(intercom, range(1, 30), concurrency=4)
    assert server.most == 4


async def test_results_come_as_soon_as_they_are_ready(client: Client) -> None:
    server = Server(slow={"1": 10.0})
    async with client(server) as intercom:
        found = await everything(intercom, ["1", "2", "3"], concurrency=2)
    assert ids(found) == ["2", "3", "1"]


async def test_results_come_in_order_on_request(client: Client) -> None:
    server = Server(slow={"1": 10.0, "4": 5.0})
    async with client(server) as intercom:
        found = await everything(intercom, ["1", "2", "3", "4", "5"], concurrency=3, ordered=True)
    assert ids(found) == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("ordered", [False, True])
async def test_results_that_are_not_taken_stop_the_workers(client: Client, ordered: bool) -> None:  # noqa: FBT001 (a case)
    server = Server()
    read: list[int] = []

    async def source() -> AsyncIterator[int]:
        for number in range(1, 1000):
            read.append(number)
            yield number

    async with (
        client(server) as intercom,
        intercom.conversations.hydrate(source(), concurrency=4, ordered=ordered) as stream,
    ):
        await anext(stream)
        await CLOCK.sleep(1000)
        assert len(read) <= 4 * 4
        assert len(server.asked) <= 4 * 4


async def test_a_slow_source_does_not_delay_ready_results(client: Client) -> None:
    async def source() -> AsyncIterator[str]:
        yield "1"
        await CLOCK.sleep(1000)
        yield "2"

    async with client(Server()) as intercom:
        stream = aiter(intercom.conversations.hydrate(source()))
        assert (await anext(stream)).id == "1"
        assert CLOCK.now() < 10
        assert (await anext(stream)).id == "2"


async def test_a_deleted_object_has_its_error_and_the_stream_goes_on(client: Client) -> None:
    def answer(number: str) -> Reply:
        if number == "2":
            return failure(404, "not_found")
        return reply(200, conversation(number))

    async with client(Server(answer)) as intercom:
        found = await everything(intercom, ["1", "2", "3"], ordered=True)

    assert [each.item is None for each in found] == [False, True, False]
    assert isinstance(found[1].error, NotFoundError)


@pytest.mark.parametrize("ordered", [False, True])
async def test_another_error_is_raised_as_it_is_and_leaves_nothing_running(
    client: Client,
    ordered: bool,  # noqa: FBT001 (a case)
) -> None:
    def answer(number: str) -> Reply:
        return failure(403, "forbidden") if number == "7" else reply(200, conversation(number))

    server = Server(answer, slow={"5": 1000.0})
    before = asyncio.all_tasks()
    async with client(server) as intercom:
        with pytest.raises(ForbiddenError):
            await everything(intercom, range(1, 100), concurrency=3, ordered=ordered)
        assert server.under_way == 0
        assert asyncio.all_tasks() == before


async def test_an_error_of_the_source_is_raised(client: Client) -> None:
    async def source() -> AsyncIterator[str]:
        yield "1"
        raise LookupError("broken")

    async with client(Server()) as intercom:
        with pytest.raises(LookupError, match="broken"):
            await everything(intercom, source())


@pytest.mark.parametrize("ordered", [False, True])
async def test_leaving_the_stream_leaves_nothing_running(client: Client, ordered: bool) -> None:  # noqa: FBT001 (a case)
    server = Server()
    before = asyncio.all_tasks()
    async with client(server) as intercom:
        async with intercom.conversations.hydrate(range(1, 100), ordered=ordered) as stream:
            async for _ in stream:
                break
        assert server.under_way == 0
        assert asyncio.all_tasks() == before


async def test_a_cancel_leaves_nothing_running(client: Client) -> None:
    server = Server(slow={str(number): 100.0 for number in range(10)})
    before = asyncio.all_tasks()
    async with client(server) as intercom:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await everything(intercom, range(10))
        assert server.most > 1
        assert server.under_way == 0
        assert asyncio.all_tasks() == before


@pytest.mark.parametrize(
    ("answer", "missing"),
    [
        (conversation("1", 3), 0),
        (conversation("1", 3, statistics={"count_conversation_parts": 4}), 0),
        (conversation("1", 812), 312),
        (
            conversation("1", 500, statistics={"count_conversation_parts": 640}),
            140,
        ),
        ({"type": "conversation", "id": "1", "statistics": {"count_conversation_parts": 6}}, 6),
    ],
    ids=["whole", "statistics count more", "the list says", "statistics say", "no parts at all"],
)
async def test_missing_parts_are_counted(
    client: Client, answer: dict[str, Any], missing: int
) -> None:
    async with client(reply(200, answer)) as intercom:
        [found] = await everything(intercom, ["1"])
    assert found.missing_parts == missing


async def test_tickets_are_hydrated_alike(client: Client) -> None:
    answer = {
        "type": "ticket",
        "id": "7",
        "ticket_parts": {"ticket_parts": EMPTY, "total_count": 2},
    }
    memory = MemoryTransport([reply(200, answer)])
    async with client(transport=memory) as intercom:
        [found] = [each async for each in intercom.tickets.hydrate([7])]
    assert found.item
    assert (found.id, found.item.id, found.missing_parts) == ("7", "7", 2)
    assert memory.requests[0].url.endswith("/tickets/7")


@pytest.mark.parametrize(
    ("source", "how"),
    [
        ("123", {}),
        (b"123", {}),
        (7, {}),
        (["1"], {"concurrency": 0}),
        (["1"], {"concurrency": True}),
        (["1"], {"concurrency": 10_001}),
    ],
)
async def test_impossible_settings_are_refused_at_once(
    client: Client, source: Any, how: dict[str, Any]
) -> None:
    async with client() as intercom:
        with pytest.raises(ConfigError):
            intercom.conversations.hydrate(source, **how)


async def test_what_has_no_id_is_refused(client: Client) -> None:
    async with client() as intercom:
        with pytest.raises(ConfigError, match="float"):
            await everything(intercom, [1.5])


async def test_a_stream_of_events_is_sent_concurrently(client: Client) -> None:
    async def events() -> AsyncIterator[EventFields]:
        for number in range(1, 101):
            yield {"event_name": "ordered", "user_id": number, "created_at": number}

    memory = MemoryTransport(lambda _: reply(202))
    async with client(transport=memory) as intercom:
        taken = await intercom.events.create_many(events())
    assert taken == 100
    assert len({request.body for request in memory.requests}) == 100


async def test_each_refused_event_is_reported(client: Client) -> None:
    def answer(request: Request) -> Reply:
        return failure(404, "not_found") if b'"2"' in (request.body or b"") else reply(202)

    refused: list[Any] = []
    async with client(answer) as intercom:
        taken = await intercom.events.create_many(
            [{"event_name": "x", "user_id": number} for number in (1, 2, 3)],
            on_refused=lambda event, error: refused.append((event.get("user_id"), error.status)),
        )
        assert (taken, refused) == (2, [(2, 404)])
        with pytest.raises(NotFoundError):
            await intercom.events.create_many([{"event_name": "x", "user_id": 2}])


@given(
    st.lists(st.integers(0, 5), max_size=40),
    st.integers(1, 8),
    st.booleans(),
    st.integers(0, 3),
)
def test_every_entry_is_processed_once(
    pauses: list[int],
    concurrency: int,
    ordered: bool,  # noqa: FBT001 (a case)
    dawdling: int,
) -> None:
    under_way = most = 0

    async def work(entry: tuple[int, int]) -> int:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await CLOCK.sleep(entry[1])
        under_way -= 1
        return entry[0]

    async def main() -> list[int]:
        results: list[int] = []
        source = list(enumerate(pauses))
        async for number in fan_out(source, work, concurrency=concurrency, ordered=ordered):
            results.append(number)
            await CLOCK.sleep(dawdling)
        assert len(asyncio.all_tasks()) == 1
        return results

    results = run_virtual(main())
    assert (results if ordered else sorted(results)) == list(range(len(pauses)))
    assert most <= concurrency


@given(st.lists(st.integers(0, 3), min_size=1, max_size=20), st.data())
def test_an_error_anywhere_ends_everything(pauses: list[int], data: st.DataObject) -> None:
    broken = data.draw(st.integers(0, len(pauses) - 1))
    concurrency, ordered = data.draw(st.integers(1, 5)), data.draw(st.booleans())

    async def work(number: int) -> int:
        await CLOCK.sleep(pauses[number])
        if number == broken:
            raise LookupError
        return number

    async def main(run: Callable[[], Awaitable[None]]) -> None:
        with pytest.raises(LookupError):
            await run()
        assert len(asyncio.all_tasks()) == 1

    async def run() -> None:
        source = range(len(pauses))
        async for number in fan_out(source, work, concurrency=concurrency, ordered=ordered):
            assert number != broken

    run_virtual(main(run))
