"""All companies, by pages or by the scroll, with everything that can happen to one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from intercom_async import ClosedError, DecodeError, Intercom, Pager, PaginationError
from intercom_async.clock import CLOCK
from intercom_async.errors import BadRequestError, ConnectionLostError, NotFoundError
from intercom_async.transport.base import Reply, Request
from tests.support.scripted_client import Client, failure, reply

pytestmark = pytest.mark.anyio


class ScrollServer:
    """As the real one: one scroll, gone after a minute, lost for ever when a reply is lost."""

    def __init__(self, count: int, *, per_page: int = 100, total: bool = True) -> None:
        self.count = count
        self.per_page = per_page
        self.total = total
        self.position: int | None = None
        self.asked_at = -1e9
        self.starts = 0
        self.breaks: dict[int, Any] = {}
        """What happens at the nth request in place of an answer."""
        self.requests = 0
        self.paths: list[str] = []

    def __call__(self, request: Request) -> Reply | Any:
        now = asyncio.get_running_loop().time()
        self.requests += 1
        path = request.url.removeprefix("https://api.intercom.io")
        self.paths.append(f"{request.method} {path}")
        is_alive = now - self.asked_at <= 60
        if request.method == "POST":
            return self.page(0, {"pages": {"page": 1, "total_pages": 999}})
        broken = self.breaks.pop(self.requests, None)
        if "scroll_param" not in path:
            if self.position is not None and is_alive:
                return failure(400, "scroll_exists", "scroll already exists for this workspace")
            self.position = 0
            self.starts += 1
        elif self.position is None or not is_alive:
            self.position = None
            return failure(404, "not_found", "scroll parameter not found")
        self.asked_at = now
        start, self.position = self.position, self.position + self.per_page
        if broken is not None:
            return broken
        return self.page(start, {"scroll_param": "the-same"})

    def page(self, start: int, extra: dict[str, Any]) -> Reply:
        numbers = range(start, min(start + self.per_page, self.count))
        data = [{"type": "company", "id": f"c{number}"} for number in numbers]
        counted = {"total_count": self.count} if self.total else {}
        return reply(200, {"data": data, **extra, **counted})


def expected(count: int) -> list[str]:
    return [f"c{number}" for number in range(count)]


async def ids(intercom: Intercom, *, list_first: bool = False) -> list[str]:
    pager = intercom.companies.list() if list_first else intercom.companies.scroll()
    return [company.id async for company in pager]


async def test_a_scroll_gives_every_company_once(client: Client) -> None:
    async with client(ScrollServer(250)) as intercom:
        assert await ids(intercom) == expected(250)


async def test_more_companies_than_can_be_listed_are_scrolled_to(client: Client) -> None:
    server = ScrollServer(10_050)
    async with client(server) as intercom:
        found = await ids(intercom, list_first=True)
    assert sorted(found) == sorted(expected(10_050))
    assert len(found) == len(set(found))
    assert server.paths[0].startswith("POST /companies/list")
    assert server.starts == 1


@pytest.mark.parametrize(
    "broken",
    [ConnectionLostError("cut"), failure(500, "server_error"), reply(200, "<html>"), reply(504)],
)
@pytest.mark.parametrize("at", [2, 3])
async def test_a_scroll_that_is_lost_is_begun_again(client: Client, broken: Any, at: int) -> None:
    server = ScrollServer(350)
    server.breaks[at] = broken
    async with client(server) as intercom:
        found = await ids(intercom)
    assert sorted(found) == sorted(expected(350))
    assert len(found) == len(set(found))
    assert server.starts == 2


async def test_a_scroll_that_expires_is_no_end(client: Client) -> None:
    server = ScrollServer(450)
    server.breaks[3] = failure(404, "not_found")
    async with client(server) as intercom:
        assert sorted(await ids(intercom)) == sorted(expected(450))


async def test_a_scroll_may_end_with_a_404(client: Client) -> None:
    server = ScrollServer(200)
    server.breaks[3] = failure(404, "not_found")
    async with client(server) as intercom:
        assert await ids(intercom) == expected(200)
    assert server.starts == 1


async def test_a_slow_caller_does_not_lose_the_scroll(client: Client) -> None:
    server = ScrollServer(1_000)
    found: list[str] = []
    async with client(server) as intercom:
        async for page in intercom.companies.scroll().pages():
            found += [company.id for company in page.items]
            await asyncio.sleep(150)  # noqa: TID251 (virtual time)
    assert found == expected(1_000)
    assert server.starts == 1


async def test_a_scroll_that_is_open_elsewhere_is_waited_for(client: Client) -> None:
    server = ScrollServer(150)
    server.position, server.asked_at = 0, 0.0
    async with client(server) as intercom:
        assert await ids(intercom) == expected(150)
    assert asyncio.get_running_loop().time() > 60


async def test_waiting_for_a_scroll_ends(client: Client) -> None:
    server = ScrollServer(150)

    def busy(request: Request) -> Any:
        server.asked_at = asyncio.get_running_loop().time()
        server.position = 0
        return server(request)

    async with client(busy) as intercom:
        with pytest.raises(BadRequestError, match="scroll_exists"):
            await ids(intercom)


async def test_two_scrolls_of_an_app_take_turns(client: Client) -> None:
    server = ScrollServer(150)
    async with client(server) as intercom:
        one, two = await asyncio.gather(ids(intercom), ids(intercom))
    assert one == two == expected(150)
    assert server.starts == 2
    assert asyncio.get_running_loop().time() > 50


async def test_a_scroll_that_is_lost_for_good_is_an_error(client: Client) -> None:
    server = ScrollServer(350, total=False)

    def never(request: Request) -> Any:
        return failure(404, "not_found") if "scroll_param" in request.url else server(request)

    async with client(never) as intercom:
        with pytest.raises((NotFoundError, BadRequestError)):
            await ids(intercom)


class Slim(msgspec.Struct):
    id: str


async def test_items_of_a_scroll_can_be_anything(client: Client) -> None:
    async with client(ScrollServer(120)) as intercom:
        slim = await intercom.companies.scroll().as_(Slim).collect()
    assert slim[0] == Slim("c0")
    async with client(ScrollServer(120)) as intercom:
        raw = await intercom.companies.scroll().raw().collect()
    assert bytes(raw[0]) == b'{"type":"company","id":"c0"}'


async def test_a_scroll_cannot_be_resumed(client: Client) -> None:
    async with client() as intercom:
        with pytest.raises(PaginationError, match="resumed"):
            intercom.companies.scroll().resume("x")


async def test_leaving_a_scroll_early_leaves_nothing_behind(client: Client) -> None:
    before = asyncio.all_tasks()
    async with client(ScrollServer(1_000)) as intercom:
        pages = intercom.companies.scroll().pages()
        await anext(pages)
        await pages.aclose()
        assert asyncio.all_tasks() == before


class GrowingServer(ScrollServer):
    """A workspace that has more companies with each request."""

    def __call__(self, request: Request) -> Reply | Any:
        if request.method == "POST":
            self.requests += 1
            asked = parse_qs(urlsplit(request.url).query)
            number = int(asked.get("page", ["1"])[0])
            pages = {"page": number, "total_pages": -(-self.count // self.per_page)}
            return self.page((number - 1) * self.per_page, {"pages": pages})
        return super().__call__(request)


@pytest.mark.parametrize("grown", [10_000, 10_001, 10_250])
async def test_companies_resumed_by_scroll_come_once(client: Client, grown: int) -> None:
    server = GrowingServer(9_990)
    found: list[str] = []
    checkpoint = None
    for _ in range(3):
        async with client(server) as intercom:
            pages = intercom.companies.list().resume(checkpoint).pages()
            page = await anext(pages)
            await pages.aclose()
        checkpoint = page.checkpoint
        found += [company.id for company in page.items]
    server.count = grown
    async with client(server) as intercom:
        found += [company.id async for company in intercom.companies.list().resume(checkpoint)]
    assert len(found) == len(set(found))
    assert sorted(found) == sorted(expected(grown))
    assert server.starts == (grown > 10_000)


class StrictServer(GrowingServer):
    """Refuses a page that reaches beyond what can be listed, as the simulator does."""

    def __call__(self, request: Request) -> Reply | Any:
        number = int(parse_qs(urlsplit(request.url).query).get("page", ["1"])[0])
        if request.method == "POST" and number * self.per_page > 10_000:
            return failure(400, "bad_request", "only the first 10000")
        return super().__call__(request)


@pytest.mark.parametrize(("count", "read"), [(9_960, 0), (9_961, 166), (10_000, 0)])
async def test_a_list_whose_last_page_is_cut_by_the_limit_is_whole(
    client: Client, count: int, read: int
) -> None:
    server = StrictServer(count, per_page=60)
    found: list[str] = []
    checkpoint = None
    async with client(server) as intercom:
        pages = intercom.companies.list(per_page=60).pages()
        for _ in range(read):
            page = await anext(pages)
            checkpoint = page.checkpoint
            found += [company.id for company in page.items]
        await pages.aclose()
        rest = intercom.companies.list(per_page=60).resume(checkpoint)
        found += [company.id async for company in rest]
    assert len(found) == len(set(found))
    assert sorted(found) == sorted(expected(count))
    assert server.starts == (count > 9_960)


async def test_a_refusal_of_the_first_page_is_no_reason_for_a_scroll(client: Client) -> None:
    server = ScrollServer(3)

    def refusing(request: Request) -> Any:
        is_list = request.method == "POST"
        return failure(400, "parameter_invalid", "per_page") if is_list else server(request)

    async with client(refusing) as intercom:
        with pytest.raises(BadRequestError):
            await ids(intercom, list_first=True)
    assert server.starts == 0


async def test_companies_read_page_by_page_and_then_by_scroll_come_once(client: Client) -> None:
    server = GrowingServer(9_990)
    found: list[str] = []
    checkpoint = None
    async with client(server) as intercom:
        for _ in range(3):
            page = await intercom.companies.list().resume(checkpoint).page()
            checkpoint = page.checkpoint
            found += [company.id for company in page.items]
        server.count = 10_250
        found += [company.id async for company in intercom.companies.list().resume(checkpoint)]
    assert len(found) == len(set(found))
    assert sorted(found) == sorted(expected(10_250))


class Unfit(msgspec.Struct):
    nowhere: str


VARIANTS: dict[str, Callable[[Pager[Any]], Pager[Any]]] = {
    "plain": lambda pager: pager,
    "as_": lambda pager: pager.as_(Slim),
    "raw": lambda pager: pager.raw(),
    "prefetch": lambda pager: pager.prefetch(2),
    "raw and prefetch": lambda pager: pager.raw().prefetch(1),
    "resume from the beginning": lambda pager: pager.resume(None),
}


@pytest.mark.parametrize("variant", VARIANTS)
async def test_a_scroll_stays_one_scroll_in_every_variant(client: Client, variant: str) -> None:
    server = ScrollServer(11_000)
    async with client(server) as intercom:
        pager = VARIANTS[variant](intercom.companies.scroll())
        items = await pager.collect()
        assert len(items) == 11_000
        assert server.starts == 1
        assert {path.partition("?")[0] for path in server.paths} == {"GET /companies/scroll"}
        with pytest.raises(PaginationError, match="resumed"):
            pager.resume("x")


async def test_a_struct_that_no_company_fits_is_said_at_once(client: Client) -> None:
    server = ScrollServer(200)
    async with client(server) as intercom:
        with pytest.raises(DecodeError, match="Unfit"):
            await intercom.companies.scroll().as_(Unfit).collect()
    assert server.starts == 1


async def test_a_scroll_is_read_two_pages_ahead(client: Client) -> None:
    server = ScrollServer(1_000)
    async with client(server) as intercom:
        pages = intercom.companies.scroll().pages()
        await anext(pages)
        await CLOCK.sleep(1)
        assert server.requests == 3
        await pages.aclose()


async def test_a_scroll_that_waits_for_another_one_ends_when_the_client_closes(
    client: Client,
) -> None:
    server = ScrollServer(150)

    def busy(request: Request) -> Any:
        server.asked_at = CLOCK.now()
        server.position = 0
        return server(request)

    intercom = client(busy)
    await intercom.open()
    # The first waits for one that is open elsewhere, the second for the first.
    tasks = [asyncio.create_task(ids(intercom)) for _ in range(2)]
    await CLOCK.sleep(20)
    await intercom.close()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ClosedError, ClosedError]
    assert CLOCK.now() == pytest.approx(20, abs=0.01)


async def test_a_scroll_is_not_counted(client: Client) -> None:
    async with client(ScrollServer(3)) as intercom:
        with pytest.raises(PaginationError, match=r"companies\.list\(\)\.count\(\)"):
            await intercom.companies.scroll().count()


async def test_a_company_without_an_id_is_never_taken_for_another(client: Client) -> None:
    server = ScrollServer(2)
    odd = reply(200, {"type": "list", "data": [{"name": "a"}, {"name": "b"}], "scroll_param": "p"})
    server.breaks[2] = odd
    async with client(server) as intercom:
        found = [raw async for raw in intercom.companies.scroll().raw()]
    assert len(found) >= 2
