"""Many writes: a result for each item, in bounded memory, to be gone on with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import msgspec
import pytest

from intercom_async import ClosedError, ConfigError, Intercom, UnauthorizedError
from intercom_async.clock import CLOCK
from intercom_async.fields import EventFields
from intercom_async.transport.base import Reply, Request
from intercom_async.workflows.bulk import BulkProgress, BulkRun, Done, Failed
from tests.support.scripted_client import Client, failure, reply

pytestmark = pytest.mark.anyio


class Server:
    """Takes writes, the first ones slowest, and refuses some."""

    def __init__(self, *, refused: tuple[str, ...] = (), status: int = 422) -> None:
        self.bodies: list[Any] = []
        self.in_flight = 0
        self.most = 0
        self._refused = refused
        self._status = status

    async def __call__(self, request: Request) -> Reply:
        body: dict[str, Any] = msgspec.json.decode(request.body) if request.body else {}
        self.bodies.append(body)
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        await CLOCK.sleep(10.0 / len(self.bodies))
        self.in_flight -= 1
        if request.name.endswith("/search"):
            return reply(200, {"data": [], "total_count": 0, "pages": {}})
        name = str(body.get("name") or request.url.rpartition("/")[2])
        if name in self._refused:
            return failure(self._status, "parameter_invalid")
        return reply(200, {"id": f"id-{name}", "name": name})


def rows(count: int, **more: Any) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield {"name": f"n{number}", **more}


async def slowly(items: Any) -> AsyncIterator[Any]:
    for item in items:
        await CLOCK.sleep(0.01)
        yield item


RUNS: dict[str, Callable[[Intercom], BulkRun[Any, Any]]] = {
    "create": lambda i: i.contacts.create_many(rows(9)),  # type: ignore[arg-type] # plain dicts
    "update": lambda i: i.contacts.update_many(slowly({**row, "id": "1"} for row in rows(9))),
    "upsert": lambda i: i.contacts.upsert_many(
        {**row, "email": f"{row['name']}@x.example"}  # type: ignore[typeddict-item] # as above
        for row in rows(9)
    ),
    "archive": lambda i: i.contacts.archive_many(range(9)),
    "delete": lambda i: i.contacts.delete_many([str(number) for number in range(9)]),
    "tag": lambda i: i.contacts.tag_many(slowly(range(9)), "7"),
    "events": lambda i: i.events.create_many(
        EventFields(event_name=str(row["name"]), user_id="u") for row in rows(9)
    ),
    "companies": lambda i: i.companies.upsert_many(
        {**row, "company_id": row["name"]}  # type: ignore[typeddict-item] # as above
        for row in rows(9)
    ),
}


@pytest.mark.parametrize("run", RUNS)
async def test_each_item_has_its_result(client: Client, run: str) -> None:
    server = Server()
    async with client(server) as intercom:
        results = [result async for result in RUNS[run](intercom)]
    assert sorted(result.position for result in results) == list(range(9))
    assert all(isinstance(result, Done) for result in results)


async def test_results_come_when_ready_or_in_the_order_of_the_items(client: Client) -> None:
    positions: dict[bool, list[int]] = {}
    for ordered in (False, True):
        async with client(Server()) as intercom:
            run = intercom.contacts.create_many(rows(8), concurrency=8, ordered=ordered)  # type: ignore[arg-type] # plain dicts
            positions[ordered] = [result.position async for result in run]
    assert positions[True] == list(range(8))
    assert positions[False] == list(reversed(range(8)))


async def test_a_refused_item_ends_nothing_but_itself(client: Client) -> None:
    items: list[Any] = [*rows(5), {"nme": "x"}, {"custom_attributes": {"x": float("nan")}}, 7]
    server = Server(refused=("n1", "n3"))
    async with client(server) as intercom:
        found = [each async for each in intercom.contacts.create_many(items, ordered=True)]
    failed = [each for each in found if isinstance(each, Failed)]
    assert [each.position for each in failed] == [1, 3, 5, 6, 7]
    assert [type(each.error).__name__ for each in failed] == [
        "UnprocessableError",
        "UnprocessableError",
        "TypeError",
        "ConfigError",
        "ConfigError",
    ]
    assert [each.item for each in failed] == [items[number] for number in (1, 3, 5, 6, 7)]
    assert len(server.bodies) == 5


async def test_what_every_item_would_meet_ends_the_run(client: Client) -> None:
    server = Server(refused=("n1",), status=401)
    async with client(server) as intercom:
        with pytest.raises(UnauthorizedError):
            async for _ in intercom.contacts.create_many(rows(100), concurrency=2):  # type: ignore[arg-type] # plain dicts
                pass
    assert len(server.bodies) < 10
    intercom = client(server)
    await intercom.open()
    await intercom.close()
    with pytest.raises(ClosedError):
        async for _ in intercom.contacts.create_many(rows(3)):  # type: ignore[arg-type] # plain dicts
            pass


async def test_memory_is_bounded_where_results_are_not_taken(client: Client) -> None:
    read: list[int] = []

    def source() -> Iterator[Any]:
        for number, row in enumerate(rows(10_000)):
            read.append(number)
            yield row

    server = Server()
    async with client(server) as intercom:
        results = aiter(intercom.contacts.create_many(source(), concurrency=4))
        await anext(results)
        await CLOCK.sleep(1_000)
        assert len(read) <= 16
        assert server.most <= 4
        await results.aclose()  # type: ignore[attr-defined] # an async generator


async def test_a_run_is_gone_on_with_where_it_was_left(client: Client) -> None:
    items = list(rows(40))
    seen: list[BulkProgress] = []
    server = Server()
    async with client(server) as intercom:
        results = aiter(
            intercom.contacts.create_many(items, concurrency=5, on_progress=seen.append)  # type: ignore[arg-type] # plain dicts
        )
        for _ in range(17):
            await anext(results)
        await results.aclose()  # type: ignore[attr-defined] # an async generator
        last = seen[-1]
        assert last.done == 16
        assert last.resume_from <= 16
        rest = intercom.contacts.create_many(items, skip=last.resume_from)  # type: ignore[arg-type] # as above
        positions = [each.position async for each in rest]
    assert sorted(positions) == list(range(last.resume_from, 40))
    written = {body["name"] for body in server.bodies}
    assert written == {f"n{number}" for number in range(40)}


async def test_progress_counts_to_the_end(client: Client) -> None:
    seen: list[BulkProgress] = []
    async with client(Server(refused=("n2",))) as intercom:
        async for _ in intercom.contacts.create_many(rows(6), on_progress=seen.append):  # type: ignore[arg-type] # plain dicts
            pass
    assert seen[-1] == BulkProgress(done=5, failed=1, resume_from=6)


async def test_a_plan_sends_nothing_and_says_what_would_be_sent(client: Client) -> None:
    server = Server()
    items: list[Any] = [{"email": f"{n}@x.example"} for n in range(10)]
    items += [{"name": "no key"}, {"email": "a@x.example", "unheard_of": 1}]
    async with client(server) as intercom:
        plan = await intercom.contacts.upsert_many(items).plan()
        rate = intercom.statistics().rate_per_s
    assert server.bodies == []
    assert (plan.items, plan.calls) == (12, 20)
    assert plan.seconds == pytest.approx(20 / rate)
    assert [each.position for each in plan.rejected] == [10, 11]


async def test_a_plan_counts_the_call_that_brings_a_contact_back(client: Client) -> None:
    items: list[Any] = [
        {"id": "1", "unarchive": True},
        {"external_id": "2", "unarchive": True},
        {"email": "a@x.example", "unarchive": True},
        {"id": "1", "unarchive": False},
    ]
    async with client(Server()) as intercom:
        assert (await intercom.contacts.upsert_many(items).plan()).calls == 3 + 3 + 2 + 2


STREAMS = (
    *("contacts.create_many", "contacts.update_many", "contacts.upsert_many", "contacts.tag_many"),
    *("contacts.archive_many", "contacts.delete_many", "companies.upsert_many"),
    *("events.create_many", "conversations.hydrate", "tickets.hydrate"),
)
MORE = {"contacts.tag_many": ("5",)}
"""What a stream takes beside its source."""


def streams(intercom: Intercom) -> dict[str, Callable[..., Any]]:
    """Return the methods that write or read a stream of items, by name."""
    found: dict[str, Callable[..., Any]] = {}
    for resource in dir(intercom):
        for name in dir(getattr(intercom, resource)):
            if name == "hydrate" or (name.endswith("_many") and not name.startswith("_")):
                found[f"{resource}.{name}"] = getattr(getattr(intercom, resource), name)
    return found


async def test_no_stream_is_left_out(client: Client) -> None:
    async with client(Server()) as intercom:
        assert {*streams(intercom)} == {*STREAMS}


@pytest.mark.parametrize("name", STREAMS)
async def test_impossible_options_and_sources_are_refused_at_once(
    client: Client, name: str
) -> None:
    server = Server()
    async with client(server) as intercom:
        begin, more = streams(intercom)[name], MORE.get(name, ())
        options: list[dict[str, Any]] = [{"concurrency": 0}, {"concurrency": True}]
        if name.endswith("_many"):
            options += [{"skip": -1}, {"skip": True}, {"on_progress": 5}]
        if name == "events.create_many":
            options += [{"on_refused": 5}]
        for each in options:
            with pytest.raises(ConfigError, match=next(iter(each))):
                begin([], *more, **each)
        for source in ("text", b"bytes", {"id": "7"}, 5, None):
            with pytest.raises(ConfigError, match="a stream is an iterable"):
                begin(source, *more)
        with pytest.raises(TypeError, match=r"unknown option at_once; there are concurrency, "):
            begin([], *more, at_once=5)
    assert server.bodies == []


async def test_a_cancel_leaves_nothing_running(client: Client) -> None:
    server = Server()
    async with client(server) as intercom:
        before = asyncio.all_tasks()

        async def all_of_them() -> None:
            async for _ in intercom.contacts.create_many(rows(100), concurrency=4):  # type: ignore[arg-type] # plain dicts
                pass

        task = asyncio.create_task(all_of_them())
        await CLOCK.sleep(3)
        task.cancel()
        await asyncio.wait([task])
        await CLOCK.sleep(0)
        assert asyncio.all_tasks() == before
