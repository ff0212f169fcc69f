"""Lists, from the caller's point of view."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit
from weakref import ref

import msgspec
import pytest

from intercom_async import ConfigError, DecodeError, F, Intercom, PaginationError, RetryPolicy
from intercom_async.transport import MemoryTransport
from intercom_async.transport.base import Reply, Request
from tests.support.scripted_client import Client, failure, reply

pytestmark = pytest.mark.anyio


def rows(*numbers: int) -> list[dict[str, Any]]:
    return [{"type": "contact", "id": str(number), "name": f"n{number}"} for number in numbers]


def page(numbers: list[int], following: Any = None, **fields: Any) -> Reply:
    pages = {"type": "pages", "page": 1, "next": following}
    return reply(200, {"type": "list", "data": rows(*numbers), "pages": pages, **fields})


def cursor(text: str) -> dict[str, Any]:
    return {"page": 2, "starting_after": text}


THREE = (page([1, 2], cursor("a"), total_count=5), page([3, 4], cursor("b")), page([5]))


def query_of(request: Request) -> dict[str, list[str]]:
    return parse_qs(urlsplit(request.url).query)


async def test_every_item_is_given_once_in_order(client: Client) -> None:
    memory = MemoryTransport(THREE)
    async with client(transport=memory) as intercom:
        found = [contact.id async for contact in intercom.contacts.list(per_page=2)]
    assert found == ["1", "2", "3", "4", "5"]
    assert [query_of(request).get("starting_after") for request in memory.requests] == [
        None,
        ["a"],
        ["b"],
    ]
    assert all(query_of(request)["per_page"] == ["2"] for request in memory.requests)


async def test_a_search_sends_its_cursor_in_the_body(client: Client) -> None:
    memory = MemoryTransport(THREE)
    async with client(transport=memory) as intercom:
        found = await intercom.contacts.search(F.role == "user", per_page=2, sort="id").collect()
    assert len(found) == 5
    bodies = [msgspec.json.decode(request.body or b"") for request in memory.requests]
    assert [body["pagination"].get("starting_after") for body in bodies] == [None, "a", "b"]
    assert all(body["pagination"]["per_page"] == 2 for body in bodies)
    assert all(body["sort"] == {"field": "id", "order": "ascending"} for body in bodies)
    assert all(request.url.endswith("/contacts/search") for request in memory.requests)


async def test_nothing_is_sent_before_it_is_iterated_over(client: Client) -> None:
    memory = MemoryTransport(THREE)
    async with client(transport=memory) as intercom:
        pager = intercom.contacts.list()
        assert memory.requests == []
        assert await pager.collect(limit=1) != []
        assert len(memory.requests) == 1


async def test_pages_say_what_they_hold_and_where_to_go_on(client: Client) -> None:
    async with client(*THREE) as intercom:
        pages = [page async for page in intercom.contacts.list().pages()]
    assert [len(page.items) for page in pages] == [2, 2, 1]
    assert pages[0].total_count == 5
    assert all(page.checkpoint for page in pages)


async def test_a_checkpoint_leads_on_in_another_process(client: Client) -> None:
    async with client(THREE[0]) as intercom:
        found = await anext(intercom.contacts.list().pages())
    async with client(*THREE[1:]) as intercom:
        rest = await intercom.contacts.list().resume(found.checkpoint).collect()
    assert [contact.id for contact in rest] == ["3", "4", "5"]


async def test_the_last_checkpoint_knows_that_it_is_the_end(client: Client) -> None:
    async with client(*THREE) as intercom:
        pages = [page async for page in intercom.contacts.list().pages()]
        assert await intercom.contacts.list().resume(pages[-1].checkpoint).collect() == []


async def test_a_wrong_checkpoint_is_refused_before_anything_is_sent(client: Client) -> None:
    async with client() as intercom:
        with pytest.raises(PaginationError):
            intercom.contacts.list().resume("nonsense")


async def test_first_and_collect_take_no_more_than_they_need(client: Client) -> None:
    async with client(THREE[0]) as intercom:
        first = await intercom.contacts.list().first()
        assert first is not None
        assert first.id == "1"
    async with client(*THREE[:2]) as intercom:
        assert len(await intercom.contacts.list().collect(limit=3)) == 3
    async with client(page([])) as intercom:
        assert await intercom.contacts.list().first() is None


class Slim(msgspec.Struct):
    id: str


async def test_items_can_be_read_into_the_callers_own_struct(client: Client) -> None:
    async with client(*THREE) as intercom:
        found = await intercom.contacts.list().as_(Slim).collect()
    assert found == [Slim(str(number)) for number in range(1, 6)]


async def test_items_can_be_taken_as_the_bytes_that_came(client: Client) -> None:
    async with client(*THREE) as intercom:
        found = await intercom.contacts.list().raw().collect()
    assert bytes(found[0]) == b'{"type":"contact","id":"1","name":"n1"}'


async def test_conversations_have_another_key(client: Client) -> None:
    body: dict[str, Any] = {"conversations": [{"id": "9"}], "pages": {}}
    async with client(reply(200, body), reply(200, body)) as intercom:
        [found] = await intercom.conversations.list(order="desc", sort="updated_at").collect()
        [slim] = await intercom.conversations.list().as_(Slim).collect()
    assert (found.id, slim.id) == ("9", "9")


@pytest.mark.parametrize("at", [1, 2, 5])
async def test_a_list_that_leads_back_is_an_error_within_two_pages(client: Client, at: int) -> None:
    """The page that repeats a cursor is not given: it may be one that was given already."""
    script = [page([number], cursor(f"c{number}")) for number in range(at)]
    repeats = page([99], cursor("c0"))
    seen: list[str] = []
    async with client(*script, repeats, repeats) as intercom:
        with pytest.raises(PaginationError, match="GET /contacts"):
            await note_ids(intercom, seen)
    assert seen == [str(number) for number in range(at)]


async def test_a_server_that_ignores_the_cursor_is_found_out(client: Client) -> None:
    memory = MemoryTransport(lambda _: page([1, 2], cursor("same")))
    async with client(transport=memory) as intercom:
        with pytest.raises(PaginationError):
            await intercom.contacts.search(F.role == "user").collect()
    assert len(memory.requests) == 2


@pytest.mark.parametrize(
    "following",
    ["https://api.intercom.io/contacts?starting_after=x", "https://evil.example/x?page=2"],
)
async def test_a_link_is_followed_on_the_clients_own_host(client: Client, following: str) -> None:
    memory = MemoryTransport([page([1], following), page([2])])
    async with client(transport=memory, region="eu") as intercom:
        assert len(await intercom.contacts.list().collect()) == 2
    assert memory.requests[1].url.startswith("https://api.eu.intercom.io/contacts?")


async def test_an_empty_page_with_a_cursor_goes_on(client: Client) -> None:
    async with client(page([], cursor("a")), page([1])) as intercom:
        assert len(await intercom.contacts.list().collect()) == 1


@pytest.mark.parametrize("broken", [reply(200), reply(200, "<html>"), reply(502)])
async def test_a_broken_page_is_read_again_and_never_the_end(client: Client, broken: Reply) -> None:
    async with client(THREE[0], broken, *THREE[1:]) as intercom:
        assert len(await intercom.contacts.list().collect()) == 5


async def test_a_page_without_its_list_is_not_an_empty_one(client: Client) -> None:
    without = reply(200, {"type": "list", "pages": {}})
    async with client(lambda _: without, retry=RetryPolicy(max_attempts=2)) as intercom:
        with pytest.raises(DecodeError):
            await intercom.contacts.list().collect()


async def test_prefetch_reads_one_page_ahead_and_no_more(client: Client) -> None:
    many = [page([number], cursor(str(number))) for number in range(9)]
    memory = MemoryTransport([*many, page([9])])
    before = asyncio.all_tasks()
    async with client(transport=memory) as intercom:
        pages = intercom.contacts.list().prefetch(1).pages()
        await anext(pages)
        await turns()
        assert len(memory.requests) == 2
        await anext(pages)
        await turns()
        assert len(memory.requests) == 3
        await pages.aclose()
        await turns()
        assert len(memory.requests) == 3
        assert asyncio.all_tasks() == before


async def test_prefetch_gives_the_same_items_and_the_same_errors(client: Client) -> None:
    async with client(*THREE) as intercom:
        found = await intercom.contacts.list().prefetch(2).collect()
    assert [contact.id for contact in found] == ["1", "2", "3", "4", "5"]
    async with client(THREE[0], failure(404, "not_found")) as intercom:
        with pytest.raises(Exception, match="404"):
            await intercom.contacts.list().prefetch(1).collect()
    with pytest.raises(ConfigError, match="prefetch"):
        client().contacts.list().prefetch(-1)


async def test_a_pager_can_be_walked_again(client: Client) -> None:
    async with client(*THREE, *THREE) as intercom:
        pager = intercom.contacts.list()
        assert await pager.collect() == await pager.collect()


async def test_leaving_a_list_early_leaves_nothing_behind(client: Client) -> None:
    async with client(*THREE) as intercom:
        async for _ in intercom.contacts.list().prefetch(1):
            break
        await turns()
        assert intercom.statistics().in_flight == 0


@pytest.mark.parametrize("per_page", [0, -1, 1.5, "50", True])
async def test_a_page_size_is_a_whole_number_above_zero(client: Client, per_page: Any) -> None:
    with pytest.raises(ConfigError, match="per_page"):
        client().contacts.list(per_page=per_page)


async def test_a_long_list_takes_no_deeper_stack() -> None:
    def numbers() -> Iterator[Reply]:
        for number in range(3_000):
            yield page([number], cursor(str(number)))
        yield page([3_000])

    async with Intercom("t", transport=MemoryTransport(numbers())) as intercom:
        assert len(await intercom.contacts.list().collect()) == 3_001


async def note_ids(intercom: Intercom, seen: list[str]) -> None:
    async for contact in intercom.contacts.list():
        seen.append(contact.id)  # noqa: PERF401 (what was given before an error counts)


async def turns() -> None:
    """Let everything happen that can: the second is virtual."""
    await asyncio.sleep(1)  # noqa: TID251 (virtual time)


async def test_a_page_is_read_alone_and_its_checkpoint_leads_on(client: Client) -> None:
    memory = MemoryTransport([*THREE[:2]])
    async with client(transport=memory) as intercom:
        first = await intercom.contacts.list(per_page=2).page()
        assert first.checkpoint is not None
        second = await intercom.contacts.list(per_page=2).resume(first.checkpoint).page()
    assert [contact.id for contact in (*first.items, *second.items)] == ["1", "2", "3", "4"]
    assert len(memory.requests) == 2


async def test_the_page_after_the_last_one_is_empty_and_costs_nothing(client: Client) -> None:
    memory = MemoryTransport([page([1])])
    async with client(transport=memory) as intercom:
        [last] = [each async for each in intercom.contacts.list().pages()]
        assert last.checkpoint is not None
        after = await intercom.contacts.list().resume(last.checkpoint).page()
    assert (after.items, after.checkpoint) == ([], None)
    assert len(memory.requests) == 1


async def test_a_pager_shows_its_call_and_nothing_of_its_rows(client: Client) -> None:
    assert repr(client().contacts.list()) == "<Pager GET /contacts>"


@pytest.mark.parametrize("limit", [0, -1])
async def test_no_item_is_asked_for_where_none_is_wanted(client: Client, limit: int) -> None:
    memory = MemoryTransport([])
    async with client(transport=memory) as intercom:
        assert await intercom.contacts.list().collect(limit=limit) == []
    assert memory.requests == []


@pytest.mark.parametrize("package", ["polars", "pandas"])
async def test_a_frame_package_that_is_missing_is_named_before_a_request(
    client: Client, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    memory = MemoryTransport([])
    async with client(transport=memory) as intercom:
        pager = intercom.contacts.list()
        with pytest.raises(ImportError, match=package):
            await (pager.to_polars() if package == "polars" else pager.to_pandas())
    assert memory.requests == []


class Watched(msgspec.Struct, weakref=True):
    id: str


@pytest.mark.parametrize("ahead", [0, 1])
async def test_a_list_that_is_left_alone_holds_no_page(client: Client, ahead: int) -> None:
    async with client(page([1, 2], cursor("a")), page([3]), page([4])) as intercom:
        pages = intercom.contacts.list().prefetch(ahead).as_(Watched).pages()
        first = await anext(pages)
        row = ref(first.items[0])
        del first
        assert row() is None
        await pages.aclose()


async def test_a_list_that_waits_for_its_next_page_holds_no_row(client: Client) -> None:
    rows_of_first: list[ref[Watched]] = []
    alive: list[bool] = []

    def answer(_: Request) -> Reply:
        alive.extend(row() is not None for row in rows_of_first)
        return page([3]) if rows_of_first else page([1, 2], cursor("a"))

    memory = MemoryTransport(answer)
    async with client(transport=memory) as intercom:
        async for row in intercom.contacts.list().as_(Watched):
            rows_of_first.append(ref(row))
            del row
    assert len(rows_of_first) == 3
    assert alive == [False, False]
