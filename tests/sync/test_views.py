"""What rows refer to can be joined, and readers find a target as the guide says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from intercom_async import Intercom
from intercom_async.sync import sync, warehouse_views
from .conftest import CONTACTS, make_sink

pytestmark = pytest.mark.anyio

_HISTORY = {
    "_fivetran_start": "TIMESTAMP",
    "_fivetran_end": "TIMESTAMP",
    "_fivetran_active": "BOOLEAN",
}
_DATED = {"created_at": "TIMESTAMP", "updated_at": "TIMESTAMP"}
_NOW = {"_fivetran_deleted": "BOOLEAN", "_fivetran_synced": "TIMESTAMP"}


def _text(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "VARCHAR")


DBT: dict[str, dict[str, str]] = {
    "admin": _NOW | _text("id", "name", "job_title"),
    "tag": _NOW | _text("id", "name"),
    "team": _NOW | _text("id", "name"),
    "team_admin": _NOW | _text("team_id", "admin_id"),
    "article_history": _HISTORY | _DATED | {"_fivetran_synced": "TIMESTAMP"}
    | _text("id", "collection_id", "section_id", "author_id", "title", "description", "body", "url",
            "type", "state", "parent_type", "default_locale", "workspace_id", "statistics_type")
    | {f"statistics_{name}": "BIGINT" for name in ("views", "conversations", "reactions")}
    | {f"statistics_{name}_reaction_percentage": "DOUBLE" for name in ("happy", "neutral", "sad")},
    "collection_history": _HISTORY | _DATED | {"_fivetran_synced": "TIMESTAMP", "order": "BIGINT"}
    | _text("id", "help_center_id", "parent_id", "name", "description", "url", "icon", "type",
            "default_locale", "workspace_id"),
    "help_center_history": _HISTORY | _DATED
    | {"_fivetran_synced": "TIMESTAMP", "website_turned_on": "BOOLEAN"}
    | _text("id", "display_name", "identifier", "workspace_id"),
    "company_history": _HISTORY | _DATED
    | dict.fromkeys(("user_count", "session_count", "monthly_spend"), "BIGINT")
    | _text("id", "name", "website", "industry", "plan_id", "plan_name"),
    "contact_history": _HISTORY | _DATED | {"unsubscribed_from_emails": "BOOLEAN"}
    | dict.fromkeys(("signed_up_at", "last_replied_at", "last_email_clicked_at",
                     "last_email_opened_at", "last_contacted_at"), "TIMESTAMP")
    | _text("id", "admin_id", "name", "role", "email"),
    "conversation_history": _HISTORY | _DATED
    | {"read": "BOOLEAN", "conversation_rating_value": "BIGINT"}
    | dict.fromkeys(("first_contact_reply_created_at", "waiting_since", "snoozed_until"),
                    "TIMESTAMP")
    | _text("id", "assignee_id", "assignee_type", "conversation_rating_remark",
            "first_contact_reply_type", "source_author_id", "source_author_type", "source_body",
            "source_delivered_as", "source_type", "source_subject", "state", "sla_name",
            "sla_status"),
    "conversation_part_history": _HISTORY | _DATED | {"conversation_updated_at": "TIMESTAMP"}
    | _text("id", "part_type", "body", "conversation_id", "author_id", "author_type",
            "assigned_to_id", "assigned_to_type"),
    "company_tag_history": _HISTORY | {"company_updated_at": "TIMESTAMP"}
    | _text("company_id", "tag_id"),
    "contact_tag_history": _HISTORY | {"contact_updated_at": "TIMESTAMP"}
    | _text("contact_id", "tag_id"),
    "contact_company_history": _HISTORY | {"contact_updated_at": "TIMESTAMP"}
    | _text("contact_id", "company_id"),
    "conversation_tag_history": _HISTORY | {"conversation_updated_at": "TIMESTAMP"}
    | _text("conversation_id", "tag_id"),
    "conversation_contact_history": _HISTORY | {"conversation_updated_at": "TIMESTAMP"}
    | _text("conversation_id", "contact_id"),
}  # fmt: skip
"""What the dbt package for Intercom (1.6, May 2026) reads: it takes NULL for what is not there."""

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


async def test_the_dbt_package_finds_each_table_and_column(
    intercom: Intercom, tmp_path: Path
) -> None:
    duckdb: Any = pytest.importorskip("duckdb")
    names = (*NAMES, "articles", "collections", "help_centers")
    await sync(intercom, names, sink=make_sink("duckdb", tmp_path))
    with duckdb.connect(str(tmp_path / "target.duckdb")) as connection:
        for statement in warehouse_views(names):
            connection.execute(statement)
        found = {
            view: {row[0]: row[1] for row in connection.execute(f"DESCRIBE {view}").fetchall()}
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
