"""Children of a user's own stream belong to the row that they were read for, whatever they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from intercom_async.sync import (
    Children,
    DuckDBSink,
    JsonlSink,
    ParquetSink,
    Sink,
    Stream,
    SyncConfigError,
    sync,
)
from intercom_async.sync.streams import ChildRows
from tests.support.virtual_time import anyio_backend
from .conftest import read_target, target_in
from .test_sync_model import DAY_S, world

__all__ = ("anyio_backend",)

FIELD = "conversation_id"


def row_of(names: str, key: str, number: int) -> bytes:
    row: dict[str, Any] = {"id": str(number), "created_at": 1_700_000_000 + number}
    fields = {
        "none": row,
        "null": row | {FIELD: None},
        "another": row | {FIELD: f"x{key}"},
        "a list": row | {FIELD: [key]},
        "a number": row | {FIELD: int(key)},
        "a fraction": row | {FIELD: float(key)},
        "its own first": {FIELD: key, **row},
    }
    body = msgspec.json.encode(fields.get(names, row | {FIELD: "x"}))
    return (
        body.replace(b"conversation_id", rb"conversation\u005fid") if names == "escaped" else body
    )


def sink_in(form: str, folder: Path) -> Sink:
    kinds: dict[str, Any] = {"jsonl": JsonlSink, "duckdb": DuckDBSink, "parquet": ParquetSink}
    sink: Sink = kinds[form](target_in(form, folder), inline=True)
    return sink


@pytest.mark.anyio
@pytest.mark.parametrize("form", ["jsonl", "duckdb", "parquet"])
@pytest.mark.parametrize(
    "names",
    ["none", "null", "another", "a list", "a number", "a fraction", "its own first", "escaped"],
)
async def test_each_stands_once_however_its_parent_is_named(
    names: str, form: str, tmp_path: Path
) -> None:
    async with world(tmp_path, contacts=3, conversations=3) as one:
        first, second, third = await one.truth("conversations")
        numbers = {key: [0, 1, 2] for key in (first, second, third)}

        async def read(_: Any, key: str) -> ChildRows:
            return ChildRows([row_of(names, key, number) for number in numbers[key]])

        kids = Stream("kids", Children("conversations", read, FIELD))
        runs: tuple[dict[str, Any], ...] = ({}, {}, {"full": True}, {"verify": True})
        for options in runs:
            await sync(
                one.intercom, ["conversations", kids], sink=sink_in(form, tmp_path), **options
            )
            found = [msgspec.json.decode(row) for _, row in read_target(form, tmp_path, "kids")]
            wanted = [(key, str(number)) for key, some in numbers.items() for number in some]
            assert sorted((str(row[FIELD]), row["id"]) for row in found) == sorted(wanted)
            await one.intercom.conversations.update(first, title=f"changed by {options}")
            if numbers.pop(third, None):
                await one.intercom.conversations.delete(third)
            numbers[first] = [1, 2, 5]
            await anyio.sleep(DAY_S)


def test_a_field_cannot_name_a_row_and_its_parent() -> None:
    async def read(_: Any, __: str) -> ChildRows:
        return ChildRows([])

    Stream("kids", Children("conversations", read, "number"))
    with pytest.raises(SyncConfigError, match="parent_field"):
        Stream("kids", Children("conversations", read, "created_at"))
    for key in ("id", "number"):
        with pytest.raises(SyncConfigError, match="parent_field"):
            Stream("kids", Children("conversations", read, key), key=key)
