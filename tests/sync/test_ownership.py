"""What in a target a sync has not written stays as it is, whatever its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from intercom_async import Intercom
from intercom_async.simulator import Simulator
from intercom_async.sync import Report, TargetError, sync
from tests.support.virtual_time import anyio_backend
from .conftest import target_in
from .machine.steps import Form
from .machine.targets import make_sink, read
from .test_older_targets import make_older
from .test_sync_model import World, world

__all__ = ("anyio_backend",)

pytestmark = pytest.mark.anyio

FORMS: tuple[Form, ...] = ("jsonl", "jsonl.zst", "parquet", "duckdb")
PARTS = "conversation_parts"


async def run(one: World, form: Form, *streams: str, **options: Any) -> Report:
    return await sync(one.intercom, streams or None, sink=make_sink(form, one.folder), **options)


def put_mine(form: Form, folder: Path, name: str) -> None:
    """Put something of a user's where a stream of this name would stand."""
    if form == "duckdb":
        execute(folder, f'CREATE TABLE "{name}" AS SELECT 1 AS mine')
    elif form == "parquet":
        (folder / "target" / name).mkdir()
        (folder / "target" / name / "mine").write_text("mine")
    else:
        (folder / "target" / f"{name}.{form}").write_text("mine")


def is_mine(form: Form, folder: Path, name: str) -> bool:
    """Say whether it is there, and nothing else."""
    if form == "duckdb":
        return execute(folder, f'FROM "{name}"') == [(1,)]
    target = folder / "target"
    path = target / name / "mine" if form == "parquet" else target / f"{name}.{form}"
    return path.exists() and path.read_text() == "mine"


def execute(folder: Path, statement: str) -> list[Any]:
    duckdb: Any = pytest.importorskip("duckdb")
    with duckdb.connect(str(folder / "target.duckdb")) as connection:
        found: list[Any] = connection.execute(statement).fetchall()
        return found


@pytest.mark.parametrize("form", FORMS)
async def test_a_stream_to_be_dropped_that_no_sync_has_written(form: Form, tmp_path: Path) -> None:
    async with world(tmp_path, contacts=5) as one:
        await run(one, form, "contacts")
        put_mine(form, tmp_path, "tags")
        assert (await run(one, form, drop_streams=["tags"])).is_complete

        assert is_mine(form, tmp_path, "tags")
        assert len(read(form, tmp_path, ["contacts"])["contacts"]) == 5


@pytest.mark.parametrize("form", FORMS)
async def test_parents_to_be_dropped_that_were_read_for_their_children(
    form: Form, tmp_path: Path
) -> None:
    async with world(tmp_path, contacts=3, conversations=3) as one:
        await run(one, form, PARTS, "contacts")
        put_mine(form, tmp_path, "conversations")
        await run(one, form, "contacts", drop_streams=["conversations"])

        assert is_mine(form, tmp_path, "conversations")


@pytest.mark.parametrize("form", FORMS)
async def test_what_comes_where_a_dropped_stream_stood(form: Form, tmp_path: Path) -> None:
    """The manifest went on naming the stream as one that was still to be removed."""
    async with world(tmp_path, contacts=5) as one:
        await run(one, form, "contacts", "tags")
        await run(one, form, drop_streams=["tags"])
        put_mine(form, tmp_path, "tags")
        for options in ({}, {"drop_streams": ["tags"]}):
            assert (await run(one, form, **options)).is_complete

        assert is_mine(form, tmp_path, "tags")


@pytest.mark.parametrize("form", FORMS)
async def test_a_stream_that_is_added_where_something_stands(form: Form, tmp_path: Path) -> None:
    async with world(tmp_path, contacts=5) as one:
        await run(one, form, "contacts")
        put_mine(form, tmp_path, "tags")
        with pytest.raises(TargetError, match=r"of its own named tags.*move them away"):
            await run(one, form, "contacts", "tags")
        assert is_mine(form, tmp_path, "tags")

        assert (await run(one, form, "contacts")).is_complete


@pytest.mark.parametrize("form", ["jsonl", "parquet", "duckdb"])
async def test_an_older_target_has_written_what_its_state_names(form: Form, tmp_path: Path) -> None:
    make_older(1, form, target_in(form, tmp_path))
    put_mine(form, tmp_path, "tags")
    async with (
        Simulator(contacts=3, conversations=0, companies=0, tickets=0) as simulator,
        Intercom(simulator.token, base_url=simulator.url) as intercom,
    ):
        await sync(
            intercom,
            ["contacts"],
            sink=make_sink(form, tmp_path),
            drop_streams=["conversations", "tags"],
        )
    assert is_mine(form, tmp_path, "tags")
    assert "conversations" not in read(form, tmp_path, ["conversations"])


@pytest.mark.parametrize(
    "statement",
    ["CREATE VIEW tags AS SELECT 1 AS mine", 'CREATE TABLE "Tags" AS SELECT 1 AS mine'],
)
async def test_a_view_or_another_case_of_a_name(statement: str, tmp_path: Path) -> None:
    """Each run read everything, and failed when it was to publish."""
    async with world(tmp_path, contacts=5) as one:
        await run(one, "duckdb", "contacts")
        execute(tmp_path, statement)
        with pytest.raises(TargetError, match="of its own named tags"):
            await run(one, "duckdb", "contacts", "tags")

        assert execute(tmp_path, "SELECT mine FROM tags") == [(1,)]


async def test_a_table_of_another_schema_is_not_in_the_way(tmp_path: Path) -> None:
    async with world(tmp_path, contacts=5) as one:
        await run(one, "duckdb", "contacts")
        execute(tmp_path, "CREATE SCHEMA mine; CREATE TABLE mine.tags AS SELECT 1 AS mine")
        assert (await run(one, "duckdb", "contacts", "tags")).is_complete
        assert (await run(one, "duckdb", drop_streams=["tags"])).is_complete

        assert execute(tmp_path, "SELECT mine FROM mine.tags") == [(1,)]
