"""Lists whose pages are numbered, begun at one of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from intercom_async import ConfigError
from intercom_async.transport import MemoryTransport
from tests.support.scripted_client import Client, reply

pytestmark = pytest.mark.anyio


def articles(*numbers: int) -> dict[str, Any]:
    rows = [{"type": "article", "id": str(number)} for number in numbers]
    return {"type": "list", "data": rows, "total_count": 5, "pages": {"page": 3, "total_pages": 3}}


async def test_a_list_begins_at_a_page_of_another_size(client: Client) -> None:
    memory = MemoryTransport([reply(200, articles(5))])
    async with client(transport=memory) as intercom:
        listed = intercom.articles.list(per_page=4)
        items = [article.id async for article in listed.at_page(3, 2)]

    assert items == ["5"]
    assert listed.numbered_size == 4
    query = parse_qs(urlsplit(memory.requests[0].url).query)
    assert (query["page"], query["per_page"]) == (["3"], ["2"])


async def test_what_has_no_numbers_or_none_from_1_up_is_refused(client: Client) -> None:
    async with client(transport=MemoryTransport([])) as intercom:
        contacts = intercom.contacts.list(per_page=4)
        assert contacts.numbered_size is None
        with pytest.raises(ConfigError, match="not numbered"):
            contacts.at_page(1, 1)
        for number, per_page in ((0, 1), (1, 0)):
            with pytest.raises(ConfigError, match="whole number"):
                intercom.articles.list(per_page=4).at_page(number, per_page)
