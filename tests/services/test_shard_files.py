"""Files of conversations, saved while several processes read one workspace in shards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from secrets import token_hex

import anyio
import pytest

from intercom_async import Intercom
from intercom_async.sync import PostgresSink, SyncConfigError
from intercom_async.sync.shards import finish_run, plan_shards, run_shard
from intercom_async.transport import MemoryTransport
from tests.support.file_server import FileServer
from .conftest import PostgresServer

pytest.importorskip("psycopg", reason="the extra postgres is not installed")
pytestmark = pytest.mark.anyio

CONVERSATIONS = 170
FEW = 60
"""Files that cannot be had at first: a run tries so many again."""
STREAMS = ["contacts", "conversations", "conversation_parts"]


@pytest.fixture
def server() -> FileServer:
    return FileServer(conversations=CONVERSATIONS)


@pytest.fixture
async def intercom(server: FileServer) -> AsyncIterator[Intercom]:
    transport = MemoryTransport(server)
    async with Intercom(server.simulator.token, transport=transport) as client:
        yield client


@pytest.fixture
def sink(postgres_server: PostgresServer) -> PostgresSink:
    return PostgresSink(postgres_server.url, schema=f"files_{token_hex(4)}")


def saved(folder: Path) -> list[str]:
    return sorted(file.parent.name for file in folder.glob("conversations/*/*"))


async def test_shards_save_files_into_one_folder(
    server: FileServer, intercom: Intercom, sink: PostgresSink, tmp_path: Path
) -> None:
    shards = await plan_shards(intercom, sink, STREAMS, rows_per_shard=50)
    assert [shard.stream for shard in shards].count("conversations") > 1
    async with anyio.create_task_group() as group:

        async def read(number: int) -> None:
            await run_shard(intercom, shards[number], sink, attachments=tmp_path)

        for number in range(len(shards)):
            group.start_soon(read, number)
    files = saved(tmp_path)
    calls = len(server.fetched)
    report = await finish_run(intercom, sink, attachments=tmp_path)

    assert report.is_complete
    assert len({*files}) == CONVERSATIONS
    assert saved(tmp_path) == files
    assert len(server.fetched) == calls == len({*server.fetched}) == 2 * CONVERSATIONS


async def test_the_end_of_a_run_saves_what_its_shards_could_not(
    server: FileServer, intercom: Intercom, sink: PostgresSink, tmp_path: Path
) -> None:
    [shard] = await plan_shards(intercom, sink, STREAMS[1:])
    bad = [404] * FEW
    server.status = lambda: bad.pop() if bad else 200
    lost = await run_shard(intercom, shard, sink, attachments=tmp_path)
    assert "could not be saved" in lost.failures[0].reason
    assert len(saved(tmp_path)) == 2 * CONVERSATIONS - FEW
    assert (await finish_run(intercom, sink, attachments=tmp_path)).is_complete
    assert len(saved(tmp_path)) == 2 * CONVERSATIONS


async def test_a_folder_without_the_parts_that_have_files_is_refused_before_a_request(
    server: FileServer, intercom: Intercom, sink: PostgresSink, tmp_path: Path
) -> None:
    [shard] = await plan_shards(intercom, sink, ["conversations"])
    calls = server.calls
    with pytest.raises(SyncConfigError, match="conversation_parts"):
        await run_shard(intercom, shard, sink, attachments=tmp_path)
    with pytest.raises(SyncConfigError, match="attachments must be a path"):
        await run_shard(intercom, shard, sink, attachments=3)  # type: ignore[arg-type]
    assert server.calls == calls
    assert saved(tmp_path) == []
