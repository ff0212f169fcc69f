"""Intercom's own attributes have no id; a sync gives them MODEL.FULL_NAME as their key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from intercom_async.sync import DuckDBSink, sync
from intercom_async.transport import Reply, Request
from tests.support.virtual_time import anyio_backend
from .test_sync_model import Answer, world

__all__ = ("anyio_backend",)
pytestmark = pytest.mark.anyio

duckdb: Any = pytest.importorskip("duckdb")


def kept(folder: Path, table: str) -> str:
    """Return what the files of a table hold."""
    return "".join(path.read_text() for path in folder.rglob(f"{table}*.jsonl"))


def keys(path: Path, table: str) -> set[str]:
    """Return the keys of a table in DuckDB."""
    with duckdb.connect(str(path)) as target:
        rows = target.execute(f"SELECT id FROM {table}").fetchall()  # noqa: S608 (names of this test)
        return {key for (key,) in rows}


async def test_attributes_without_ids_arrive(tmp_path: Path) -> None:
    names = ["name", "company_id"]

    def as_documented(request: Request, answer: Answer) -> Answer:
        is_list = request.url.partition("?")[0].endswith("/data_attributes")
        if not is_list or not isinstance(answer, Reply):
            return answer
        body = msgspec.json.decode(answer.body)
        own: list[dict[str, Any]] = [
            {"type": "data_attribute", "model": "company", "full_name": name, "custom": False}
            for name in names
        ]
        own[0]["id"] = None
        body["data"] = [*own, *(one for one in body["data"] if one.get("custom"))]
        return Reply(200, answer.headers, msgspec.json.encode(body))

    async with world(tmp_path) as one:
        new = {"name": "a", "model": "contact", "data_type": "string"}
        one.simulator.call("POST", "/data_attributes", new)
        one.change = as_documented
        report = await one.sync("data_attributes")
        assert report.is_complete, report.failures
        text = kept(tmp_path, "data_attributes")
        assert '"company.name"' in text
        assert '"company.company_id"' in text
        path = tmp_path / "target.duckdb"
        streams = ["data_attributes"]
        report = await sync(one.intercom, streams, sink=DuckDBSink(path))
        assert report.is_complete, report.failures
        assert {"company.name", "company.company_id"} <= keys(path, "data_attributes")
        names.remove("company_id")
        again = await one.sync("data_attributes")
        assert again.is_complete, again.failures
        gone = kept(tmp_path, "tombstones")
        assert '"company.company_id"' in gone
        assert '"company.name"' not in gone
        again = await sync(one.intercom, streams, sink=DuckDBSink(path))
        assert again.is_complete, again.failures
        assert keys(path, "tombstones") == {"data_attributes:company.company_id"}
