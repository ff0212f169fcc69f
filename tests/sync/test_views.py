"""What rows refer to can be joined, and readers find a target as the guide says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from intercom_async import Intercom
from intercom_async.sync import sync, warehouse_views
from tests.support.dbt_package import DBT
from .conftest import CONTACTS, make_sink

pytestmark = [pytest.mark.anyio, pytest.mark.once]

NAMES = ("contacts", "companies", "conversations", "conversation_parts", "tickets", "tags",
         "teams", "admins")  # fmt: skip


async def test_references_are_rows_of_views(intercom: Intercom, tmp_path: Path) -> None:
    duckdb: Any = pytest.importorskip("duckdb")
    contact = (await intercom.contacts.list().collect(limit=1))[0]
    tags = [(await intercom.tags.create(name=f"tag {number}")).id for number in range(12)]
    for tag in tags:
        await intercom.contacts.attach_tag(contact.id, tag)
    await sync(intercom, NAMES, sink=make_sink("duckdb", tmp_path))

    with duckdb.connect(str(tmp_path / "target.duckdb")) as connection:

        def ask(statement: str) -> list[Any]:
            found: list[Any] = connection.execute(statement).fetchall()
            return found

        for statement in warehouse_views(NAMES):
            connection.execute(statement)
        rows = ask(f"SELECT tag_id FROM contact_tags WHERE contact_id = '{contact.id}'")  # noqa: S608 (a test's own id)
        assert {row[0] for row in rows} >= set(tags)
        (joined, total), *_ = ask(
            "SELECT count(c.id), count(*) FROM conversation_parts p "
            "LEFT JOIN conversations c ON p.conversation_id = c.id"
        )
        assert joined == total > 0
        (dangling,), *_ = ask(
            "SELECT count(*) FROM conversation_contacts r "
            "LEFT JOIN contacts c ON r.contact_id = c.id WHERE c.id IS NULL"
        )
        assert dangling == 0
        for name in ("contact_history", "conversation_part_history", "company_tag_history",
                     "team_admin", "admin", "tag", "team", "ticket_contacts"):  # fmt: skip
            assert ask(f"SELECT count(*) FROM {name}")  # noqa: S608 (names of views)


@pytest.mark.parametrize("form", ["duckdb", "parquet"])
async def test_the_dbt_package_finds_each_table_and_column(
    form: str, intercom: Intercom, tmp_path: Path
) -> None:
    """Also in views that DuckDB has of Parquet files."""
    duckdb: Any = pytest.importorskip("duckdb")
    names = (*NAMES, "articles", "collections", "help_centers")
    await sync(intercom, names, sink=make_sink(form, tmp_path))
    database = tmp_path / "target.duckdb" if form == "duckdb" else ":memory:"
    with duckdb.connect(str(database)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name in names if form == "parquet" else ():
            connection.execute(f"CREATE VIEW {name} AS FROM '{tmp_path}/target/{name}/*.parquet'")
        for statement in warehouse_views(names):
            connection.execute(statement)
        found = {
            view: {
                row[0]: row[1].removesuffix(" WITH TIME ZONE")
                for row in connection.execute(f"DESCRIBE {view}").fetchall()
            }
            for view in DBT
        }
        for view, columns in DBT.items():
            assert columns.items() <= found[view].items(), view
        # What is an object in a row of the API is a few columns there, and they are filled.
        filled = connection.execute(
            "SELECT count(*), count(source_author_id), count(source_type), count(assignee_id),"
            " count(assignee_type), count(first_contact_reply_created_at),"
            " count(conversation_rating_value), min(first_contact_reply_created_at >= created_at)"
            " FROM conversation_history"
        ).fetchone()
        assert all(filled), filled
        filled = connection.execute(
            "SELECT count(author_id), count(author_type), count(assigned_to_id)"
            " FROM conversation_part_history"
        ).fetchone()
        assert all(filled), filled
        assert connection.execute("SELECT count(plan_name) > 0 FROM company_history").fetchone()[0]
        assert connection.execute(
            "SELECT count(collection_id) > 0 FROM article_history"
        ).fetchone()[0]


COMPUTED = {
    "contacts": ("contact_history", ["admin_id"]),
    "companies": ("company_history", ["plan_id", "plan_name"]),
    "conversations": (
        "conversation_history",
        ["assignee_id", "assignee_type", "conversation_rating_value", "first_contact_reply_type",
         "first_contact_reply_created_at", "sla_name", "sla_status", "source_type", "source_body",
         "source_subject", "source_delivered_as", "source_author_id", "source_author_type",
         "conversation_rating_remark"],
    ),
    "conversation_parts": (
        "conversation_part_history",
        ["conversation_updated_at", "author_id", "author_type", "assigned_to_id",
         "assigned_to_type"],
    ),
    "articles": (
        "article_history",
        ["collection_id", "section_id", "statistics_type", "statistics_views",
         "statistics_conversations", "statistics_reactions",
         "statistics_happy_reaction_percentage", "statistics_neutral_reaction_percentage",
         "statistics_sad_reaction_percentage"],
    ),
    "collections": ("collection_history", ["type"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", ["VARCHAR", "JSON", "BIGINT"])
async def test_a_field_with_the_name_of_a_views_column_does_not_take_its_place(
    kind: str, intercom: Intercom, tmp_path: Path
) -> None:
    """The API has come to send it: a reader found what it says, and ours under another name."""
    duckdb: Any = pytest.importorskip("duckdb")
    await sync(intercom, list(COMPUTED), sink=make_sink("duckdb", tmp_path))
    with duckdb.connect(str(tmp_path / "target.duckdb")) as connection:
        connection.execute("SET TimeZone = 'UTC'")

        def looked_at(view: str, names: list[str]) -> tuple[list[Any], list[str]]:
            listed = [row[:2] for row in connection.execute(f"DESCRIBE {view}").fetchall()]
            found = connection.execute(f"SELECT id, {', '.join(names)} FROM {view} ORDER BY id")  # noqa: S608 (a test's own names)
            return [*found.fetchall(), *sorted(listed)], [name for name, _ in listed]

        before: dict[str, list[Any]] = {}
        for is_sent in (False, True):
            for table, (_, names) in COMPUTED.items() if is_sent else ():
                for name in names:
                    there = {row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()}
                    if name not in there:
                        connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")
                    connection.execute(f"UPDATE {table} SET {name} = '7'")  # noqa: S608 (a test's own names)
            for statement in warehouse_views(COMPUTED):
                connection.execute(statement)
            for view, names in COMPUTED.values():
                found, listed = looked_at(view, names)
                assert len(listed) == len(set(listed))
                assert found == before.setdefault(view, found)


def test_views_need_their_tables_only() -> None:
    assert len(warehouse_views(["contacts"])) == 5
    assert warehouse_views([]) == []


async def test_readers_find_each_format(intercom: Intercom, tmp_path: Path) -> None:
    duckdb: Any = pytest.importorskip("duckdb")
    for form in ("jsonl", "parquet"):
        folder = tmp_path / form
        folder.mkdir()
        await sync(intercom, ["contacts", "news_items"], sink=make_sink(form, folder))
        source = {"jsonl": "contacts.jsonl", "parquet": "contacts/*.parquet"}[form]
        (found, kind), *_ = duckdb.sql(
            f"SELECT count(*), any_value(typeof(_synced_at)) FROM '{folder}/target/{source}' "  # noqa: S608 (a test's own folder)
            "WHERE _deleted_at IS NULL"
        ).fetchall()
        assert found == CONTACTS
        assert kind.startswith("TIMESTAMP")
    empty = duckdb.sql(
        f"SELECT count(*) FROM '{tmp_path}/parquet/target/tombstones/*.parquet' "  # noqa: S608 (a test's own folder)
        "WHERE reason = 'deleted'"
    ).fetchall()
    assert empty == [(0,)]
