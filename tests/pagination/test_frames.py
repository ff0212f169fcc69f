"""Lists as tables: columns come from the model, and no batch differs from another."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from intercom_async import ConfigError, F, PaginationError
from intercom_async.models import Contact
from intercom_async.models._columns import columns_of
from intercom_async.pagination import frames
from intercom_async.transport import MemoryTransport
from intercom_async.transport.base import Reply, Request
from tests.support.scripted_client import Client, reply

arrow: Any = pytest.importorskip("pyarrow", reason="pyarrow is not installed")

pytestmark = pytest.mark.anyio


class Slim(msgspec.Struct):
    id: str
    signed_up_at: float | None = None
    tags: Any = None


def contacts(count: int, per_page: int = 7) -> MemoryTransport:
    """Make a server of a list of contacts."""

    def answer(request: Request) -> Reply:
        start = int(parse_qs(urlsplit(request.url).query).get("starting_after", ["0"])[0])
        numbers = range(start, min(start + per_page, count))
        following = {"starting_after": str(start + per_page)} if numbers.stop < count else None
        data = [contact(number) for number in numbers]
        return reply(200, {"data": data, "pages": {"next": following}, "total_count": count})

    return MemoryTransport(answer)


def contact(number: int) -> dict[str, Any]:
    return {
        "type": "contact",
        "id": str(number),
        "email": None if number % 2 else f"{number}@example.com",
        "created_at": 1_700_000_000 + number,
        "signed_up_at": 1_700_000_000_000 if number == 1 else None,
        "has_hard_bounced": number % 3 == 0,
        "custom_attributes": {"plan": "a", "number": number},
        "last_seen_at": 999_999_999_999_999_999 if number == 2 else None,
        "tags": {"type": "list", "data": [{"id": "1"}]} if number else None,
    }


async def test_a_table_has_the_columns_of_the_model(client: Client) -> None:
    async with client(transport=contacts(20)) as intercom:
        table = await intercom.contacts.list().to_arrow()
    assert table.num_rows == 20
    assert table.column_names == [column.name for column in columns_of(Contact)]
    assert str(table.schema.field("created_at").type) == "timestamp[s, tz=UTC]"
    assert str(table.schema.field("has_hard_bounced").type) == "bool"
    rows = table.to_pylist()
    assert rows[3]["created_at"] == datetime.fromtimestamp(1_700_000_003, UTC)
    assert rows[1]["signed_up_at"] == datetime.fromtimestamp(1_700_000_000, UTC)
    assert rows[2]["last_seen_at"] is None
    assert json.loads(rows[3]["custom_attributes"]) == {"plan": "a", "number": 3}
    assert json.loads(rows[3]["tags"])["data"][0]["id"] == "1"
    assert rows[0]["tags"] is None


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 40])
@pytest.mark.parametrize("rows", [1, 3, 10, 1_000])
async def test_batches_are_of_one_size_and_one_schema(
    client: Client, count: int, rows: int
) -> None:
    async with client(transport=contacts(count)) as intercom:
        batches = [batch async for batch in intercom.contacts.list().batches(rows)]
    assert [name for batch in batches for name in batch["id"].to_pylist()] == [
        str(number) for number in range(count)
    ]
    assert all(batch.num_rows == rows for batch in batches[:-1])
    assert all(0 < batch.num_rows <= rows for batch in batches)
    assert len({str(batch.schema) for batch in batches}) <= 1


async def test_an_empty_list_has_the_same_columns(client: Client) -> None:
    async with client(transport=contacts(0)) as intercom:
        empty = await intercom.contacts.list().to_arrow()
    async with client(transport=contacts(2)) as intercom:
        full = await intercom.contacts.list().to_arrow()
    assert empty.schema == full.schema
    assert empty.num_rows == 0


async def test_columns_are_those_of_ones_own_struct(client: Client) -> None:
    async with client(transport=contacts(3)) as intercom:
        table = await intercom.contacts.list().as_(Slim).to_arrow()
    assert table.column_names == ["id", "signed_up_at", "tags"]
    assert table["signed_up_at"].to_pylist() == [None, 1_700_000_000_000.0, None]


async def test_what_has_no_columns_is_refused_before_a_request(client: Client) -> None:
    memory = contacts(3)
    async with client(transport=memory) as intercom:
        with pytest.raises(ConfigError, match="no columns"):
            await intercom.contacts.list().raw().to_arrow()
        with pytest.raises(ConfigError, match="rows"):
            await anext(intercom.contacts.list().batches(0))
    assert memory.requests == []


async def test_leaving_batches_early_reads_no_further(client: Client) -> None:
    memory = contacts(100)
    async with client(transport=memory) as intercom:
        batches = intercom.contacts.list().batches(5)
        await anext(batches)
        await batches.aclose()
    assert len(memory.requests) == 1


async def test_frames_of_polars_and_pandas(client: Client) -> None:
    polars: Any = pytest.importorskip("polars", reason="polars is not installed")
    pandas: Any = pytest.importorskip("pandas", reason="pandas is not installed")
    async with client(transport=contacts(20)) as intercom:
        frame = await intercom.contacts.list().to_polars()
        table = await intercom.contacts.list().to_pandas()
    assert isinstance(frame, polars.DataFrame)
    assert isinstance(table, pandas.DataFrame)
    assert frame["id"].to_list() == list(table["id"]) == [str(number) for number in range(20)]
    assert frame["created_at"][0] == table["created_at"][0]


async def test_duckdb_reads_batches_as_they_come(client: Client) -> None:
    duckdb: Any = pytest.importorskip("duckdb", reason="duckdb is not installed")
    connection = duckdb.connect()
    total = 0
    async with client(transport=contacts(20)) as intercom:
        async for batch in intercom.contacts.list().batches(8):
            reader = arrow.RecordBatchReader.from_batches(batch.schema, [batch])
            found = connection.execute("SELECT count(*), min(created_at) FROM reader").fetchone()
            assert reader is not None
            total += found[0]
    assert total == 20


async def test_a_list_is_counted_by_one_request_for_one_item(client: Client) -> None:
    memory = contacts(123)
    async with client(transport=memory) as intercom:
        assert await intercom.contacts.list(per_page=50).count() == 123
        assert await intercom.contacts.search(F.role == "user", per_page=50).count() == 123
    first, second = memory.requests
    assert first.url.endswith("/contacts?per_page=1")
    assert msgspec.json.decode(second.body or b"")["pagination"] == {"per_page": 1}


async def test_a_list_in_one_answer_is_counted_by_its_items(client: Client) -> None:
    tags = reply(200, {"type": "list", "data": [{"id": "1"}, {"id": "2"}]})
    async with client(tags) as intercom:
        assert await intercom.tags.list().count() == 2


async def test_what_the_api_does_not_count_is_said(client: Client) -> None:
    events = reply(200, {"type": "event.list", "events": [], "pages": {}})
    async with client(events) as intercom:
        with pytest.raises(PaginationError, match="does not count"):
            await intercom.events.list(email="a@example.com").count()
        with pytest.raises(PaginationError, match="scroll"):
            await intercom.companies.scroll().count()


async def test_a_missing_package_is_named_with_how_to_get_it() -> None:
    with pytest.raises(ImportError, match="pip install 'some-package'"):
        frames.load("a_module_that_is_not_there", "some-package")
