"""Pages that are too heavy for the server are asked for in smaller ones."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from intercom_async import F, PaginationError, RequestTimeoutError, RetryPolicy, ServerError
from intercom_async.transport.base import Request
from tests.support.scripted_client import Client, failure, reply

pytestmark = pytest.mark.anyio

ONCE = RetryPolicy(max_attempts=1)


class HeavyServer:
    """Numbers in order, by cursor; a page above `bearable` items is too much."""

    def __init__(
        self, count: int, bearable: int, broken: Any, *, is_numbered: bool = False
    ) -> None:
        self.is_numbered = is_numbered
        self.count = count
        self.bearable = bearable
        self.broken = broken
        self.sizes: list[int] = []

    def __call__(self, request: Request) -> Any:
        if request.body:
            wanted = msgspec.json.decode(request.body)["pagination"]
        else:
            query = parse_qs(urlsplit(request.url).query)
            wanted = {name: values[0] for name, values in query.items()}
        size = int(wanted["per_page"])
        self.sizes.append(size)
        if size > self.bearable:
            return self.broken
        number = int(wanted.get("page", 1))
        start = (number - 1) * size if self.is_numbered else int(wanted.get("starting_after", 0))
        stop = min(start + size, self.count)
        place = {"page": number + 1} if self.is_numbered else {"starting_after": str(stop)}
        following = place if stop < self.count else None
        data = [{"id": str(number)} for number in range(start, stop)]
        return reply(200, {"data": data, "pages": {"next": following}, "total_count": self.count})


@pytest.mark.parametrize("broken", [failure(503, "x"), reply(504), RequestTimeoutError("late")])
@pytest.mark.parametrize("is_search", [True, False])
async def test_a_page_that_is_too_large_is_read_in_parts(
    client: Client,
    broken: Any,
    is_search: bool,  # noqa: FBT001 (pytest's own way)
) -> None:
    server = HeavyServer(200, 40, broken)
    async with client(server, retry=ONCE) as intercom:
        contacts = intercom.contacts
        query = F.role == "user"
        pager = contacts.search(query, per_page=100) if is_search else contacts.list(per_page=100)
        found = [contact.id async for contact in pager]
    assert found == [str(number) for number in range(200)]
    assert server.sizes[:3] == [100, 50, 25]
    assert server.sizes[3] == 50


@pytest.mark.parametrize("is_search", [True, False])
async def test_the_size_of_numbered_pages_stays_what_the_first_one_had(
    client: Client,
    is_search: bool,  # noqa: FBT001 (pytest's own way)
) -> None:
    """A list of cursors whose server gives a number in place of one."""
    server = HeavyServer(200, 40, failure(503, "x"), is_numbered=True)
    async with client(server, retry=ONCE) as intercom:
        contacts = intercom.contacts
        query = F.role == "user"
        pager = contacts.search(query, per_page=100) if is_search else contacts.list(per_page=100)
        pages = pager.pages()
        first = await anext(pages)
        found = [*first.items, *[contact async for page in pages for contact in page.items]]
        assert [contact.id for contact in found] == [str(number) for number in range(200)]
        with pytest.raises(PaginationError, match="per_page"):
            pager.resume(first.checkpoint)
    assert server.sizes == [100, 50, *[25] * 8]


async def test_an_outage_ends(client: Client) -> None:
    server = HeavyServer(200, 0, failure(503, "x"))
    async with client(server, retry=ONCE) as intercom:
        with pytest.raises(ServerError):
            await intercom.contacts.list(per_page=100).collect()
    assert server.sizes == [100, 50, 25, 12, 6]


async def test_a_list_that_was_differs_from_its_announced_total_says_so(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    short = reply(200, {"data": [{"id": "1"}], "total_count": 3, "pages": {}})
    async with client(short) as intercom:
        [page] = [page async for page in intercom.contacts.list().pages()]
    assert page.count_difference == -2
    assert "received 1 rows, 3 were announced" in caplog.text


async def test_a_list_that_was_has_its_announced_total_says_nothing(client: Client) -> None:
    right = reply(200, {"data": [{"id": "1"}], "total_count": 1, "pages": {}})
    uncounted = reply(200, {"data": [{"id": "1"}], "pages": {}})
    async with client(right, uncounted) as intercom:
        [first] = [page async for page in intercom.contacts.list().pages()]
        [second] = [page async for page in intercom.contacts.list().pages()]
    assert (first.count_difference, second.count_difference) == (0, None)
