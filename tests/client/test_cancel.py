"""Whatever is cancelled, wherever it waits, leaves nothing behind, and the client works on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any, NamedTuple

import pytest

from intercom_async import Intercom, RetryPolicy
from intercom_async.clock import CLOCK
from intercom_async.config import Limits
from intercom_async.errors import ConnectionLostError, ForbiddenError, TransportError
from intercom_async.fields import EventFields
from intercom_async.transport import MemoryTransport
from intercom_async.transport.base import Reply, Request, StreamReply
from tests.pagination.test_company_scroll import ScrollServer
from tests.pagination.test_pager import THREE
from tests.support.interruption import (
    CANCELLED,
    CANCELLED_MEANWHILE,
    CHILD_CANCELLED,
    FROM_OUTSIDE,
    LEFT,
    Way,
    Work,
    interrupt_everywhere,
)
from tests.support.scripted_client import TOKEN, failure, reply
from tests.workflows.test_hydration import found
from tests.workflows.test_polling import CSV, job

LATENCY_S = 0.05
ME = reply(200, {"type": "admin", "id": "1"})
SOON = {"X_RateLimit_Limit": "10", "X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "10"}


def state(status: str) -> Reply:
    """Return the answer that a job is this far."""
    return reply(200, {"type": "job", "id": "j1", "status": status})


Answer = Reply | TransportError
Handler = Callable[[Request], Answer]


def late(serve: Handler) -> Callable[[Request], Awaitable[Answer]]:
    """Return a server whose answers take a while, and who says who it is whatever else it does."""

    async def answer(request: Request) -> Answer:
        # The head of a reply and its body.
        await CLOCK.sleep(LATENCY_S)
        await CLOCK.sleep(LATENCY_S)
        return ME if request.url.endswith("/me") else serve(request)

    return answer


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
                await self._piece()
                yield whole.body[start : start + 20]

        return StreamReply(whole.status, whole.headers, pieces(), self._closed)

    async def _piece(self) -> None:
        await CLOCK.sleep(0.01)

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


async def wait_for_job(intercom: Intercom) -> None:
    await intercom.jobs.wait("j1")


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
    Journey("job", wait_for_job, scripted(*map(state, ("pending", "pending", "success"))), least=5),
    Journey("download", download, scripted(reply(200, CSV)), least=3),
    Journey("many events", tell, scripted(reply(202)), least=1),
)


@asynccontextmanager
async def go_on(journey: Journey, limits: Limits | None = None) -> AsyncGenerator[Work, None]:
    transport = Trickling(late(journey.server()))
    async with Intercom(
        TOKEN, transport=transport, retry=RetryPolicy(max_attempts=6), limits=limits
    ) as intercom:
        yield journey.work(intercom)

        # What was cancelled in a generator that nobody holds any more ends a few turns of the loop
        # later, with no time passing.
        for _ in range(10):
            await CLOCK.sleep(0)
        seen = intercom.statistics()
        assert not any(seen.queued.values())
        assert seen.in_flight == 0
        assert transport.unclosed == 0
        assert seen.granted - seen.released == len(transport.requests)
        assert (await intercom.admins.me()).id == "1"
    assert not transport.is_open


@pytest.mark.parametrize("way", FROM_OUTSIDE, ids=lambda way: way.name)
@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda journey: journey.name)
def test_a_stop_at_any_point_leaves_nothing_behind(journey: Journey, way: Way) -> None:
    points = interrupt_everywhere(lambda: go_on(journey), way, by_chance=journey.by_chance)
    assert points >= journey.least


WITH_CHILDREN = [
    journey
    for journey in JOURNEYS
    if journey.work in {read_ahead, scroll, hydrate, hydrate_in_order, tell}
]
FORBIDDEN = failure(403, "api_plan_restricted")


async def refused_in_part(intercom: Intercom) -> None:
    with pytest.raises(ForbiddenError):
        await hydrate(intercom)


async def refused_page(intercom: Intercom) -> None:
    with pytest.raises(ForbiddenError):
        await read_ahead(intercom)


async def refused_scroll(intercom: Intercom) -> None:
    with pytest.raises(ForbiddenError):
        await scroll(intercom)


async def broken_source(intercom: Intercom) -> None:
    async def ids() -> AsyncIterator[str]:
        yield "1"
        yield "2"
        await CLOCK.sleep(0.01)
        raise LookupError

    with pytest.raises(LookupError):
        await drain(intercom.conversations.hydrate(ids(), concurrency=3))


def refusing(nth: int, answer: Reply) -> Callable[[], Handler]:
    """Return what makes a server that refuses one request."""
    return scripted(*[answer] * nth, FORBIDDEN, answer)


FAILING = [
    *(
        Journey(f"hydrate, {nth} before it", refused_in_part, refusing(nth, found("1")))
        for nth in (0, 2, 5)
    ),
    *(
        Journey(f"list, {nth} before it", refused_page, scripted(*THREE[:nth], FORBIDDEN))
        for nth in range(3)
    ),
    Journey("scroll", refused_scroll, scripted(FORBIDDEN)),
    Journey("source", broken_source, scripted(found("1"))),
]
LIMITS = {
    "room for all": None,
    "one by one": Limits(max_in_flight=1),
    "ceiling": Limits(max_per_second=5.0),
}


@pytest.mark.parametrize("limits", LIMITS.values(), ids=list(LIMITS))
@pytest.mark.parametrize("way", [CHILD_CANCELLED, CANCELLED_MEANWHILE], ids=lambda way: way.name)
@pytest.mark.parametrize("journey", WITH_CHILDREN, ids=lambda journey: journey.name)
def test_a_cancel_while_a_child_waits_leaves_nothing_behind(
    journey: Journey, way: Way, limits: Limits | None
) -> None:
    points = interrupt_everywhere(lambda: go_on(journey, limits), way)
    # It begins, and waits for a reply at least.
    assert points >= 3


@pytest.mark.parametrize("way", [CANCELLED, CANCELLED_MEANWHILE, LEFT], ids=lambda way: way.name)
@pytest.mark.parametrize("journey", FAILING, ids=lambda journey: journey.name)
def test_a_cancel_of_what_fails_leaves_nothing_behind(journey: Journey, way: Way) -> None:
    assert interrupt_everywhere(lambda: go_on(journey), way) >= 1


@pytest.mark.parametrize("journey", FAILING, ids=lambda journey: journey.name)
def test_a_child_that_fails_and_one_that_is_cancelled_leave_nothing_behind(
    journey: Journey,
) -> None:
    # Whichever comes first is what the caller hears of.
    way = CHILD_CANCELLED._replace(is_exact=False)
    assert interrupt_everywhere(lambda: go_on(journey), way) >= 3
