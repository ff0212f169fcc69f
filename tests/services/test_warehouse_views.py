"""The views of a PostgreSQL target have the rows that those of a DuckDB target have."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from secrets import token_hex
from typing import Any

import msgspec
import pytest

from intercom_async import Intercom
from intercom_async.errors import TransportError
from intercom_async.simulator import Simulator
from intercom_async.sync import DuckDBSink, PostgresSink, sync, warehouse_views
from intercom_async.transport import MemoryTransport, Reply, Request
from tests.support.dbt_package import DBT
from .conftest import PostgresServer
from .postgres_rows import ask

psycopg = pytest.importorskip("psycopg", reason="the extra postgres is not installed")
duckdb: Any = pytest.importorskip("duckdb", reason="the extra duckdb is not installed")

pytestmark = pytest.mark.anyio

STREAMS = ("contacts", "companies", "conversations", "conversation_parts", "tickets", "tags",
           "teams", "admins", "articles", "collections", "help_centers")  # fmt: skip
REFERENCES: dict[str, dict[str, str]] = {
    "contact_tags": {"contact_id": "VARCHAR", "tag_id": "VARCHAR"},
    "contact_companies": {"contact_id": "VARCHAR", "company_id": "VARCHAR"},
    "company_tags": {"company_id": "VARCHAR", "tag_id": "VARCHAR"},
    "conversation_tags": {"conversation_id": "VARCHAR", "tag_id": "VARCHAR"},
    "conversation_contacts": {"conversation_id": "VARCHAR", "contact_id": "VARCHAR"},
    "ticket_contacts": {"ticket_id": "VARCHAR", "contact_id": "VARCHAR"},
}
KINDS = {
    "VARCHAR": "text",
    "BIGINT": "bigint",
    "DOUBLE": "double precision",
    "BOOLEAN": "boolean",
    "TIMESTAMP": "timestamp with time zone",
}
OWN_TIMES = {"_fivetran_synced"}
"""When each sync has written a row."""

STRANGE: list[dict[str, Any]] = [
    {"conversation_rating": {"rating": "four", "remark": 5}},
    {"conversation_rating": {"rating": 10**30}},
    {"conversation_rating": {"rating": "4"}, "first_contact_reply": {"created_at": 10**15}},
    {"first_contact_reply": {"created_at": "soon"}, "source": None},
    {"tags": {"tags": None}, "contacts": {"contacts": [{"id": 7}, {}, {"id": None}]}},
    {"tags": "none", "sla_applied": [], "admin_assignee_id": 0},
    {"tags": {"tags": [{"id": "1"}, {"id": "2"}]}},
]
"""Fields of conversations as no documentation shows them."""


class StrangeConversations:
    """A workspace of which some conversations are strange."""

    def __init__(self) -> None:
        self.simulator = Simulator(
            contacts=60, companies=20, conversations=25, tickets=5, app_per_minute=10**6,
            workspace_per_minute=10**6,
        )  # fmt: skip
        self.more: dict[str, Any] = {}
        """Fields that each of them has beside."""

    async def __call__(self, request: Request) -> Reply | TransportError:
        answer = await self.simulator.answer(request)
        if not isinstance(answer, Reply) or not request.url.endswith("/conversations/search"):
            return answer
        body = msgspec.json.decode(answer.body)
        for row in body["conversations"]:
            number = int(row["id"]) % (2 * len(STRANGE))
            row.update(self.more, **(STRANGE[number] if number < len(STRANGE) else {}))
        return Reply(answer.status, answer.headers, msgspec.json.encode(body))


@pytest.fixture
def server() -> StrangeConversations:
    return StrangeConversations()


@pytest.fixture
async def intercom(server: StrangeConversations) -> AsyncIterator[Intercom]:
    company = server.simulator.call("GET", "/companies")["data"][0]["id"]
    server.simulator.call("POST", "/tags", {"name": "big", "companies": [{"id": company}]})
    async with Intercom(server.simulator.token, transport=MemoryTransport(server)) as client:
        yield client


@pytest.fixture
def schema() -> str:
    return f"views_{token_hex(4)}"


def make_views(server: PostgresServer, schema: str) -> None:
    ask(server, f"SET search_path TO {schema}; " + " ".join(warehouse_views(STREAMS, "postgres")))


def without_zones(rows: list[Any]) -> list[Any]:
    """Return rows in an order of their own, with moments as DuckDB has them."""
    plain = [
        tuple(one.replace(tzinfo=None) if hasattr(one, "tzinfo") else one for one in row)
        for row in rows
    ]
    return sorted(plain, key=repr)


async def test_both_dialects_give_the_same_rows(
    intercom: Intercom, postgres_server: PostgresServer, schema: str, tmp_path: Path
) -> None:
    await sync(intercom, STREAMS, sink=PostgresSink(postgres_server.url, schema=schema))
    await sync(intercom, STREAMS, sink=DuckDBSink(tmp_path / "target.duckdb"))
    make_views(postgres_server, schema)
    with duckdb.connect(str(tmp_path / "target.duckdb")) as connection:
        for statement in warehouse_views(STREAMS):
            connection.execute(statement)
        for view, columns in (DBT | REFERENCES).items():
            kinds = dict(
                ask(
                    postgres_server,
                    "SELECT column_name, data_type FROM information_schema.columns "
                    "WHERE table_schema = %s AND table_name = %s",
                    schema, view,
                )
            )  # fmt: skip
            wanted = {name: KINDS[kind] for name, kind in columns.items()}
            assert wanted.items() <= kinds.items(), view
            names = ", ".join(f'"{name}"' for name in columns if name not in OWN_TIMES)
            rows = ask(postgres_server, f"SELECT {names} FROM {schema}.{view}")  # noqa: S608 (own names)
            others = connection.execute(f"SELECT {names} FROM {view}").fetchall()  # noqa: S608 (own names)
            assert without_zones(rows) == without_zones(others), view
            assert rows, view


async def test_views_are_made_again_where_others_read_them(
    intercom: Intercom, server: StrangeConversations, postgres_server: PostgresServer, schema: str
) -> None:
    """Also once the table has a column more."""
    sink = PostgresSink(postgres_server.url, schema=schema)
    await sync(intercom, STREAMS, sink=sink)
    make_views(postgres_server, schema)
    mine = f"{schema}.mine"
    ask(postgres_server, f"CREATE VIEW {mine} AS SELECT * FROM {schema}.conversation_history")  # noqa: S608 (own names)
    server.more = {"surprise": 5}
    assert (await sync(intercom, STREAMS, sink=sink, full=True)).is_complete
    make_views(postgres_server, schema)

    rows = ask(
        postgres_server,
        f"SELECT mine.raw->'surprise', surprise FROM {mine} JOIN {schema}.conversations USING (id)",  # noqa: S608 (own names)
    )
    assert rows == [(5, 5)] * 25
