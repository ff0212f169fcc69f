"""Columns of databases say what they hold, in the words of the models' docstrings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from intercom_async import Intercom, models
from intercom_async.models._descriptions import descriptions_of
from intercom_async.sync import STREAMS, sync
from .conftest import make_sink, target_in

pytestmark = pytest.mark.anyio


def test_a_field_is_described_by_the_text_under_it() -> None:
    told = descriptions_of(models.Contact)

    assert told["external_id"].startswith("The workspace's own id")
    assert "email" not in told


def test_descriptions_are_plain_text() -> None:
    told = [
        text
        for stream in STREAMS
        if stream.model is not None
        for text in descriptions_of(stream.model).values()
    ]

    assert told
    assert not [text for text in told if "`" in text]


async def test_columns_of_a_database_have_comments(intercom: Intercom, tmp_path: Path) -> None:
    duckdb: Any = pytest.importorskip("duckdb")
    path = target_in("duckdb", tmp_path)
    for _ in range(2):
        await sync(intercom, ["tags", "companies"], sink=make_sink("duckdb", tmp_path))
        with duckdb.connect(str(path)) as connection:
            found = connection.execute(
                "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'companies'"
            ).fetchall()
            comments = dict(found)
            assert comments["_deleted_at"].startswith("When the row was found to be gone")
            told = descriptions_of(models.Company)
            assert told
            assert {name: comments[name] for name in told} == dict(told)
            # As an earlier version left it.
            connection.execute("COMMENT ON COLUMN companies._deleted_at IS NULL")
