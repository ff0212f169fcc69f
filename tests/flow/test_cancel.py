"""Whatever is cancelled, wherever it waits, leaves nothing behind, and the client works on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any, NamedTuple

import pytest

from intercom_async import Intercom, RetryPolicy
from intercom_async.clock import CLOCK
from intercom_async.errors import ConnectionLostError, TransportError
from intercom_async.fields import EventFields
from intercom_async.transport import MemoryTransport
from intercom_async.wire import Reply, Request, StreamReply
from tests.interrupted import Work, interrupt_everywhere

from .conftest import TOKEN, failure, reply
from .test_hydration import found
from .test_jobs import CSV, job
from .test_pager import THREE
from .test_scroll import ScrollServer

LATENCY_S = 0.05
ME = reply(200, {"type": "admin", "id": "1"})
SOON = {"X_RateLimit_Limit": "10", "X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "10"}

Answer = Reply | TransportError
Handler = Callable[[Request], Answer]


def scripted(*answers: Answer) -> Callable[[], Handler]:
    """Return what makes a server that gives these answers, and the last one from then on."""

    def make() -> Handler:
        left = list(answers)
        return lambda _: left.pop(0) if len(left) > 1 else left[0]

    return make


class Trickling(MemoryTransport):
    """Gives a streamed body piece by piece, with a wait before each, and counts open ones."""

    unclosed = 0

    async def stream(self, request: Request, on_sent: Callable[[], None]) -> Reply:
        whole = await self.exchange(request, on_sent)
        if whole.status != 200:
            return whole
        self.unclosed += 1

        async def pieces() -> AsyncIterator[bytes]:
            for start in range(0, len(whole.body), 20):
                await CLOCK.sleep(0.01)
                yield whole.body[start : start + 20]

        return StreamReply(whole.status, whole.headers, pieces(), self._closed)

    def _closed(self) -> None:
        self.unclosed -= 1


class Journey(NamedTuple):
    """Some work with a client, and a server for it."""

    name: str
    work: Callable[[Intercom], Work]
    server: Callable[[], Handler]
    least: int = 1
    """At least so many points at which it waits."""
    by_chance: bool = False
    """Whether chance decides how many."""


async def drain(items: AsyncIterable[Any]) -> None:
    """Take all there is."""
    async for _ in items:
        pass


async def some_ids() -> AsyncIterator[str]:
    for number in range(6):
        await CLOCK.sleep(0.01)
        yield str(number)


async def get(intercom: Intercom) -> None:
    await intercom.admins.get("2")


async def contacts(intercom: Intercom) -> None:
    await drain(intercom.contacts.list(per_page=2))


async def read_ahead(intercom: Intercom) -> None:
    await drain(intercom.contacts.list(per_page=2).prefetch())


async def scroll(intercom: Intercom) -> None:
    await drain(intercom.companies.scroll())


async def hydrate(intercom: Intercom) -> None:
    await drain(intercom.conversations.hydrate(some_ids(), concurrency=3))


async def hydrate_in_order(intercom: Intercom) -> None:
    await drain(intercom.conversations.hydrate(some_ids(), concurrency=3, ordered=True))


async def export(intercom: Intercom) -> None:
    async with aclosing(
        intercom.data_exports.rows(created_at_after=1, created_at_before=2)
    ) as rows:
        await drain(rows)


async def download(intercom: Intercom) -> None:
    async with intercom.data_exports.download("j1") as stream:
        await drain(stream.unzipped())


async def tell(intercom: Intercom) -> None:
    events: list[EventFields] = [{"event_name": "a", "user_id": str(number)} for number in range(6)]
    await intercom.events.create_many(events, concurrency=3)


JOURNEYS = (
    Journey("get", get, scripted(ME)),
    Journey(
        "get, tried again",
        get,
        scripted(
            failure(429, "rate_limit_exceeded", **SOON),
            failure(500, "server_error"),
            ConnectionLostError("cut"),
            reply(504),
            ME,
        ),
        least=8,
        by_chance=True,
    ),
    Journey(
        "list",
        contacts,
        scripted(*THREE),
        least=3,
    ),
    Journey(
        "list, read ahead",
        read_ahead,
        scripted(*THREE),
        least=3,
    ),
    Journey(
        "scroll",
        scroll,
        lambda: ScrollServer(350),
        least=4,
    ),
    Journey("hydrate", hydrate, scripted(found("1")), least=3),
    Journey(
        "hydrate in order",
        hydrate_in_order,
        scripted(found("1")),
        least=3,
    ),
    Journey(
        "export",
        export,
        scripted(job("pending"), job("in_progress"), job("completed"), reply(200, CSV)),
        least=8,
    ),
    Journey("download", download, scripted(reply(200, CSV)), least=3),
    Journey("many events", tell, scripted(reply(202)), least=1),
)


@asynccontextmanager
async def go_on(journey: Journey) -> AsyncGenerator[Work, None]:
    serve = journey.server()

    async def answer(request: Request) -> Answer:
        await CLOCK.sleep(LATENCY_S)
        return ME if request.url.endswith("/me") else serve(request)

    transport = Trickling(answer)
    async with Intercom(TOKEN, transport=transport, retry=RetryPolicy(max_attempts=6)) as intercom:
        yield journey.work(intercom)

        # What was cancelled in a generator that nobody holds any more ends a little later.
        await CLOCK.sleep(1.0)
        seen = intercom.statistics()
        assert not any(seen.queued.values())
        assert seen.in_flight == 0
        assert transport.unclosed == 0
        assert seen.granted - seen.refunded == len(transport.requests)
        assert (await intercom.admins.me()).id == "1"
    assert not transport.is_open


@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda journey: journey.name)
def test_a_cancel_at_any_point_leaves_nothing_behind(journey: Journey) -> None:
    points = interrupt_everywhere(lambda: go_on(journey), by_chance=journey.by_chance)
    assert points >= journey.least
